"""The unitary spaces: everything that the real ones have, with the conjugate transpose."""
import numpy as np
import pytest

from manifold_opt import (Adam, AdamWithDecay, ComplexGrassmann, ComplexStiefel, Gradient, Grassmann, Momentum,
                          Optimizer, Stiefel, UnitaryGroup, minimize)
from manifold_opt.arrays import tolerance
from manifold_opt.arrays.fields import from_reals, standard_normal, to_reals
from manifold_opt.sections import RETRACTIONS, TransportedSection

SPACES = [ComplexStiefel(7, 3), ComplexStiefel(5, 1), ComplexStiefel(4, 4), ComplexStiefel(1, 1),
          ComplexGrassmann(7, 3), ComplexGrassmann(3, 2), ComplexGrassmann(5, 1)]
DTYPES = [np.complex64, np.complex128]
KINDS = ["transported", "reflector"]
everywhere = pytest.mark.parametrize("space", SPACES, ids=str)
both = pytest.mark.parametrize("dtype", DTYPES)


def example(space, dtype, batch=(3,), seed=0):
    rng = np.random.default_rng(seed)
    Y = space.random_point(rng, batch, dtype)
    return rng, Y, space.random_tangent(rng, Y), standard_normal(rng, Y.shape, dtype)


@everywhere
@both
def test_metric_gradient_projection_and_lift(space, dtype):
    rng, Y, Delta, dL = example(space, dtype)
    assert Y.dtype == Delta.dtype == dtype
    bound, size = tolerance(20, dtype, space.shape[0]), space.shape[0]
    represented = space.metric(Y, space.riemannian_gradient(Y, dL), Delta)
    np.testing.assert_allclose(represented, np.sum(dL.conj() * Delta, axis=(-2, -1)).real, rtol=0, atol=size * bound)
    assert represented.dtype == Y.real.dtype
    projected = space.project_tangent(Y, dL)
    np.testing.assert_allclose(space.project_tangent(Y, projected), projected, rtol=0, atol=bound)
    np.testing.assert_allclose(space.metric(Y, dL - projected, Delta), 0, rtol=0, atol=size * bound)
    Omega = space.horizontal_lift(Y, Delta)
    assert np.max(space.group.algebra_defect(Omega)) <= size * bound
    np.testing.assert_allclose(Omega @ Y, Delta, rtol=0, atol=size * bound)
    np.testing.assert_allclose(0.5 * np.sum(np.abs(Omega) ** 2, axis=(-2, -1)), space.metric(Y, Delta, Delta), rtol=0,
                               atol=size**2 * bound)


@everywhere
def test_random_tangents_fill_the_tangent_space(space):
    rng = np.random.default_rng(0)
    Y = space.random_point(rng)
    tangents = np.array([to_reals(space.random_tangent(rng, Y).ravel()) for _ in range(space.dimension + 5)])
    singular = np.linalg.svd(tangents, compute_uv=False)
    assert np.sum(singular > 1e-10 * max(singular[0], 1e-300)) == space.dimension


@everywhere
@both
@pytest.mark.parametrize("kind", KINDS)
def test_sections_coordinates_and_retractions(space, dtype, kind):
    _, Y, Delta, dL = example(space, dtype)
    section, bound = space.global_section(Y, kind), tolerance(30, dtype, space.shape[0])
    assert np.max(space.group.defect(section.to_dense())) <= bound
    np.testing.assert_allclose(section.act(space.canonical_point(dtype)), Y, rtol=0, atol=bound)
    X = section.lift(Delta)
    np.testing.assert_allclose(section.push(X), Delta, rtol=0, atol=bound)
    np.testing.assert_allclose(section.push(section.lift_gradient(dL)), space.riemannian_gradient(Y, dL), rtol=0,
                               atol=4 * bound)
    c = section.tangent_space.coordinates(X)
    assert c.shape == (3, space.dimension) and c.dtype == Y.real.dtype
    np.testing.assert_allclose(np.sum(c * c, axis=-1), X.inner(X), rtol=0, atol=space.dimension * bound)
    again = section.tangent_space.element(c)
    np.testing.assert_allclose(again.to_dense(), X.to_dense(), rtol=0, atol=bound)
    if space.dimension == 0:
        return
    for name in RETRACTIONS:
        for norm in (1e-6, 0.5, 3.0, 1e4):
            W = X.scale(norm / X.norm())
            moved = section.move(W, name)
            dense = space.group.exp(W.to_dense()) if name == "geodesic" else space.group.cayley(W.to_dense())
            assert moved.point.dtype == dtype
            assert np.max(space.point_defect(moved.point)) <= bound
            expected, error = section.to_dense() @ dense, 2 * max(1.0, norm) * bound
            np.testing.assert_allclose(moved.point, expected[..., :space.shape[1]], rtol=0, atol=error)
            if kind == "transported":
                np.testing.assert_allclose(moved.to_dense(), expected, rtol=0, atol=error)


@everywhere
@both
def test_a_hundred_steps_of_any_length_stay(space, dtype):
    if space.dimension == 0:
        pytest.skip("there is one point only")
    rng, norms = np.random.default_rng(0), np.array([1e-12, 1e-3, 1.0, 5.0, 100.0, 1e6])
    for kind in KINDS:
        for name in ("cayley", "geodesic"):
            section = space.global_section(space.random_point(rng, norms.shape, dtype), kind)
            for _ in range(100):
                W = section.tangent_space.random(rng, norms.shape, dtype)
                section = section.move(W.scale(norms / W.norm()), name)
            bound = np.where(norms <= 100, 10, 50) * tolerance(1, dtype, 100 * space.shape[0])
            assert np.all(space.group.defect(section.to_dense().astype(complex)) <= bound)
            assert np.all(space.point_defect(section.point.astype(complex)) <= bound)


def test_the_first_adam_step_has_one_size_in_every_entry():
    space, rng = ComplexStiefel(6, 2), np.random.default_rng(0)
    section = space.global_section(space.random_point(rng))
    G = section.tangent_space.random(rng)
    method = Adam(0.1)
    W, moments = method.update(G, method.init(G), 1)
    np.testing.assert_allclose(W.B, -0.1 * G.B / np.abs(G.B), rtol=1e-5)
    np.testing.assert_allclose(moments["B2"].B, np.abs(G.B) ** 2, rtol=1e-12)
    # the element stays in the algebra: tied entries have one magnitude
    np.testing.assert_allclose(W.A, -W.A.conj().T, rtol=0, atol=1e-16)
    in_place, _ = method.update_in_place(G, method.init(G), 1)
    np.testing.assert_allclose(in_place.B, W.B, rtol=1e-12)


def path(method, section, M, steps=30):
    points, moments = [], method.init(section.lift(np.zeros_like(section.point)))
    for t in range(1, steps + 1):
        W, moments = method.update(section.lift_gradient(M @ section.point + M[:, :2]), moments, t)
        section = section.move(W, "geodesic")
        points.append(section.point)
    return np.array(points)


@pytest.mark.parametrize("method, h, same", [
    (Gradient(0.01), "unitary", True), (Momentum(0.01), "unitary", True), (Adam(0.1), "phases", True),
    (Adam(0.1), "unitary", False)], ids=str)
def test_adam_does_not_see_phases_of_the_section_but_rotations(method, h, same):
    """|e^{i phi} b| = |b|: Adam commutes with permutations and phases of the complement, not with other rotations."""
    space, rng = ComplexStiefel(6, 2), np.random.default_rng(0)
    M = standard_normal(rng, (6, 6), complex)
    Lambda, turn = space.global_section(space.random_point(rng)).to_dense(), np.eye(6, dtype=complex)
    phases = np.exp(1j * np.array([0.3, 2.0, -1.0, 4.0]))
    turn[2:, 2:] = np.diag(phases)[[2, 0, 3, 1]] if h == "phases" else UnitaryGroup(4).random(rng)
    one, other = (path(method, TransportedSection.from_dense(L, space.tangent_space), M)
                  for L in (Lambda, Lambda @ turn))
    assert np.allclose(one, other, rtol=0, atol=1e-12) == same


@pytest.mark.parametrize("space, exact", [(ComplexStiefel(8, 1), 1), (ComplexGrassmann(8, 3), 3)], ids=str)
@pytest.mark.parametrize("method", ["bfgs", AdamWithDecay(2000, 0.1, 1e-6)], ids=str)
def test_smallest_eigenvalues_of_a_hermitian_matrix(space, exact, method):
    rng = np.random.default_rng(0)
    H = standard_normal(rng, (8, 8), complex)
    H = H + H.conj().T
    result = minimize(lambda Y: (float(np.vdot(Y, H @ Y).real), 2 * H @ Y), None, space, jac=True, rng=rng,
                      method=method, max_iter=2000)
    assert abs(result.fun - np.linalg.eigvalsh(H)[:exact].sum()) < 1e-8
    assert result.point_defect <= tolerance(20, complex, 8 * 2000)


@both
@pytest.mark.parametrize("kind", KINDS)
def test_saved_runs_go_on_bit_for_bit(dtype, kind):
    space, rng = ComplexStiefel(6, 2), np.random.default_rng(0)
    optimizer = Optimizer(Adam(0.05), {"W": space}, section=kind)
    params = {"W": space.random_point(rng, (2,), dtype)}
    grads = [standard_normal(rng, params["W"].shape, dtype) for _ in range(6)]
    state = optimizer.init(params)
    for k, dL in enumerate(grads):
        if k == 3:
            saved, at = optimizer.save_state(state), params
        params, state = optimizer.step(params, {"W": dL}, state)
    again, state = at, optimizer.load_state(saved)
    for dL in grads[3:]:
        again, state = optimizer.step(again, {"W": dL}, state)
    np.testing.assert_array_equal(again["W"], params["W"])


@everywhere
@both
def test_inverse_cayley_and_nearest_point(space, dtype):
    rng, Y, Delta, noise = example(space, dtype)
    bound = tolerance(200, dtype, space.shape[0])
    short = 0.1 * Delta
    np.testing.assert_allclose(space.inverse_cayley(Y, space.cayley(Y, short)), short, rtol=0, atol=bound)
    M = Y + dtype(0.1) * noise
    nearest = space.nearest_point(M)
    rest = nearest.conj().swapaxes(-1, -2) @ M
    np.testing.assert_allclose(nearest @ rest, M - (M - nearest @ rest), rtol=0, atol=bound)
    np.testing.assert_allclose(rest, rest.conj().swapaxes(-1, -2), rtol=0, atol=bound)
    assert np.all(np.linalg.eigvalsh(rest) > 0) and np.max(space.point_defect(nearest)) <= bound


@pytest.mark.parametrize("N, n", [(7, 3), (5, 1), (4, 2)])
def test_distance_and_log_of_complex_subspaces(N, n):
    space, rng = ComplexGrassmann(N, n), np.random.default_rng(0)
    Y, Q = space.random_point(rng, (2,))
    Delta = space.log(Y, Q)
    assert space.distance(space.geodesic(Y, Delta), Q) <= tolerance(20, float, N)
    np.testing.assert_allclose(np.sqrt(space.metric(Y, Delta, Delta)), space.distance(Y, Q), rtol=1e-13)
    turned = Q @ UnitaryGroup(n).random(rng)
    np.testing.assert_allclose(space.log(Y, turned), Delta, rtol=0, atol=tolerance(50, float, N))


@pytest.mark.parametrize("real, unitary", [(Stiefel(6, 2), ComplexStiefel(6, 2)),
                                           (Grassmann(6, 2), ComplexGrassmann(6, 2))], ids=str)
def test_real_points_move_as_in_the_real_space(real, unitary):
    """The real space lies in the complex one, and is left by no real gradient."""
    rng = np.random.default_rng(0)
    Y = real.random_point(rng)
    gradients = [rng.standard_normal(Y.shape) for _ in range(5)]
    paths = []
    for space, dtype in ((real, float), (unitary, complex)):
        optimizer, x = Optimizer(Adam(0.1), space), Y.astype(dtype)
        state = optimizer.init(x)
        for dL in gradients:
            x, state = optimizer.step(x, dL.astype(dtype), state)
        paths.append(x)
    np.testing.assert_allclose(paths[1], paths[0], rtol=0, atol=tolerance(20, float, 6))


@both
def test_group_axioms(dtype):
    group, rng = UnitaryGroup(5), np.random.default_rng(0)
    M, K = group.random(rng, (2,), dtype)
    bound = tolerance(30, dtype, 5)
    assert group.defect(group.product(M, K)) <= bound
    np.testing.assert_allclose(group.product(M, group.inverse(M)), group.identity(dtype), rtol=0, atol=bound)
    Y = standard_normal(rng, (5, 2), dtype)
    np.testing.assert_allclose(group.act(group.product(M, K), Y), group.act(M, group.act(K, Y)), rtol=0, atol=5 * bound)
    with pytest.raises(TypeError, match="M must be of dtype complex"):
        group.inverse(np.eye(5))


def test_real_arrays_and_foreign_dtypes_are_refused():
    space, rng = ComplexStiefel(4, 2), np.random.default_rng(0)
    with pytest.raises(TypeError, match="Y must be of dtype complex64 or complex128: got float64"):
        space.check_point(np.eye(4, 2))
    with pytest.raises(TypeError, match="dtype"):
        space.random_point(rng, dtype=int)
    assert space.random_point(rng, dtype="float32").dtype == np.complex64
    assert space.canonical_point().dtype == np.complex128
    with pytest.raises(TypeError, match="Y must be of dtype float32 or float64: got complex128"):
        Stiefel(4, 2).check_point(space.canonical_point())


def test_reals_and_back():
    X = standard_normal(np.random.default_rng(0), (3, 4), np.complex64)
    assert to_reals(X).shape == (3, 8) and np.array_equal(from_reals(to_reals(X), "complex"), X)
    R = X.real.copy()
    assert np.array_equal(to_reals(R), R) and np.array_equal(from_reals(R, "real"), R)


@pytest.mark.parametrize("seed", range(3))
def test_haar_measure(seed):
    """The phases of the first entry are uniform, the moduli squared have the mean 1/N."""
    first = UnitaryGroup(3).random(np.random.default_rng(seed), (4000,))[:, 0, 0]
    assert abs(np.mean(first)) < 0.05 and abs(np.mean(np.abs(first) ** 2) - 1 / 3) < 0.02
    assert abs(np.mean(first**2)) < 0.05
