"""What is particular to the geodesics: the dense exponential, constant speed, the geodesic equation, momentum."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.verify.differences import acceleration, velocity
from manifold_opt.verify.identity import Bound, identity
from manifold_opt.verify.trial import Trial

__all__: list[str] = []

PLACE = "v4, section 4 (geodesic retraction); Edelman, Arias, Smith 1998, section 2"
RIGHT = "Bendokat, Zimmermann 2021, section 5"


@identity("geodesic: is exp(Omega) Y", "geodesic(Y, Delta) = exp(Omega) Y", r"\gamma(1) = e^{\Omega(Y, \Delta)}Y",
          PLACE, Bound(40, p=2), needs=("geodesic", "horizontal_lift", "group"), where=("matrix spaces",))
def geodesic_is_dense(trial: Trial) -> Array:
    """Against the dense exponential of the lift (of the bi-invariant metric), relative to |Y|, times the length."""
    expected = trial.space.group.exp(_lift(trial)(trial.Y, trial.Delta)) @ trial.Y
    return trial.relative(trial.space.geodesic(trial.Y, trial.Delta) - expected, _size(trial))


@identity("cayley: is cay(Omega) Y", "cayley(Y, Delta) = (I - Omega/2)^-1 (I + Omega/2) Y",
          r"(I - \tfrac12\Omega)^{-1}(I + \tfrac12\Omega)Y", "v4, section 4 (Cayley retraction)", Bound(40, p=2),
          needs=("cayley", "horizontal_lift", "group"), where=("matrix spaces",))
def cayley_is_dense(trial: Trial) -> Array:
    """Against the dense Cayley transform of the lift (of the bi-invariant metric), relative to |Y|."""
    expected = trial.space.group.cayley(_lift(trial)(trial.Y, trial.Delta)) @ trial.Y
    return trial.relative(trial.space.cayley(trial.Y, trial.Delta) - expected, _size(trial))


@identity("geodesic: constant speed", "g(Y', Y') is the same at t = 0, 1/2, 1",
          r"g(\dot\gamma, \dot\gamma) = \text{const}", PLACE, Bound(40, q=0.8, p=1), needs=("geodesic", "metric"),
          where=("of positive dimension",))
def constant_speed(trial: Trial) -> Array:
    """Speeds by differences, in the metric of which it is the geodesic, relative to the speed |Y|^2 and more."""
    metric = trial.space.metric if trial.is_isometric else trial.space.pseudo_riemannian_metric
    return _speeds(trial, trial.space.geodesic, metric, trial.Delta)


@identity("geodesic: Y'' = Omega(Y, Y') Y'", "Y'' = Omega(Y, Y') Y'",
          r"\ddot\gamma = \Omega(\gamma, \dot\gamma)\dot\gamma", PLACE, Bound(40, q=2 / 3),
          needs=("geodesic", "horizontal_lift"), where=("matrix spaces",))
def geodesic_equation(trial: Trial) -> Array:
    """Acceleration and velocity by differences at t = 1/4, relative to |Y| and the squared length."""
    Y, Delta = trial.Y, trial.Delta / trial.dtype.type(max(1.0, trial.scale))

    def curve(t: float) -> Array:
        return np.asarray(trial.space.geodesic(Y, trial.dtype.type(t) * Delta))

    t = 0.25
    Y_t, first, second = curve(t), velocity(curve, trial.dtype, t), acceleration(curve, trial.dtype, t)
    if trial.is_grassmann:
        first = first - Y_t @ (trial.adjoint(Y_t) @ first)
    return trial.relative(second - _lift(trial)(Y_t, first) @ first, trial.sigma**2)


@identity("geodesic: momentum is conserved", "Omega(Y(1), Y'(1)) = Omega(Y, Delta)",
          r"\Omega(\gamma, \dot\gamma) = \text{const}", PLACE, Bound(40, p=1),
          needs=("horizontal_lift", "global_section"), where=("matrix spaces",))
def momentum(trial: Trial) -> Array:
    """The lift at both ends, with the velocity from the moved section, relative to |Lambda|^2 times the length."""
    moved = trial.section("transported").move(trial.W, "geodesic")
    end = _lift(trial)(moved.point, moved.push(trial.W))
    size = max(1.0, trial.scale) ** 2
    return trial.relative(end - _lift(trial)(trial.Y, trial.Delta), trial.Lambda_norm() ** 2, size)


@identity("riemannian_geodesic: is exp(Omega - Omega^T) exp(Omega^T) Y", "exp(Omega_R - Omega_R^T) exp(Omega_R^T) Y",
          r"e^{\Omega_R - \Omega_R^T}e^{\Omega_R^T}Y", RIGHT, Bound(40),
          needs=("riemannian_geodesic", "horizontal_lift", "group"))
def riemannian_geodesic_is_dense(trial: Trial) -> Array:
    """Against dense exponentials of the same lift, relative to |Y|: no condition number enters."""
    Y, Delta = trial.Y, trial.tangent("Delta", by_lift=True)
    Omega = trial.space.horizontal_lift(Y, Delta)
    Omega_t = np.swapaxes(Omega, -1, -2)
    group = trial.space.group
    expected = group.exp(Omega - Omega_t) @ (group.exp(Omega_t) @ Y)
    return trial.relative(trial.space.riemannian_geodesic(Y, Delta) - expected, trial.sigma)


@identity("riemannian_geodesic: constant speed", "g(Y', Y') is the same at t = 0, 1/2, 1",
          r"g(\dot\gamma, \dot\gamma) = \text{const}", RIGHT, Bound(40, q=0.8, p=1),
          needs=("riemannian_geodesic", "metric", "horizontal_lift"), where=("of positive dimension",))
def riemannian_constant_speed(trial: Trial) -> Array:
    """Speeds by differences in the right-invariant metric."""
    return _speeds(trial, trial.space.riemannian_geodesic, trial.space.metric, trial.tangent("Delta", by_lift=True))


def _lift(trial: Trial) -> Callable[[Array, Array], Array]:
    """The lift of the metric of which `geodesic` is the geodesic."""
    lift: Callable[[Array, Array], Array] = (trial.space.horizontal_lift if trial.is_isometric
                                             else trial.space.pseudo_horizontal_lift)
    return lift


def _size(trial: Trial) -> Array:
    return np.asarray(trial.sigma * max(1.0, trial.scale))


def _speeds(trial: Trial, geodesic: Callable[[Array, Array], Array], metric: Callable[[Array, Array, Array], Array],
            Delta: Array) -> Array:
    """Departure of the squared speed from its value at the start, relative to the larger of it and |Delta|^2/|Y|^2."""
    Delta = Delta / trial.dtype.type(max(1.0, trial.scale))

    def curve(t: float) -> Array:
        return np.asarray(geodesic(trial.Y, trial.dtype.type(t) * Delta))

    start = metric(trial.Y, Delta, Delta)
    speeds = []
    for t in (0.0, 0.5, 1.0):
        tangent = velocity(curve, trial.dtype, t)
        speeds.append(metric(curve(t), tangent, tangent))
    return np.asarray(np.max([trial.relative(speed - start, np.maximum(abs(start), 1.0)) for speed in speeds], axis=0))
