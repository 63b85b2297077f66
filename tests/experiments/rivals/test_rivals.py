"""Each rival against its closed form."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.linalg

from manifold_opt import Adam, Euclidean, Grassmann, Optimizer, Stiefel
from manifold_opt.arrays.checks import Array, tolerance
from manifold_opt.arrays.trees import leaves
from manifold_opt.experiments import Settings, Training
from manifold_opt.experiments.rivals import (RIVALS, ArrayOptimizer, EmbeddedAdam, Muon, PenalizedAdam, ProjectedAdam,
                                             ScalarAdam)
from manifold_opt.experiments.rivals.muon import orthogonalized
from manifold_opt.experiments.rivals.penalized_adam import penalty, penalty_gradient
from manifold_opt.experiments.rivals.projections import polar_factor, qr_factor
from manifold_opt.optimizers import WarmUp
from training_cases import small_images

N, n = 9, 3
SPACE = Stiefel(N, n)
RULES = [ProjectedAdam, EmbeddedAdam, PenalizedAdam, Muon]


def start(seed: int = 0, stack: tuple[int, ...] = (4,)) -> tuple[Array, list[Array]]:
    """A stack of points, and gradients of ten steps."""
    rng = np.random.default_rng(seed)
    return SPACE.random_point(rng, stack), list(rng.normal(size=(10, *stack, N, n)))


def run(optimizer: Any, Y: Array, gradients: list[Array]) -> list[Array]:
    state, points = optimizer.init(Y), []
    for dL in gradients:
        Y, state = optimizer.step(Y, dL, state)
        points.append(Y)
    return points


def assert_close(actual: Array, expected: Array, C: float = 20) -> None:
    assert abs(actual - expected).max() <= tolerance(C, expected.dtype, N) * max(1.0, float(abs(expected).max()))


@pytest.mark.parametrize("rule", [ProjectedAdam(0.1), EmbeddedAdam(0.1), PenalizedAdam(0.1)], ids=repr)
def test_free_weights_are_trained_by_the_adam_of_the_library(rule: Any) -> None:
    Y, gradients = start()
    expected = run(Optimizer(Adam(0.1), Euclidean(N, n)), Y, gradients)
    for ours, theirs in zip(run(ArrayOptimizer(rule, Euclidean(N, n)), Y, gradients), expected):
        assert_close(ours, theirs, 100)


@pytest.mark.parametrize("name, factor", [("polar", lambda M: scipy.linalg.polar(M)[0]), ("qr", None)])
def test_projection_after_every_step(name: str, factor: Any) -> None:
    """Adam's step by hand, then the projection; the moments are those of the Euclidean gradient."""
    Y, gradients = start(stack=())
    points = run(ArrayOptimizer(ProjectedAdam(0.1, name), SPACE), Y, gradients)
    m = v = np.zeros((N, n))
    for t, (dL, point) in enumerate(zip(gradients, points), start=1):
        m, v = 0.9 * m + 0.1 * dL, 0.99 * v + 0.01 * dL**2
        free = Y - 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.99**t)) + 3e-7)
        if factor is None:
            # the Cholesky factor of the Gram matrix is the R with a positive diagonal
            Y = np.linalg.solve(np.linalg.cholesky(free.T @ free), free.T).T
        else:
            Y = factor(free)
        assert_close(point, Y, 1e3)
        assert SPACE.point_defect(point) <= tolerance(10, "float64", N)


def test_projections_leave_orthonormal_columns_and_find_the_nearest() -> None:
    Y, (M, *others) = start()
    for project in (polar_factor, qr_factor):
        assert_close(project(Y), Y)
        assert SPACE.point_defect(project(M)).max() <= tolerance(10, "float64", N)
    nearest = np.linalg.norm(polar_factor(M) - M, axis=(-2, -1))
    for other in (Y, qr_factor(M), *map(polar_factor, others)):
        assert (nearest < np.linalg.norm(other - M, axis=(-2, -1))).all()


def test_embedded_moments() -> None:
    """By hand: moments of the Riemannian gradient, tangent part of the quotient, polar retraction."""
    Y, gradients = start(stack=())
    points = run(ArrayOptimizer(EmbeddedAdam(0.1), SPACE), Y, gradients)
    m = v = np.zeros((N, n))
    for t, (dL, point) in enumerate(zip(gradients, points), start=1):
        G = dL - Y @ dL.T @ Y
        m, v = 0.9 * m + 0.1 * G, 0.99 * v + 0.01 * G**2
        D = (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.99**t)) + 3e-7)
        Delta = -0.1 * (D - Y @ (Y.T @ D + D.T @ Y) / 2)
        assert abs(Y.T @ Delta + Delta.T @ Y).max() < 1e-14
        Y = scipy.linalg.polar(Y + Delta)[0]
        assert_close(point, Y, 1e3)


def test_gradient_of_the_penalty() -> None:
    rng = np.random.default_rng(0)
    Y, Delta = rng.normal(size=(2, N, n))
    derivative = penalty(Y + 1e-30j * Delta).imag / 1e-30
    assert np.isclose((penalty_gradient(Y) * Delta).sum(), derivative, rtol=1e-13)
    assert abs(penalty_gradient(SPACE.random_point(rng))).max() < 1e-14


def test_penalty_draws_weights_to_the_constraint() -> None:
    """Without a loss 2Y goes to Y, the polar factor of where it began; with weight 0 the rule is free Adam."""
    Y, gradients = start()
    last = run(ArrayOptimizer(PenalizedAdam(WarmUp(1, 1e-2)), SPACE), 2 * Y, [0 * Y] * 600)[-1]
    assert SPACE.point_defect(last).max() < 1e-3
    free = run(ArrayOptimizer(PenalizedAdam(0.1), Euclidean(N, n)), Y, gradients)
    for one, two in zip(run(ArrayOptimizer(PenalizedAdam(0.1, weight=0.0), SPACE), Y, gradients), free):
        assert np.array_equal(one, two)


@pytest.mark.parametrize("space", [Stiefel(N, n), Grassmann(N, n)], ids=repr)
def test_scalar_moment(space: Any) -> None:
    """The first step has the norm rate * sqrt(dimension), along the gradient, whatever the section; v is the average
    mean square."""
    rng = np.random.default_rng(0)
    Y, gradients = space.random_point(rng, (4,)), list(rng.normal(size=(10, 4, N, n)))
    optimizers = [Optimizer(ScalarAdam(0.01), space, "geodesic", section) for section in ("transported", "reflector")]
    Delta = -space.riemannian_gradient(Y, gradients[0])
    length = 0.01 * np.sqrt(space.dimension) / np.sqrt(space.metric(Y, Delta, Delta))
    expected = space.geodesic(Y, length[:, None, None] * Delta)
    for optimizer in optimizers:
        assert_close(run(optimizer, Y, gradients[:1])[0], expected, 1e3)
        Z, state, squares = Y, optimizer.init(Y), np.zeros(4)
        for t, dL in enumerate(gradients, start=1):
            G = space.riemannian_gradient(Z, dL)
            squares = 0.99 * squares + 0.01 * space.metric(Z, G, G) / space.dimension
            Z, state = optimizer.step(Z, dL, state)
            np.testing.assert_allclose(state.moments[""]["v"], squares / (1 - 0.99**t), rtol=1e-12)


def test_scalar_adam_trains_free_weights_by_adam() -> None:
    Y, gradients = start()
    space = Euclidean(N, n)
    for one, two in zip(*(run(Optimizer(method, space), Y, gradients) for method in (ScalarAdam(0.1), Adam(0.1)))):
        assert np.array_equal(one, two)


@pytest.mark.parametrize("shape", [(49, 7), (7, 49), (49, 49), (5, 1)])
def test_orthogonalization_keeps_singular_vectors(shape: tuple[int, int]) -> None:
    """Singular values from 0.05 to 1 of the largest come near one, the vectors stay: O = U diag(s) V^T."""
    rng = np.random.default_rng(0)
    k = min(shape)
    U, V = np.linalg.qr(rng.normal(size=(shape[0], k)))[0], np.linalg.qr(rng.normal(size=(shape[1], k)))[0]
    M = 3 * (U * np.linspace(1, 0.2, k)) @ V.T
    S = U.T @ orthogonalized(M) @ V
    assert abs(S - np.diag(np.diagonal(S))).max() < 1e-12
    assert 0.6 < np.diagonal(S).min() and np.diagonal(S).max() < 1.25
    Q = np.linalg.qr(rng.normal(size=(shape[0], shape[0])))[0]
    np.testing.assert_allclose(orthogonalized(Q @ M), Q @ orthogonalized(M), atol=1e-12)
    assert not orthogonalized(0 * M).any()


def test_muon() -> None:
    """Nesterov momentum by hand, orthogonalized; steps have the size of Adam's; a constant gradient keeps its way."""
    Y, gradients = start()
    points = run(ArrayOptimizer(Muon(0.01), Euclidean(N, n)), Y, gradients)
    m, X = 0 * Y, Y
    for dL, point in zip(gradients, points):
        m = 0.95 * m + dL
        X = X - 0.2 * np.sqrt(N) * 0.01 * orthogonalized(dL + 0.95 * m)
        assert_close(point, X, 100)
        rms = np.sqrt(((point - points[0])**2).mean()) if point is not points[0] else np.sqrt(((point - Y)**2).mean())
        assert rms < 0.2 * 0.01 * 20
    same = run(ArrayOptimizer(Muon(0.01), Euclidean(N, n)), Y, gradients[:1] * 3)
    assert_close(same[1] - same[0], same[0] - Y, 1e3)
    assert_close(same[2] - same[1], same[0] - Y, 1e3)


def test_muon_trains_what_is_no_stack_of_matrices_by_adam() -> None:
    rng = np.random.default_rng(0)
    for space, shape in ((Euclidean(N), (4, N)), (Euclidean(N, n), (N, n))):
        Y, gradients = rng.normal(size=shape), list(rng.normal(size=(5, *shape)))
        expected = run(Optimizer(Adam(0.1), space), Y, gradients)
        for ours, theirs in zip(run(ArrayOptimizer(Muon(0.1), space), Y, gradients), expected):
            assert_close(ours, theirs, 100)


@pytest.mark.parametrize("rule", RULES)
def test_rate_may_follow_the_step(rule: Any) -> None:
    """Under the rate eta/t the first step is that of eta, and the second that of eta/2 from there."""
    Y, gradients = start()
    falling = run(ArrayOptimizer(rule(lambda t: 0.1 / t), SPACE), Y, gradients[:1])
    assert np.array_equal(falling[0], run(ArrayOptimizer(rule(0.1), SPACE), Y, gradients[:1])[0])
    optimizer, slower = ArrayOptimizer(rule(lambda t: 0.1 / t), SPACE), ArrayOptimizer(rule(0.05), SPACE)
    Y, state = optimizer.step(Y, gradients[0], optimizer.init(Y))
    for one, two in zip(optimizer.step(Y, gradients[1], state), slower.step(Y, gradients[1], state)):
        assert np.array_equal(getattr(one, "points", {"": one})[""], getattr(two, "points", {"": two})[""])


@pytest.mark.parametrize("rule", RULES)
def test_state_is_not_shared_and_goes_through_arrays(rule: Any) -> None:
    Y, gradients = start()
    expected = run(ArrayOptimizer(rule(0.1), SPACE), Y, gradients)
    optimizer, given = ArrayOptimizer(rule(0.1), SPACE), Y.copy()
    state = optimizer.init(given)
    given[:] = np.nan
    for dL, wanted in zip(gradients, expected):
        loaded = optimizer.load_state(optimizer.save_state(state))
        Y, state = optimizer.step(loaded.points[""], dL.copy(), loaded)
        assert np.array_equal(Y, wanted)
        for array in (*loaded.points.values(), *loaded.moments[""].values()):
            array[:] = np.nan
        Y[:] = np.nan
    with pytest.raises(ValueError, match="stored state must hold all arrays of this optimizer: no 'moment//m'"):
        optimizer.load_state({key: value for key, value in optimizer.save_state(state).items() if "/m" not in key})


def test_array_optimizer_refuses() -> None:
    Y, (dL, *_) = start()
    optimizer = ArrayOptimizer(ProjectedAdam(0.1), {"Y": SPACE})
    state = optimizer.init({"Y": Y})
    for grad, error, message in ((dL * np.nan, ValueError, "gradient of 'Y' must be finite"),
                                 (dL[0], ValueError, "gradient of 'Y' must have shape"),
                                 (dL.astype("float32"), ValueError, "dtype float64: got"),
                                 (dL.tolist(), ValueError, "trees must have the same structure")):
        with pytest.raises(error, match=message):
            optimizer.step({"Y": Y}, {"Y": grad}, state)
    with pytest.raises(ValueError, match="parameter 'Y' must be that of the state"):
        optimizer.step({"Y": 2 * Y}, {"Y": dL}, state)
    with pytest.raises(ValueError, match="parameter 'Y' must be finite"):
        optimizer.init({"Y": Y * np.nan})
    with pytest.raises(ValueError, match="projection must be one of polar, qr: got 'svd'"):
        ProjectedAdam(projection="svd")


@pytest.mark.parametrize("rival", RIVALS)
@pytest.mark.parametrize("warmup", [0, 4])
def test_every_rival_learns_and_stays_where_it_says(rival: str, warmup: int) -> None:
    rate, epochs = (0.3, 30) if rival in ("momentum", "gradient") else (1e-2, 10)
    training = Training(Settings(rival=rival, blocks=1, batch_size=16, learning_rate=rate, warmup=warmup),
                        small_images())
    progress = training.start()
    first = training.params(progress.state)
    for _ in range(epochs):
        progress = training.epoch(progress)
    assert progress.record.final_loss < 0.9 * progress.record.epoch_losses[0]
    assert (max(progress.record.defects) < 20 * np.sqrt(49)) == RIVALS[rival].constrained
    for (path, Y), (_, Z) in zip(leaves(training.params(progress.state)), leaves(first)):
        assert Y.dtype == np.float32 and not np.array_equal(Y, Z), path


@pytest.mark.parametrize("method", ["adam", "momentum", "gradient", "scalar_adam"])
def test_warm_up_of_a_method_is_its_own_step_at_the_rate_of_the_step(method: str) -> None:
    Y, gradients = start()
    options = {"retraction": "cayley", "section": "transported", "restore": None}
    warm = RIVALS[method].make({"Y": SPACE}, WarmUp(4, 0.1), options)
    state: Any = warm.init({"Y": Y})
    for t, dL in enumerate(gradients, start=1):
        plain = RIVALS[method].make({"Y": SPACE}, 0.1 * min(1, t / 4), options)
        expected, _ = plain.step({"Y": Y}, {"Y": dL}, state)
        after, state = warm.step({"Y": Y}, {"Y": dL}, state)
        assert np.array_equal(after["Y"], expected["Y"])
        Y = after["Y"]
