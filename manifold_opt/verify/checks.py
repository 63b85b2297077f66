"""Checks of a user's own gradient and retraction."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.verify.differences import velocity
from manifold_opt.verify.identities.retractions import retraction_identities, taylor_errors
from manifold_opt.verify.identity import Bound, Identity
from manifold_opt.verify.report import IdentityReport
from manifold_opt.verify.run import draw_seed, evaluate
from manifold_opt.verify.slopes import TOLERANCE, Slope, fit_slope
from manifold_opt.verify.trial import RETRACTION_NAMES, Trial

__all__ = ["check_gradient", "check_retraction"]

DIRECTIONS = 5
"""Number of random directions in which a gradient is checked, besides its own."""


def check_gradient(space: Any, fun: Callable[[Array], Any], grad: Callable[[Array], Array] | Array, Y: Array, *,
                   rng: np.random.Generator | int = 0, riemannian: bool = False,
                   retraction: Any = None) -> IdentityReport:
    r"""Verify the gradient of a loss at a point: numbers and a verdict, not a picture to be judged.

    In several random tangent directions, and in that of the gradient itself, two things are measured: the derivative
    of the loss along the retracted curve by extrapolated differences, which must equal the pairing with the
    gradient to :math:`\mathrm{eps}^{4/5}`; and the slope of the Taylor remainder
    :math:`|L(R_Y(t\Delta)) - L(Y) - t\,dL(\Delta)|`, which must be 2 at least. The first one sees a gradient that is
    wrong by a part in a billion, for which the remainder still looks quadratic over most of the window.

    Parameters
    ----------
    space : object
        The space; it must offer a retraction (`geodesic` or `cayley`), and `random_tangent` or `project_tangent`.
    fun : callable
        The loss, from a point to a number.
    grad : callable or numpy.ndarray
        The gradient at Y, or the function that gives it: the Euclidean gradient, the array of partial derivatives,
        unless `riemannian` is set.
    Y : numpy.ndarray
        One point.
    rng : int or numpy.random.Generator
        Chooses the directions.
    riemannian : bool
        Whether `grad` gives the Riemannian gradient; then it must be tangent and is paired in the metric.
    retraction : callable or None
        A function (Y, Delta) -> Y in place of the space's own.

    Returns
    -------
    IdentityReport
        False as a truth value if the gradient is wrong; `slopes` has the fitted slopes and `draw` the picture.

    Raises
    ------
    TypeError
        If the space offers no retraction.
    ValueError
        If Y or the gradient has the wrong shape.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel, verify
    >>> space, rng = Stiefel(6, 2), np.random.default_rng(0)
    >>> M, Y = np.diag(np.arange(6.0)), space.random_point(rng)
    >>> loss = lambda Y: np.sum(Y * (M @ Y))
    >>> bool(verify.check_gradient(space, loss, lambda Y: 2 * M @ Y, Y))
    True
    >>> bool(verify.check_gradient(space, loss, lambda Y: (2 + 1e-8) * M @ Y, Y))
    False
    """
    gradient = np.asarray(grad(Y) if callable(grad) else grad)
    if Y.shape != tuple(space.shape) or gradient.shape != Y.shape:
        raise ValueError(f"Y and gradient must have shape {tuple(space.shape)}: got {Y.shape} and {gradient.shape}")
    curve = retraction if retraction is not None else next(
        (getattr(space, name) for name in ("geodesic", "cayley") if hasattr(space, name)), None)
    if curve is None:
        raise TypeError(f"space must offer geodesic or cayley, or a retraction be given: got {type(space).__name__}")
    trial = _at(space, Y, draw_seed(rng))
    directions = _directions(trial, gradient, riemannian)
    slopes = [_remainder(trial, fun, curve, Delta, _pairing(trial, gradient, Delta, riemannian))
              for Delta in directions]
    steepest = min(slopes, key=lambda slope: slope.slope)

    def derivative(trial: Trial) -> Array:
        errors = []
        for Delta in directions:
            measured = velocity(lambda t: np.asarray(fun(curve(Y, trial.dtype.type(t) * Delta))), trial.dtype)
            size = max(abs(float(np.asarray(fun(Y)))), float(np.linalg.norm(gradient) * np.linalg.norm(Delta)))
            errors.append(abs(measured - _pairing(trial, gradient, Delta, riemannian)) / (size or 1.0))
        return np.asarray(errors)

    rows = [Identity("gradient: directional derivative", "d/dt L(R(t Delta)) = dL(Delta)",
                     r"\tfrac{d}{dt}L(R_Y(t\Delta)) = dL(\Delta)", "v4, section 2", derivative,
                     Bound(100, q=0.8, p=1)),
            Identity("gradient: Taylor slope", "|L(R(t Delta)) - L(Y) - t dL(Delta)| = O(t^2)",
                     r"|L(R_Y(t\Delta)) - L(Y) - t\,dL(\Delta)| = O(t^2)", "Absil, Mahony, Sepulchre 2008, section 4",
                     lambda trial: np.asarray(max(0.0, 2 - steepest.slope)), Bound(TOLERANCE, q=0))]
    if riemannian and hasattr(space, "tangent_defect"):
        rows.append(Identity("gradient: tangent", "grad L is tangent at Y", r"\mathrm{grad}\,L \in T_Y\mathcal M",
                             "v4, section 2", lambda trial: space.tangent_defect(Y, gradient)
                             / max(float(np.linalg.norm(gradient) * np.max(trial.sigma)), 1e-300), Bound(100, p=2)))
    report = evaluate(trial, rows)
    return IdentityReport(report.records, report.not_covered, slopes)


def check_retraction(space: Any, retraction: Callable[[Array, Array], Array] | str, *,
                     rng: np.random.Generator | int = 0, dtype: Any = np.float64,
                     batch: tuple[int, ...] | None = None, cond: float = 10.0,
                     order: int | None = None) -> IdentityReport:
    r"""Verify a retraction: R(0) = Y, DR(0) = identity, that it stays on the space, and its measured order.

    Parameters
    ----------
    space : object
        The space.
    retraction : callable or str
        A function (Y, Delta) -> Y, or the name of a method of the space.
    rng, dtype, batch, cond
        As in :func:`~manifold_opt.verify.run`.
    order : int or None
        To which order it must follow the space's `geodesic`; None measures the axioms only.

    Returns
    -------
    IdentityReport
        False as a truth value if something failed; `slopes` has the fitted slopes and `draw` the picture.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel, verify
    >>> qr = lambda Y, Delta: np.linalg.qr(Y + Delta)[0]
    >>> sorted(verify.check_retraction(Stiefel(6, 2), qr).failed)
    ['retraction: DR(0) = identity', 'retraction: R(0) = Y', 'retraction: Taylor slope']
    >>> def qr_with_signs(Y, Delta):
    ...     Q, R = np.linalg.qr(Y + Delta)
    ...     return Q * np.sign(np.diagonal(R, axis1=-2, axis2=-1))[..., None, :]
    >>> bool(verify.check_retraction(Stiefel(6, 2), qr_with_signs, order=1))
    True
    """
    function = getattr(space, retraction) if isinstance(retraction, str) else retraction
    name = retraction if isinstance(retraction, str) else "retraction"
    others = {key: getattr(space, key) for key in RETRACTION_NAMES if hasattr(space, key)}
    trial = Trial(space, draw_seed(rng), dtype, batch, cond, retractions={**others, name: function})
    skipped = ("equivariant", "independent of the representative", "long steps")
    rows = [row for row in retraction_identities(name, order) if not row.name.endswith(skipped)]
    report = evaluate(trial, rows)
    slope = fit_slope(*taylor_errors(trial, name), 2.0, f"{name}: |R(t Delta) - Y - t Delta|")
    return IdentityReport(report.records, report.not_covered, [slope])


class _PointAt:
    """A space whose random points are one given point."""

    def __init__(self, space: Any, Y: Array) -> None:
        self._space, self._Y = space, Y

    def __getattr__(self, name: str) -> Any:
        return getattr(self._space, name)

    def __repr__(self) -> str:
        return repr(self._space)

    def random_point(self, rng: np.random.Generator) -> Array:
        return self._Y


def _at(space: Any, Y: Array, seed: int) -> Trial:
    return Trial(_PointAt(space, Y), seed, Y.dtype, ())


def _directions(trial: Trial, gradient: Array, riemannian: bool) -> list[Array]:
    directions = [trial.tangent(f"direction {k}") for k in range(DIRECTIONS)]
    if riemannian:
        own = gradient
    elif hasattr(trial.space, "riemannian_gradient"):
        own = trial.space.riemannian_gradient(trial.Y, gradient)
    else:
        return directions
    if riemannian and hasattr(trial.space, "project_tangent"):
        own = trial.space.project_tangent(trial.Y, own)
    length = np.linalg.norm(own) * np.linalg.norm(trial.Y)
    return [*directions, own / length] if length > 0 else directions


def _pairing(trial: Trial, gradient: Array, Delta: Array, riemannian: bool) -> float:
    if riemannian:
        return float(trial.space.metric(trial.Y, gradient, Delta))
    return float(np.sum(gradient * Delta))


def _remainder(trial: Trial, fun: Callable[[Array], Any], curve: Callable[[Array, Array], Array], Delta: Array,
               derivative: float) -> Slope:
    steps = 2.0 ** -np.arange(1, 26 if trial.eps < 1e-10 else 12)
    start = float(fun(trial.Y))
    values = np.array([float(fun(curve(trial.Y, trial.dtype.type(t) * Delta))) for t in steps])
    size = max(abs(start), float(np.max(abs(values))), abs(derivative))
    return fit_slope(steps, abs(values - start - steps * derivative), 100 * trial.eps * trial.condition * size, 2.0,
                     "|L(R(t Delta)) - L(Y) - t dL(Delta)|")
