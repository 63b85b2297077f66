"""The conversion factors that docs/notation.rst states, computed with the libraries."""
import warnings

import numpy as np
import pytest

from manifold_opt import Grassmann, Stiefel

RNG = np.random.default_rng(16)
SPACE, ROTATIONS, SPANS = Stiefel(6, 2), Stiefel(4, 4), Grassmann(6, 2)
Y, Q = SPACE.random_point(RNG), ROTATIONS.random_point(RNG)
Q[:, 0] *= ROTATIONS.component(Q)
ACROSS, TURN = SPANS.random_tangent(RNG, Y), ROTATIONS.random_tangent(RNG, Q)
ALONG = Y @ np.array([[0.0, -0.3], [0.3, 0.0]])
DL = RNG.normal(size=(6, 2))
FRAME = Y @ (Y.T @ DL - DL.T @ Y)          # part of our gradient along Y
END = SPANS.geodesic(Y, 0.2 * ACROSS)


def ratio(theirs, ours):
    return pytest.approx(float(theirs) / float(ours), rel=1e-12)


@pytest.fixture(scope="module")
def geometry():
    patch = pytest.MonkeyPatch()
    if not hasattr(np, "trapz"):
        patch.setattr(np, "trapz", np.trapezoid, raising=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("geomstats", reason="needs the extra crosscheck", exc_type=ImportError)
        for name in ("stiefel", "grassmannian", "special_orthogonal"):
            module = pytest.importorskip(f"geomstats.geometry.{name}", exc_type=ImportError)
    patch.undo()
    import geomstats.geometry
    assert module
    return geomstats.geometry


def test_geomstats(geometry):
    canonical = geometry.stiefel.StiefelCanonicalMetric(geometry.stiefel.Stiefel(6, 2, equip=False))
    for Delta in (ACROSS, ALONG, ACROSS + ALONG):
        assert 1 == ratio(canonical.inner_product(Delta, Delta, Y), SPACE.metric(Y, Delta, Delta))
    metric, P = geometry.grassmannian.Grassmannian(6, 2).metric, Y @ Y.T
    symmetric = ACROSS @ Y.T + Y @ ACROSS.T
    assert 2 == ratio(metric.inner_product(symmetric, symmetric, P), SPANS.metric(Y, ACROSS, ACROSS))
    assert np.sqrt(2) == ratio(metric.dist(P, END @ END.T), SPANS.distance(Y, END))
    assert np.allclose(metric.exp(0.2 * symmetric, P), END @ END.T, rtol=0, atol=1e-13)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        metric = geometry.special_orthogonal.SpecialOrthogonal(4).metric
    assert 1 == ratio(metric.inner_product(TURN, TURN, Q), ROTATIONS.metric(Q, TURN, TURN))
    assert np.allclose(metric.exp(TURN, Q), ROTATIONS.geodesic(Q, TURN), rtol=0, atol=1e-13)


def test_pymanopt():
    manifolds = pytest.importorskip("pymanopt.manifolds", reason="needs the extra crosscheck", exc_type=ImportError)
    theirs = manifolds.Stiefel(6, 2)
    assert 1 == ratio(theirs.inner_product(Y, ACROSS, ACROSS), SPACE.metric(Y, ACROSS, ACROSS))
    assert 2 == ratio(theirs.inner_product(Y, ALONG, ALONG), SPACE.metric(Y, ALONG, ALONG))
    for Delta in (ACROSS, ALONG):
        assert np.allclose(theirs.exp(Y, Delta), SPACE.geodesic(Y, Delta), rtol=0, atol=1e-13)
    gradient = SPACE.riemannian_gradient(Y, DL)
    assert np.allclose(theirs.euclidean_to_riemannian_gradient(Y, DL), gradient - FRAME / 2, rtol=0, atol=1e-13)
    theirs = manifolds.Grassmann(6, 2)
    assert 1 == ratio(theirs.inner_product(Y, ACROSS, ACROSS), SPANS.metric(Y, ACROSS, ACROSS))
    assert 1 == ratio(theirs.dist(Y, END), SPANS.distance(Y, END))
    theirs, W = manifolds.SpecialOrthogonalGroup(4), Q.T @ TURN
    assert 2 == ratio(theirs.inner_product(Q, W, W), ROTATIONS.metric(Q, TURN, TURN))
    assert np.allclose(theirs.exp(Q, W), ROTATIONS.geodesic(Q, TURN), rtol=0, atol=1e-13)
    dL = Q @ np.diag(np.arange(4.0)) @ Q
    gradient = theirs.euclidean_to_riemannian_gradient(Q, dL)
    assert np.allclose(Q @ gradient, ROTATIONS.riemannian_gradient(Q, dL) / 2, rtol=0, atol=1e-13)


def test_geoopt():
    torch = pytest.importorskip("torch", reason="needs the extra torch", exc_type=ImportError)
    geoopt = pytest.importorskip("geoopt", reason="needs the extra crosscheck", exc_type=ImportError)
    for theirs, along in ((geoopt.CanonicalStiefel(), 1), (geoopt.EuclideanStiefel(), 2)):
        for Delta, factor in ((ACROSS, 1), (ALONG, along)):
            V = torch.tensor(Delta)
            assert factor == ratio(theirs.inner(torch.tensor(Y), V, V).sum(), SPACE.metric(Y, Delta, Delta))
        gradient = theirs.egrad2rgrad(torch.tensor(Y), torch.tensor(DL)).numpy()
        expected = SPACE.riemannian_gradient(Y, DL) - (1 - 1 / along) * FRAME
        assert np.allclose(gradient, expected, rtol=0, atol=1e-13)
    for Delta, ours in ((ACROSS, ACROSS), (ALONG, 2 * ALONG)):
        end = geoopt.CanonicalStiefel().retr(torch.tensor(Y), torch.tensor(Delta)).numpy()
        assert np.allclose(end, SPACE.cayley(Y, ours), rtol=0, atol=1e-13)
