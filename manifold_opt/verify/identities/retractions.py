"""Retractions as maps (Y, Delta) -> Y: the two axioms, the measured order, equivariance."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.verify.differences import velocity
from manifold_opt.verify.identity import Bound, Identity, identity, register
from manifold_opt.verify.slopes import TOLERANCE, fit_slope
from manifold_opt.verify.trial import RETRACTION_NAMES, NotCovered, Trial

__all__ = ["retraction_identities", "taylor_errors", "ORDERS", "LONG_STEP"]

PLACE = {"geodesic": "v4, section 4 (geodesic retraction)", "cayley": "v4, section 4 (Cayley retraction)",
         "riemannian_geodesic": "Bendokat, Zimmermann 2021, section 5"}
ORDERS = {"cayley": 2, "riemannian_geodesic": 1}
"""To which order a retraction follows `geodesic`; on O(N) and Sp(N2) the Cayley transform is exp to second order."""
LONG_STEP = 767.0
"""Length of the long steps on quotients of O(N), for which published implementations leave the manifold."""


def _tangent(trial: Trial, name: str, purpose: str = "Delta") -> Array:
    """Tangent vectors of the length that the retraction sees: of the lift for the Riemannian geodesic."""
    return trial.tangent(purpose, by_lift=name == "riemannian_geodesic")


def _size(trial: Trial) -> Array:
    """The norm of a point as it is compared: |Y|, or |Y|^2 for the projector on Grassmann kinds."""
    return np.asarray(trial.sigma**2 if trial.is_grassmann else trial.sigma)


def retraction_identities(name: str, order: int | None = None) -> list[Identity]:
    """The identities of one retraction of a trial, not registered."""
    needs = (f"R:{name}",)
    place = PLACE.get(name, "Absil, Mahony, Sepulchre 2008, section 4.1")
    by_lift = ("horizontal_lift",) if name == "riemannian_geodesic" else ()
    rows = [
        ("R(0) = Y", "R(Y, 0) = Y", r"R_Y(0) = Y", _at_zero(name), Bound(10, p=1), needs, ()),
        ("stays on the space", "R(Y, Delta)* R(Y, Delta) = I", r"R_Y(\Delta) \in \mathcal M", _on_space(name, None),
         Bound(20), (*needs, "point_defect"), ()),
        ("stays on the space at long steps", f"the same at |Delta| = 50 and {LONG_STEP:g}, bound times |Delta|",
         r"R_Y(\Delta) \in \mathcal M,\ \|\bar B\| \gg 1", _on_space(name, (50.0, LONG_STEP)), Bound(20),
         (*needs, "point_defect"), ("quotients of O(N)", "of positive dimension")),
        ("DR(0) = identity", "d/dt R(Y, t Delta) = Delta at t = 0", r"\tfrac{d}{dt}R_Y(t\Delta)|_0 = \Delta",
         _derivative(name), Bound(20, q=0.8, p=1), needs, ()),
        ("Taylor slope", "|R(Y, t Delta) - Y - t Delta| = O(t^2)", r"\|R_Y(t\Delta) - Y - t\Delta\| = O(t^2)",
         _taylor(name), Bound(TOLERANCE, q=0), needs, ("of positive dimension",)),
        ("equivariant", "R(QY, Q Delta) = Q R(Y, Delta) for isometries Q of the group",
         r"R_{QY}(Q\Delta) = Q\,R_Y(\Delta)", _equivariant(name), Bound(40, p=1), (*needs, "group"),
         ("matrix spaces",)),
        ("independent of the representative", "R(YQ, Delta Q) = R(Y, Delta) Q", r"R_{YQ}(\Delta Q) = R_Y(\Delta)Q",
         _representative(name), Bound(40, p=1), (*needs, "group"), ("matrix spaces", "Grassmann kinds")),
    ]
    if name == "riemannian_geodesic":
        # it lives on quotients of Sp(N2), where long steps overflow, and does not use the reductive representative
        rows = [row for row in rows if row[0] not in ("stays on the space at long steps",
                                                      "independent of the representative")]
    if order is not None:
        rows.append((f"follows the geodesic to order {order}", f"|R(Y, t Delta) - geodesic| = O(t^{order + 1})",
                     rf"\|R_Y(t\Delta) - \exp_Y(t\Delta)\| = O(t^{{{order + 1}}})", _order(name, order),
                     Bound(TOLERANCE, q=0), (*needs, "R:geodesic"), ("matrix spaces", "of positive dimension")))
    return [Identity(f"{name}: {title}", formula, latex, place, residual, bound, (*required, *by_lift), where)
            for title, formula, latex, residual, bound, required, where in rows]


def _embed(trial: Trial, Y: Array) -> Array:
    """Points as they are compared: the projector YY* on Grassmann kinds, where Y is one of many representatives."""
    return np.asarray(Y @ trial.adjoint(Y)) if trial.is_grassmann and trial.adjoint is not None else Y


def _embed_tangent(trial: Trial, Delta: Array) -> Array:
    """The derivative of the embedded point in a tangent direction."""
    if not trial.is_grassmann or trial.adjoint is None:
        return Delta
    return np.asarray(Delta @ trial.adjoint(trial.Y) + trial.Y @ trial.adjoint(Delta))


def _at_zero(name: str) -> Callable[[Trial], Array]:
    def residual(trial: Trial) -> Array:
        Y = trial.retractions[name](trial.Y, np.zeros_like(trial.Y))
        return trial.relative(_embed(trial, Y) - _embed(trial, trial.Y), _size(trial))
    return residual


def _on_space(name: str, lengths: tuple[float, ...] | None) -> Callable[[Trial], Array]:
    def residual(trial: Trial) -> Array:
        Delta, residuals = _tangent(trial, name), []
        for length in lengths or (1.0,):
            longer = trial.dtype.type(length if lengths is None else length / trial.scale)
            Y = trial.retractions[name](trial.Y, Delta * longer)
            size = np.linalg.norm(Y, ord=2, axis=(-2, -1)) if trial.adjoint is not None else 1.0
            amplification = length if lengths else max(1.0, trial.scale)
            residuals.append(trial.space.point_defect(Y) / np.maximum(size, trial.sigma) ** 2 / amplification)
        return np.asarray(np.max(residuals, axis=0))
    return residual


def _derivative(name: str) -> Callable[[Trial], Array]:
    def residual(trial: Trial) -> Array:
        Delta = _tangent(trial, name) / trial.dtype.type(trial.scale)
        derivative = velocity(lambda t: _embed(trial, trial.retractions[name](trial.Y, trial.dtype.type(t) * Delta)),
                              trial.dtype)
        expected = _embed_tangent(trial, Delta)
        return trial.relative(derivative - expected, np.maximum(trial.norm(expected), _size(trial)))
    return residual


def _errors(trial: Trial, name: str, reference: Callable[[float, Array], Array]) -> tuple[Array, Array, float]:
    """Steps, errors relative to the size of the terms, and the level of rounding."""
    Delta = _tangent(trial, name) / trial.dtype.type(trial.scale)
    if name == "riemannian_geodesic":
        # a step of length 1 in the right-invariant metric can be a long one for the other retractions
        Delta = Delta / trial.expand(np.maximum(1.0, trial.section("transported").lift(Delta).norm()))
    steps = 2.0 ** -np.arange(1, 12 if trial.eps < 1e-10 else 8)
    size = np.maximum(trial.norm(_embed_tangent(trial, Delta)), _size(trial))
    errors = [np.max(trial.relative(_embed(trial, trial.retractions[name](trial.Y, trial.dtype.type(t) * Delta))
                                    - reference(float(t), Delta), size)) for t in steps]
    return steps, np.array(errors, float), 100 * trial.eps * trial.condition


def _taylor(name: str) -> Callable[[Trial], Array]:
    def residual(trial: Trial) -> Array:
        steps, errors, floor = taylor_errors(trial, name)
        return np.asarray(max(0.0, 2 - fit_slope(steps, errors, floor).slope))
    return residual


def taylor_errors(trial: Trial, name: str) -> tuple[Array, Array, float]:
    """Norms of R(Y, t Delta) - Y - t Delta (of projectors on Grassmann kinds) over steps t, and the rounding level."""
    start = _embed(trial, trial.Y)
    return _errors(trial, name, lambda t, Delta: start + trial.dtype.type(t) * _embed_tangent(trial, Delta))


def _order(name: str, order: int) -> Callable[[Trial], Array]:
    def residual(trial: Trial) -> Array:
        if trial.eps > 1e-10:
            raise NotCovered("for float64, since float32 has too few digits to tell one order from the next")
        geodesic = trial.retractions["geodesic"]
        steps, errors, floor = _errors(
            trial, name, lambda t, Delta: _embed(trial, geodesic(trial.Y, trial.dtype.type(t) * Delta)))
        return np.asarray(max(0.0, order + 1 - fit_slope(steps, errors, floor).slope))
    return residual


def _equivariant(name: str) -> Callable[[Trial], Array]:
    def residual(trial: Trial) -> Array:
        R, Q, Delta = trial.retractions[name], trial.group_element("equivariant"), _tangent(trial, name)
        moved = R(trial.Y, Delta)
        size = np.maximum(trial.sigma, trial.norm(moved)) * max(1.0, trial.scale)
        return trial.relative(R(Q @ trial.Y, Q @ Delta) - Q @ moved, size)
    return residual


def _representative(name: str) -> Callable[[Trial], Array]:
    def residual(trial: Trial) -> Array:
        R, Q, Delta = trial.retractions[name], trial.group_element("basis", trial.shape[1], 2.0), _tangent(trial, name)
        moved = R(trial.Y, Delta)
        size = np.maximum(trial.sigma, trial.norm(moved)) * max(1.0, trial.scale)
        return trial.relative(R(trial.Y @ Q, Delta @ Q) - moved @ Q, size)
    return residual


for _name in RETRACTION_NAMES:
    for _identity in retraction_identities(_name, ORDERS.get(_name)):
        register(_identity)


@identity("inverse_cayley: recovers the velocity", "inverse_cayley(Y, cayley(Y, Delta)) = Delta",
          r"R_Y^{-1}(R_Y(\Delta)) = \Delta", "v4, section 4 (Cayley retraction)", Bound(40, p=2),
          needs=("cayley", "inverse_cayley"))
def inverse_cayley(trial: Trial) -> Array:
    """For velocities of length 1/2 or that of the trial, if it is shorter, relative to |Y|^2."""
    Delta = trial.Delta * trial.dtype.type(min(1.0, 0.5 / trial.scale))
    try:
        back = trial.space.inverse_cayley(trial.Y, trial.space.cayley(trial.Y, Delta))
    except ValueError as error:
        if "no closed form" in str(error):
            raise NotCovered(str(error)) from error
        raise
    return trial.relative(back - Delta, trial.sigma**2)
