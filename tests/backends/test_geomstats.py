r"""Cross-checks with geomstats, where its conventions and those of the paper agree.

- Stiefel: points (N, n) and the canonical metric are the same, and so are the geodesics.
- Grassmann: geomstats stores a subspace as its projector P = Y Y^T and a tangent vector as the symmetric matrix
  Delta Y^T + Y Delta^T. Its metric there is the Frobenius product, which is twice ours, 2 Tr(Delta1^T Delta2);
  geodesics do not depend on the factor.
- geomstats 2.8 imports numpy.trapz, which NumPy 2.4 no longer has; it is lent the new name while it is imported.
"""
import warnings

import numpy as np
import pytest

from manifold_opt import Grassmann, Stiefel
from manifold_opt.arrays.checks import tolerance

BOUND = 50.0


@pytest.fixture(scope="module")
def geomstats():
    patch = pytest.MonkeyPatch()
    if not hasattr(np, "trapz"):
        patch.setattr(np, "trapz", np.trapezoid, raising=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        geometry = pytest.importorskip("geomstats.geometry", reason="needs the extra crosscheck", exc_type=ImportError)
        pytest.importorskip("geomstats.geometry.stiefel", exc_type=ImportError)
        pytest.importorskip("geomstats.geometry.grassmannian", exc_type=ImportError)
    patch.undo()
    return geometry


def close(X, Y):
    return np.abs(X - Y).max() <= tolerance(BOUND, np.float64, X.shape[0]) * max(1.0, np.abs(Y).max())


@pytest.mark.parametrize("N, n", [(8, 3), (20, 4), (6, 5)])
def test_stiefel_with_the_canonical_metric_agrees(geomstats, N, n):
    rng = np.random.default_rng(N)
    mine, theirs = Stiefel(N, n), geomstats.stiefel.Stiefel(N, n, equip=False)
    metric = geomstats.stiefel.StiefelCanonicalMetric(theirs)
    Y = mine.random_point(rng)
    D1, D2 = mine.random_tangent(rng, Y), mine.random_tangent(rng, Y)
    Z = rng.normal(size=(N, n))
    assert close(mine.project_tangent(Y, Z), theirs.to_tangent(Z, Y))
    assert np.isclose(mine.metric(Y, D1, D2), metric.inner_product(D1, D2, Y), rtol=1e-12)
    assert close(mine.geodesic(Y, D1), metric.exp(D1, Y))


@pytest.mark.parametrize("N, n", [(8, 3), (6, 1), (20, 4)])
def test_grassmann_agrees_by_projectors(geomstats, N, n):
    rng = np.random.default_rng(N)
    mine = Grassmann(N, n)
    metric = geomstats.grassmannian.Grassmannian(N, n).metric
    Y = mine.random_point(rng)
    D1, D2 = mine.random_tangent(rng, Y), mine.random_tangent(rng, Y)
    P, S1, S2 = Y @ Y.T, D1 @ Y.T + Y @ D1.T, D2 @ Y.T + Y @ D2.T
    assert np.isclose(2 * mine.metric(Y, D1, D2), metric.inner_product(S1, S2, P), rtol=1e-12)
    end = mine.geodesic(Y, D1)
    assert close(end @ end.T, metric.exp(S1, P))
