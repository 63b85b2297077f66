"""No point is handed out that is off its space, whatever brought it there; the slope of the line search."""
import numpy as np
import pytest

from manifold_opt import (Adam, BFGS, Euclidean, Gradient, Grassmann, Momentum, Optimizer, Stiefel, SymplecticStiefel,
                          minimize)
from manifold_opt.optimizers import AdamW
from manifold_opt.optimizers.guard import defect_bound
from manifold_opt.optimizers.objective import Objective
from manifold_opt.optimizers.quasi_newton import QuasiNewton
from manifold_opt.sections import RetractionError

SPACES = [Stiefel(6, 2), Stiefel(3, 3), Stiefel(5, 1), Grassmann(6, 2), SymplecticStiefel(8, 4),
          SymplecticStiefel(4, 4)]


def start(space, dtype="f8", batch=(), seed=0):
    options = {"condition": 2.0} if isinstance(space, SymplecticStiefel) else {}
    rng = np.random.default_rng(seed)
    Y = space.random_point(rng, batch, dtype, **options)
    return Y, (0.1 * rng.standard_normal(Y.shape)).astype(dtype)


@pytest.mark.parametrize("space", SPACES, ids=str)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("batch", [(), (3,)])
@pytest.mark.parametrize("section", ["transported", "reflector"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_point_off_the_space_is_an_error_that_says_all(space, dtype, batch, section, overwrite, monkeypatch):
    """As if the retraction were wrong for one member of a stack, by a little and by much."""
    if section == "reflector" and isinstance(space, SymplecticStiefel):
        return
    Y, dL = start(space, dtype, batch)
    for size in (2e3 * np.finfo(dtype).eps * np.sqrt(space.shape[0]), 1e-2, np.nan, np.inf):
        optimizer = Optimizer(Gradient(0.1), {"Y": space}, section=section)
        state = optimizer.init({"Y": Y})
        kind = type(state.sections["Y"])
        with monkeypatch.context() as patch:
            for name in ("move", "move_in_place"):
                move = getattr(kind, name)

                def spoiled(self, *arguments, move=move):
                    section = move(self, *arguments)
                    section.point[(*([-1] * len(batch)), ...)] *= 1 + space.point_defect(Y).dtype.type(size)
                    return section

                patch.setattr(kind, name, spoiled)
            with pytest.raises(RetractionError, match="parameter 'Y': the step of length .* (defect|over)") as info:
                optimizer.step({"Y": Y}, {"Y": dL}, state, overwrite=overwrite)
            assert "take a smaller step" in str(info.value)


@pytest.mark.parametrize("space", SPACES, ids=str)
@pytest.mark.parametrize("factor", [1 + 1e-3, np.nan])
def test_a_spoiled_section_is_noticed_before_a_wrong_point_leaves(space, factor):
    if space.shape[0] == space.shape[1]:
        return
    Y, dL = start(space)
    optimizer = Optimizer(Momentum(0.1), {"Y": space})
    params, state = optimizer.step({"Y": Y}, {"Y": dL}, optimizer.init({"Y": Y}))
    state.sections["Y"].Y_perp[...] *= factor
    with pytest.raises(RetractionError, match="parameter 'Y'"):
        for _ in range(12):
            params, state = optimizer.step(params, {"Y": dL}, state)
            assert space.point_defect(params["Y"]) <= defect_bound(space, params["Y"], state.t)


def test_a_section_is_looked_at_every_ten_steps_even_if_nothing_moves():
    Y, _ = start(Stiefel(6, 2))
    optimizer = Optimizer(Gradient(0.1), Stiefel(6, 2))
    state = optimizer.init(Y)
    state.sections[""].Y_perp[...] *= 1.01
    with pytest.raises(RetractionError, match="parameter: the step of length 0.0e.00 leaves the group: defect"):
        for k in range(10):
            assert k < 10
            Y, state = optimizer.step(Y, 0 * Y, state)
    assert state.t == 9


@pytest.mark.parametrize("name, broken", [("lift_gradient", "Eigenvalues did not converge"), ("move", "Singular")])
def test_errors_of_lapack_do_not_escape(name, broken, monkeypatch):
    space = Stiefel(6, 2)
    Y, dL = start(space)
    optimizer = Optimizer(Gradient(0.1), {"Y": space})
    state = optimizer.init({"Y": Y})

    def fail(*arguments):
        raise np.linalg.LinAlgError(broken)

    monkeypatch.setattr(type(state.sections["Y"]), name, fail)
    with pytest.raises(RetractionError, match=f"parameter 'Y': {broken}"):
        optimizer.step({"Y": Y}, {"Y": dL}, state)
    if name == "move":
        for method in (Gradient(0.1), BFGS()):
            result = minimize(lambda Y: (np.sum(Y * dL), dL), Y, space, jac=True, method=method)
            assert not result.success and result.status == (2 if method == BFGS() else 4)
            np.testing.assert_array_equal(result.x, Y)


# ---- gradients beyond the range of their squares

@pytest.mark.parametrize("dtype, large", [("f4", 1e20), ("f4", 1e30), ("f8", 1e160), ("f8", 1e300)])
@pytest.mark.parametrize("space", [Euclidean(3), Stiefel(6, 2), Stiefel(3, 3), SymplecticStiefel(4, 2)], ids=str)
@pytest.mark.parametrize("overwrite", [False, True])
def test_adam_refuses_gradients_whose_squares_overflow(dtype, large, space, overwrite):
    Y, dL = start(space, dtype)
    for method in (Adam(0.1), AdamW(0.1)) if space == Euclidean(3) else (Adam(0.1),):
        optimizer = Optimizer(method, {"Y": space})
        with pytest.raises(ValueError, match="gradient of 'Y' must be small enough that the moment B2 is finite"):
            optimizer.step({"Y": Y}, {"Y": dL * np.dtype(dtype).type(large) * 10}, optimizer.init({"Y": Y}), overwrite)


@pytest.mark.parametrize("dtype, scale", [("f4", 1e17), ("f4", 1.0), ("f8", 1e150)])
def test_adam_takes_steps_of_eta_below_that(dtype, scale):
    x, g = np.zeros(3, dtype), np.array([1.0, -2.0, 3.0], dtype) * np.dtype(dtype).type(scale)
    optimizer = Optimizer(Adam(0.1), Euclidean(3))
    np.testing.assert_allclose(optimizer.step(x, g, optimizer.init(x))[0], [-0.1, 0.1, -0.1], rtol=1e-6)


@pytest.mark.parametrize("dtype, size", [("f4", 1e-10), ("f4", 1e-18), ("f4", 1e-22), ("f4", 1e-30), ("f4", 1e-37),
                                         ("f8", 1e-154), ("f8", 1e-170), ("f8", 1e-300)])
def test_where_squares_underflow_delta_outweighs_the_root(dtype, size):
    """-eta g/(|g| + delta) to rounding, although |g|^2 is no number of this dtype."""
    g = np.array([size, -2 * size], dtype)
    x, optimizer = np.zeros(2, dtype), Optimizer(Adam(1.0), Euclidean(2))
    for overwrite in (False, True):
        step = optimizer.step(x, g, optimizer.init(x), overwrite)[0].astype(float)
        expected = -g.astype(float) / (np.abs(g.astype(float)) + 3e-7)
        np.testing.assert_allclose(step, expected, rtol=8 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype, least", [("f4", 9.1e-13), ("f8", 6.7e-139)])
def test_a_delta_that_would_not_is_refused(dtype, least):
    space = Euclidean(2)
    Optimizer(Adam(delta=1.01 * least), space).init(np.zeros(2, dtype))
    with pytest.raises(ValueError, match=f"delta must be at least {least:.1e} in float"):
        Optimizer(Adam(delta=0.5 * least), space).init(np.zeros(2, dtype))


def test_gradient_and_momentum_take_what_adam_cannot():
    x, g = np.zeros(2, np.float32), np.array([1e30, -2e30], np.float32)
    for method in (Gradient(1e-30), Momentum(1e-30)):
        optimizer = Optimizer(method, Euclidean(2))
        np.testing.assert_allclose(optimizer.step(x, g, optimizer.init(x))[0], [-1, 2], rtol=1e-6)


# ---- the slope along the retraction

@pytest.mark.parametrize("space", SPACES + [Euclidean(3)], ids=str)
@pytest.mark.parametrize("retraction", ["geodesic", "cayley"])
@pytest.mark.parametrize("length", [0.1, 0.5, 1.0, 2.0, 3.0])
def test_the_line_search_has_the_slope_of_the_curve(space, retraction, length):
    Y, C = start(space)
    A = np.diag(np.arange(1.0, Y.shape[0] + 1))

    def fun(Y):
        return np.sum(Y * (A @ Y)) + np.sum(np.sin(Y * C)), 2 * A @ Y + C * np.cos(Y * C)

    if isinstance(space, Grassmann):
        C = 0 * C
    walk = QuasiNewton(Optimizer(BFGS(), space, retraction), Objective(fun, True), Y)
    p = -walk.g * (length / np.linalg.norm(walk.g))
    if isinstance(space, SymplecticStiefel) and length > 1:
        return
    h = 1e-5
    (low, _, _), (_, slope, _), (high, _, _) = (walk._trial(t, p) for t in (1 - h, 1.0, 1 + h))
    difference = (high - low) / (2 * h)
    assert slope == pytest.approx(difference, rel=1e-6, abs=1e-7 * np.linalg.norm(walk.g) * length)
