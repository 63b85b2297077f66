"""Cayley steps on the symplectic spaces next to the velocities at which there is none: both sides of the threshold."""
import numpy as np
import pytest

from manifold_opt import SymplecticStiefel
from manifold_opt.sections import RetractionError
from manifold_opt.tangent import HorizontalElement


def velocity_near_two(h, dtype):
    """On Sp(2) the velocity diag(2 - 2h, 2h - 2): M = I - A/2 = diag(h, 2 - h) has the condition number 4/h."""
    space = SymplecticStiefel(2, 2)
    A = np.diag([2 - 2 * h, 2 * h - 2]).astype(dtype)
    return space, HorizontalElement(A, np.zeros((0, 2), dtype), space.tangent_space)


def condition(h):
    """The condition number of M in the Frobenius norm."""
    return np.hypot(h, 2 - h) * np.hypot(1 / h, 1 / (2 - h))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("share, defined", [(0.1, True), (0.7, True), (1.4, False), (20.0, False), (80.0, False)])
def test_defined_while_two_digits_are_left(dtype, share, defined):
    """The condition number may be up to a hundredth of 1/eps; the message states it."""
    eps = float(np.finfo(dtype).eps)
    h = 2 * eps / (1e-2 * share)
    space, W = velocity_near_two(h, dtype)
    section = space.global_section(space.canonical_point(dtype))
    if not defined:
        with pytest.raises(RetractionError, match="undefined .* condition .*; take a smaller step") as raised:
            section.move(W, "cayley")
        stated = float(str(raised.value).partition("condition ")[2].split()[0].rstrip(";:,"))
        # h is known to eps
        assert stated == pytest.approx(condition(h), rel=0.05 + eps / h)
        return
    moved = section.move(W, "cayley").point
    exact = np.diag([(2 - h) / h, h / (2 - h)])
    np.testing.assert_allclose(np.diag(moved)[0], exact[0, 0], rtol=4 * eps / h)
