"""Where the reflector section keeps its rotation, and where it is undefined: both sides of each threshold."""
import numpy as np
import pytest

from manifold_opt import Stiefel, SymplecticStiefel
from manifold_opt.arrays import tolerance
from manifold_opt.sections import ReflectorSection


def turned(angle):
    """The point of St(3, 1) at an angle from E, and of norm one."""
    return np.array([[np.cos(angle)], [np.sin(angle)], [0.0]])


@pytest.mark.parametrize("norm, kept", [(1.9, True), (1.99, True), (2.01, False), (2.1, False), (50.0, False)])
def test_rotation_is_kept_up_to_a_norm_of_two(norm, kept):
    """On St(3, 1) with O = 1 the inverse is 1/(cos - 1): its norm is 2 sqrt(n) = 2 at an angle of 60 degrees."""
    space = Stiefel(3, 1)
    Y = turned(np.arccos(1 - 1 / norm))
    section = ReflectorSection(Y, space.tangent_space, O=np.ones((1, 1)))
    assert (section.to_arrays()["O"] == (1.0 if kept else -1.0)).all()
    np.testing.assert_allclose(section.to_dense() @ space.canonical_point(), Y, atol=tolerance(10, float, 3))
    assert space.group.defect(section.to_dense()) <= tolerance(20, float, 3)


@pytest.mark.parametrize("n", [2, 5])
@pytest.mark.parametrize("norm, kept", [(0.95, True), (1.05, False)])
def test_the_threshold_grows_like_the_root_of_n(n, norm, kept):
    """n planes turned by the same angle, with O = I: an inverse of norm sqrt(n)/(1 - cos), relative to 2 sqrt(n)."""
    space, cosine = Stiefel(2 * n, n), 1 - 1 / (2 * norm)
    Y = np.concatenate([cosine * np.eye(n), np.sqrt(1 - cosine**2) * np.eye(n)])
    section = ReflectorSection(Y, space.tangent_space, O=np.eye(n))
    assert np.array_equal(section.to_arrays()["O"], np.eye(n)) == kept


def test_one_worn_member_of_a_stack_leaves_the_others():
    space = Stiefel(3, 1)
    Y = np.stack([turned(2.0), turned(0.5), turned(2.5)])
    O = ReflectorSection(Y, space.tangent_space, O=np.ones((3, 1, 1))).to_arrays()["O"]
    np.testing.assert_array_equal(O[:, 0, 0], [1.0, -1.0, 1.0])


def near_the_undefined_point(h, dtype):
    """Points of SpSt(2, 4) with the frame block diag(3, -1 + h), for which O = -I and Y*EO - I = -diag(h, 4)."""
    a, b = 3.0, -1.0 + h
    c = np.sqrt(1 - a * b)
    return np.array([[a, 0.0], [c, 0.0], [0.0, b], [0.0, c]], dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("condition, defined", [(0.3, True), (0.7, True), (1.4, False), (5.0, False), (1e3, False)])
def test_symplectic_reflector_is_defined_up_to_a_condition_of_the_inverse_root_of_eps(dtype, condition, defined):
    """Y*EO - I = -diag(4, h) has the condition number 4/h, to which eps^-1/2 is the bound."""
    space, root = SymplecticStiefel(4, 2), float(np.finfo(dtype).eps) ** 0.5
    Y = near_the_undefined_point(4 * root / condition, dtype)
    if not defined:
        with pytest.raises(ValueError, match="regular matrix Y.EO - I: condition number .* transported section"):
            space.global_section(Y, "reflector")
        return
    section = space.global_section(Y, "reflector")
    np.testing.assert_allclose(section.to_dense() @ space.canonical_point(dtype), Y, rtol=0, atol=0.1 * root**0.5)


def test_undefined_symplectic_reflector_points_to_the_transported_section():
    """With the frame block diag(3, -1) the choice O = -I makes Y*EO - I = -diag(0, 4) singular."""
    space = SymplecticStiefel(4, 2)
    Y = np.eye(4)[:, [1, 3]]
    section = space.global_section(Y, "reflector")  # the frame part is zero: O = -I serves
    np.testing.assert_allclose(section.to_dense() @ space.canonical_point(), Y, atol=1e-15)
    Y = near_the_undefined_point(0.0, float)
    space.check_point(Y)
    with pytest.raises(ValueError, match="use the transported section at this point"):
        space.global_section(Y, "reflector")
    assert space.group.defect(space.global_section(Y).to_dense()) < 1e-13
