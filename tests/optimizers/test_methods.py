"""Methods against their closed forms and the textbook, step by step."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifold_opt import Adam, AdamWithDecay, BFGS, Euclidean, Gradient, Grassmann, Momentum, Optimizer, Stiefel
from manifold_opt.optimizers import AdamW

EPS = np.finfo(float).eps


def run(method, gradients, x=None, space=None):
    """The parameters after each step under given gradients."""
    x = np.zeros_like(gradients[0]) if x is None else x
    optimizer = Optimizer(method, space or Euclidean(*x.shape))
    state = optimizer.init(x)
    path = []
    for gradient in gradients:
        x, state = optimizer.step(x, gradient, state)
        path.append(x)
    return path, state


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rho1, rho2", [(0.9, 0.99), (0.9, 0.999), (0.0, 0.5)])
def test_adam_is_the_textbook_algorithm_step_by_step(dtype, rho1, rho2):
    """Kingma and Ba, algorithm 1, in their order: raw moments, then correction."""
    eta, delta = 1e-2, 3e-7
    gradients = list(np.random.default_rng(0).normal(size=(50, 4, 3)).astype(dtype))
    path, _ = run(Adam(eta, rho1, rho2, delta), gradients)
    x, m, v = np.zeros((4, 3)), 0.0, 0.0
    for t, (g, y) in enumerate(zip(gradients, path), start=1):
        g = g.astype(float)
        m, v = rho1 * m + (1 - rho1) * g, rho2 * v + (1 - rho2) * g**2
        x = x - eta * (m / (1 - rho1**t)) / (np.sqrt(v / (1 - rho2**t)) + delta)
        assert y.dtype == dtype
        # each step has a relative error of a few eps, to which rounding 1 - rho2^t adds eps/(1 - rho2^t)
        corrections = sum(1 / (1 - rho2**s) for s in range(1, t + 1)) if rho2 else t
        np.testing.assert_allclose(y, x, rtol=0, atol=np.finfo(dtype).eps * eta * (10 * t + corrections))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("space", [Stiefel(7, 3), Grassmann(7, 3), Euclidean(4), Euclidean()], ids=str)
@pytest.mark.parametrize("method", [Adam(0.1), Adam(0.1, 0.0, 0.0), AdamW(0.1), AdamWithDecay(5, 0.1, 1e-3)], ids=repr)
def test_the_fused_update_is_the_update(method, space, dtype):
    """The same velocities and moments bit for bit, in the arrays of the old moments, and G is left alone."""
    rng = np.random.default_rng(0)
    plain = fused = None
    for t in range(1, 8):
        G = space.tangent_space.random(rng, (3,), dtype)
        kept, plain, fused = G.map(np.copy), plain or method.init(G), fused or method.init(G)
        old = fused
        W, plain = method.update(G, plain, t)
        W_fused, fused = method.update_in_place(G, fused, t)
        for one, other in ((W, W_fused), (plain["B1"], fused["B1"]), (plain["B2"], fused["B2"]), (G, kept)):
            for block in ("A", "B"):
                np.testing.assert_array_equal(getattr(one, block), getattr(other, block))
                assert getattr(other, block).dtype == dtype
        assert all(np.shares_memory(fused[name].B, old[name].B) for name in fused)


@given(st.floats(1e-3, 1e3), st.integers(0, 2**32 - 1))
def test_first_adam_step_is_minus_eta_times_the_sign(scale, seed):
    gradient = scale * np.random.default_rng(seed).normal(size=20)
    (x,), _ = run(Adam(learning_rate=0.25), [gradient])
    np.testing.assert_allclose(x, -0.25 * np.sign(gradient), rtol=4e-7 / np.min(np.abs(gradient)) + 4 * EPS)


def test_first_adam_step_on_stiefel_has_entries_of_magnitude_eta():
    space, rng = Stiefel(8, 3), np.random.default_rng(0)
    Y, dL = space.random_point(rng), rng.normal(size=(8, 3))
    section = space.global_section(Y)
    W, _ = (method := Adam(learning_rate=0.01)).update(G := section.lift_gradient(dL), method.init(G), 1)
    np.testing.assert_allclose(W.B, -0.01 * np.sign(G.B), rtol=1e-4)
    np.testing.assert_allclose(W.A, -0.01 * np.sign(G.A), rtol=1e-4)
    (Y_new,), _ = run(method, [dL], Y, space)
    np.testing.assert_array_equal(Y_new, section.move(W, "cayley").point)


@given(st.floats(0, 0.99), st.integers(1, 30))
def test_momentum_under_a_constant_gradient(alpha, steps):
    C = np.array([1.0, -2.0, 0.5])
    path, state = run(Momentum(learning_rate=0.1, alpha=alpha), [C] * steps)
    np.testing.assert_allclose(state.moments[""]["B1"].B, C * (1 - alpha**steps) / (1 - alpha), rtol=1e-12)
    # the sum of (1 - alpha^s)/(1 - alpha) over the steps
    distance = (steps - alpha * (1 - alpha**steps) / (1 - alpha)) / (1 - alpha)
    np.testing.assert_allclose(path[-1], -0.1 * C * distance, rtol=1e-10)


def test_gradient_method_is_the_sum_of_gradients():
    gradients = np.random.default_rng(0).normal(size=(10, 3))
    path, _ = run(Gradient(learning_rate=0.1), list(gradients))
    np.testing.assert_allclose(path[-1], -0.1 * gradients.sum(axis=0), atol=1e-15)


@given(st.integers(2, 200), st.floats(1e-4, 1.0), st.floats(1e-8, 1e-4))
def test_decayed_rate_has_its_geometric_sum(steps, eta1, eta2):
    method = AdamWithDecay(steps, eta1, eta2)
    # under a constant gradient every Adam step is minus the rate times the sign
    path, _ = run(method, [np.array([2.0, -3.0])] * steps)
    gamma = (eta2 / eta1) ** (1 / (steps - 1))
    total = eta1 * (1 - gamma**steps) / (1 - gamma) if gamma < 1 else eta1 * steps
    np.testing.assert_allclose(path[-1], [-total, total], rtol=1e-6)
    assert method.learning_rate(1) == pytest.approx(eta1) and method.learning_rate(steps) == pytest.approx(eta2)
    assert method.learning_rate(10 * steps) == method.learning_rate(steps)


@pytest.mark.parametrize("make, message", [
    (lambda: Gradient(-1e-3), "learning_rate must be finite and not negative: got -0.001"),
    (lambda: Gradient(np.nan), "learning_rate must be finite and not negative: got nan"),
    (lambda: Momentum(alpha=1.0), "alpha must be at least 0 and below 1: got 1.0"),
    (lambda: Momentum(learning_rate=-1), "learning_rate"), (lambda: Adam(rho1=-0.1), "rho1"),
    (lambda: Adam(rho2=1.0), "rho2"), (lambda: Adam(delta=0.0), "delta must be positive"),
    (lambda: Adam(learning_rate=np.inf), "learning_rate"), (lambda: AdamWithDecay(0), "steps must be at least 1"),
    (lambda: AdamWithDecay(5, eta1=0), "eta1"), (lambda: AdamWithDecay(5, eta2=-1.0), "eta2"),
    (lambda: BFGS(learning_rate=-1.0), "learning_rate"), (lambda: BFGS(max_norm=0.0), "max_norm must be positive")])
def test_parameters_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("method", [Gradient(), Momentum(), Adam(), AdamWithDecay(10), BFGS()], ids=repr)
def test_methods_are_values(method):
    assert method == type(method)(**{name: getattr(method, name) for name in method.__dataclass_fields__})
    with pytest.raises(AttributeError):
        method.learning_rate = 1.0
