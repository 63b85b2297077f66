"""Every primitive against 60-digit arithmetic: forward errors in eps, bounded, at well- and ill-conditioned points."""
from __future__ import annotations

from functools import lru_cache
from typing import Any

import decimals as d
import mpmath
import numpy as np
import pytest
from verify import forward_errors as errors

from manifold_opt import Stiefel
from manifold_opt.groups import SymplecticAdjoint
from manifold_opt.arrays.trees import leaves, map_tree
from manifold_opt.network import VisionTransformer


@pytest.fixture(autouse=True)
def digits() -> Any:
    with d.digits():
        yield


@lru_cache
def rows_of(primitive: str) -> list[errors.ForwardError]:
    return list(errors.PRIMITIVES[primitive]())


@pytest.mark.parametrize("primitive", list(errors.PRIMITIVES))
def test_forward_errors_stay_below_their_law(primitive: str) -> None:
    rows = rows_of(primitive)
    assert rows
    failed = [row for row in rows if not row.error <= row.bound]
    assert not failed, "\n" + errors.table(failed)


def test_bounds_are_not_far_from_the_errors() -> None:
    """A bound that nothing comes near says nothing: for each primitive the nearest row is within a factor of 200."""
    for name in ("sections", "lifts", "retractions", "riemannian_geodesics"):
        nearest: dict[str, float] = {}
        for row in rows_of(name):
            nearest[row.primitive] = max(nearest.get(row.primitive, 0.0), row.error / row.bound)
        assert min(nearest.values()) > 1 / 200, nearest


def test_long_geodesic_beats_the_published_figures() -> None:
    """Best published at |B| = 361 on St(3, 20): forward error 2.0e-14."""
    rows = [row for row in errors.retraction_rows(Stiefel(20, 3), 1.0, 361.0, "") if row.primitive == "geodesic"]
    assert rows[0].error * errors.EPS < 2.0e-14


def test_decimals_against_themselves() -> None:
    """The arithmetic of the truth: inverse, exponential, adjoint by their own equations."""
    rng = np.random.default_rng(0)
    X = d.big(rng.standard_normal((6, 6)))
    assert d.norm(d.solve(X, X) - d.eye(6)) < 1e-50
    assert d.norm(d.expm(X) @ d.expm(-X) - d.eye(6)) < 1e-45
    skew = 300 * (X - X.T)
    assert d.norm(d.expm(skew).T @ d.expm(skew) - d.eye(6)) < 1e-50
    assert abs(d.expm(d.big([[1.0]]))[0, 0] - mpmath.e) < 1e-50
    M = rng.standard_normal((6, 4))
    assert np.array_equal(d.rounded(d.adjoint(d.big(M), True)), SymplecticAdjoint()(M))


def small_network(skip: bool) -> Any:
    model = VisionTransformer(blocks=2, heads=2, width=4, classes=3, skip=skip)
    rng = np.random.default_rng(0)
    params = model.init(rng, dtype=np.float64)
    params = map_tree(lambda P: P + 0.3 * rng.standard_normal(P.shape), params)
    return model, params, rng.standard_normal((2, 3, 4)), rng.standard_normal((2, 3))


@pytest.mark.parametrize("skip", [False, True])
def test_transformer_forward(skip: bool) -> None:
    model, params, x, _ = small_network(skip)
    y, _ = model.forward(params, x)
    truth = d.transformer(map_tree(d.big, params), d.big(x), skip)
    assert d.relative_error(y, truth) < 20 * errors.EPS


@pytest.mark.parametrize("skip", [False, True])
def test_transformer_backward(skip: bool) -> None:
    """Along random directions in each leaf, by central differences in 60 digits, which are exact to 1e-30."""
    model, params, x, dy = small_network(skip)
    _, cache = model.forward(params, x)
    grads = model.backward(params, cache, dy)
    exact_params, bx, bdy = map_tree(d.big, params), d.big(x), d.big(dy)
    h = mpmath.mpf(10) ** -18
    rng = np.random.default_rng(1)

    def value(path: str, change: Any) -> Any:
        moved = map_tree(lambda name, P: P + change if name == path else P, exact_params, names=True)
        return np.sum(bdy * d.transformer(moved, bx, skip))
    for path, grad in leaves(grads):
        directions = rng.standard_normal((6, *grad.shape)) if grad.size > 6 else np.eye(grad.size).reshape(
            grad.size, *grad.shape)
        for direction in directions:
            V = d.big(direction)
            exact = (value(path, h * V) - value(path, -h * V)) / (2 * h)
            error = abs(np.sum(d.big(grad) * V) - exact) / (d.norm(d.big(grad)) * d.norm(V))
            assert error < 30 * errors.EPS, f"{path}: {float(error) / errors.EPS:.1f} eps"
