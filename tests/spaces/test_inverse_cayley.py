"""The inverse of the Cayley retraction on every space."""
import numpy as np
import pytest
from geometry_cases import cases
from hypothesis import given
from hypothesis import strategies as st

from manifold_opt import Grassmann, Stiefel, SymplecticGrassmann, SymplecticStiefel
from manifold_opt.arrays import tolerance
from manifold_opt.groups.orthogonal import random_orthonormal
from manifold_opt.groups.symplectic import random_symplectic


@pytest.mark.parametrize("case", cases(stacks=[(), (3,)]), ids=str)
def test_inverts_the_retraction(case):
    space = case.space
    # at a distance of 0.1 in the global tangent space, where all retractions are defined
    W = space.global_section(case.Y).lift(case.Delta)
    scale = (0.1 / np.maximum(W.norm(), 0.1)).astype(case.dtype).reshape((*case.batch, *([1] * len(space.shape))))
    Delta = case.Delta * scale
    size = max(1.0, float(np.max(np.abs(case.Y)))) ** 4
    np.testing.assert_allclose(space.inverse_cayley(case.Y, space.cayley(case.Y, Delta)), Delta, rtol=0,
                               atol=tolerance(20 * size, case.dtype, max(space.shape, default=1)))


@given(st.integers(1, 8), st.integers(0, 4), st.integers(0, 2**32 - 1))
def test_reaches_any_generic_point_of_stiefel(n, rest, seed):
    space = Stiefel(n + rest, n)
    rng = np.random.default_rng(seed)
    Y, Q = space.random_point(rng, (2,))
    if rest == 0 and np.linalg.det(Y) * np.linalg.det(Q) < 0:
        with pytest.raises(ValueError, match="-1 must not be an eigenvalue"):
            space.inverse_cayley(Y, Q)
        return
    condition = np.linalg.cond(np.eye(n) + Y.T @ Q)
    Delta = space.inverse_cayley(Y, Q)
    np.testing.assert_allclose(space.cayley(Y, Delta), Q, rtol=0, atol=1e-14 * condition**2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("N, n", [(1, 1), (2, 1), (2, 2), (3, 2), (4, 4), (7, 3), (20, 5)])
@pytest.mark.parametrize("seed", range(5))
def test_an_antipode_is_refused(N, n, dtype, seed):
    """All of Y*Q + I is rounding there, well-conditioned as it may be; so it is with an eigenvector turned by pi."""
    space, rng = Stiefel(N, n), np.random.default_rng(seed)
    Y = space.random_point(rng, dtype=dtype)
    turn = np.eye(n, dtype=dtype)
    turn[0, 0] = -1
    for Q in (-Y, Y @ turn, Y @ random_orthonormal(rng, (n, n)).astype(dtype)):
        if np.linalg.svd(np.eye(n) + Y.T.astype(float) @ Q, compute_uv=False)[-1] > 1e-3:
            continue
        with pytest.raises(ValueError, match="-1 must not be an eigenvalue"):
            space.inverse_cayley(Y, Q)


@pytest.mark.parametrize("gap", [1e-1, 1e-3, 1e-5])
def test_near_an_antipode_the_long_vector_is_right(gap):
    """On the circle the point at the angle pi - gap has the coordinate 2 tan((pi - gap)/2)."""
    Q = np.array([[-np.cos(gap)], [np.sin(gap)]])
    Delta = Stiefel(2, 1).inverse_cayley(np.eye(2, 1), Q)
    np.testing.assert_allclose(Delta, [[0.0], [2 / np.tan(gap / 2)]], rtol=1e-14 / gap**2, atol=1e-12)


def test_grassmann_result_does_not_depend_on_the_representative():
    space, rng = Grassmann(7, 3), np.random.default_rng(0)
    Y, Q = space.random_point(rng, (2,))
    Delta = space.inverse_cayley(Y, Q)
    np.testing.assert_allclose(space.inverse_cayley(Y, Q @ random_orthonormal(rng, (3, 3))), Delta, atol=1e-14)
    assert space.distance(space.cayley(Y, Delta), Q) < 1e-14
    # the step that turns every principal direction by at most a right angle
    assert np.linalg.norm(Delta, 2) <= 2.0


def test_symplectic_grassmann_result_does_not_depend_on_the_representative():
    space, rng = SymplecticGrassmann(8, 4), np.random.default_rng(0)
    Y = space.random_point(rng, condition=2.0)
    Q = space.cayley(Y, 0.1 * space.random_tangent(rng, Y))
    Delta = space.inverse_cayley(Y, Q)
    other = Q @ random_symplectic(rng, (4, 4), 3.0)
    np.testing.assert_allclose(space.inverse_cayley(Y, other), Delta, atol=1e-12)
    back = space.cayley(Y, Delta)
    np.testing.assert_allclose(back @ space.adjoint(back), Q @ space.adjoint(Q), atol=1e-13)


@pytest.mark.parametrize("space", [Stiefel(4, 2), Stiefel(3, 3), SymplecticStiefel(6, 2)], ids=str)
def test_undefined_at_the_opposite_point(space):
    E = space.canonical_point()
    with pytest.raises(ValueError, match=r"-1 must not be an eigenvalue of Y\*Q"):
        space.inverse_cayley(E, -E)


def test_undefined_where_the_symplectic_polar_decomposition_is():
    space = SymplecticGrassmann(4, 2)
    E = space.canonical_point()
    with pytest.raises(ValueError, match="polar decomposition"):
        # the complementary plane: Y*Q = 0
        space.inverse_cayley(E, np.eye(4)[:, [1, 3]])
