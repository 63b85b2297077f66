r"""Cross-checks with pymanopt, where its conventions and those of the paper agree.

- Points and tangent vectors have the same shapes; the projections onto the tangent spaces are the same.
- Stiefel: pymanopt has the Euclidean metric Tr(D1^T D2), the paper the canonical one, in which the block A counts half.
  So gradients differ by Y(Y^T dL - dL^T Y)/2, and geodesics agree only where A = 0, n = 1 (a sphere), or n = N.
- Grassmann: metric, gradient and geodesic are the same, with the same representative of the subspace.
- pymanopt's default retractions are QR factors; they agree with ours to first order only and are not compared.
"""
import numpy as np
import pytest

from manifold_opt import Grassmann, Stiefel
from manifold_opt.arrays.checks import tolerance

manifolds = pytest.importorskip("pymanopt.manifolds", reason="needs the extra crosscheck", exc_type=ImportError)

BOUND = 50.0


def close(X, Y):
    return np.abs(X - Y).max() <= tolerance(BOUND, np.float64, X.shape[0]) * max(1.0, np.abs(Y).max())


@pytest.fixture(params=[(8, 3), (6, 1), (5, 5), (20, 4)], ids=str)
def setting(request):
    N, n = request.param
    rng = np.random.default_rng(N)
    return N, n, Stiefel(N, n).random_point(rng), rng


def test_projections_on_stiefel_agree(setting):
    N, n, Y, rng = setting
    Z = rng.normal(size=(N, n))
    assert close(Stiefel(N, n).project_tangent(Y, Z), manifolds.Stiefel(N, n).projection(Y, Z))


def test_gradients_on_stiefel_differ_by_half_the_frame_block(setting):
    N, n, Y, rng = setting
    dL = rng.normal(size=(N, n))
    theirs = manifolds.Stiefel(N, n).euclidean_to_riemannian_gradient(Y, dL)
    assert close(Stiefel(N, n).riemannian_gradient(Y, dL), theirs + 0.5 * Y @ (Y.T @ dL - dL.T @ Y))


def test_geodesics_on_stiefel_agree_where_the_frame_block_vanishes(setting):
    N, n, Y, rng = setting
    space = Stiefel(N, n)
    Delta = space.random_tangent(rng, Y)
    if 1 < n < N:
        Delta = Delta - Y @ (Y.T @ Delta)
    assert close(space.geodesic(Y, Delta), manifolds.Stiefel(N, n).exp(Y, Delta))


def test_geodesics_on_stiefel_differ_elsewhere():
    rng = np.random.default_rng(0)
    space = Stiefel(8, 3)
    Y = space.random_point(rng)
    Delta = space.random_tangent(rng, Y)
    assert np.abs(space.geodesic(Y, Delta) - manifolds.Stiefel(8, 3).exp(Y, Delta)).max() > 1e-2


@pytest.mark.parametrize("N, n", [(8, 3), (6, 1), (20, 4)])
def test_grassmann_agrees(N, n):
    rng = np.random.default_rng(n)
    mine, theirs = Grassmann(N, n), manifolds.Grassmann(N, n)
    Y = mine.random_point(rng)
    D1, D2 = mine.random_tangent(rng, Y), mine.random_tangent(rng, Y)
    dL = rng.normal(size=(N, n))
    assert close(mine.project_tangent(Y, dL), theirs.projection(Y, dL))
    assert close(mine.riemannian_gradient(Y, dL), theirs.euclidean_to_riemannian_gradient(Y, dL))
    assert np.isclose(mine.metric(Y, D1, D2), theirs.inner_product(Y, D1, D2), rtol=1e-13)
    assert close(mine.geodesic(Y, D1), theirs.exp(Y, D1))
