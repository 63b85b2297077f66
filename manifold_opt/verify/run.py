"""The run over all identities."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array
from manifold_opt.verify import identities as _subjects  # noqa: F401  (fills the registry)
from manifold_opt.verify.identity import IDENTITIES, Identity
from manifold_opt.verify.report import Record, IdentityReport
from manifold_opt.verify.trial import NotCovered, Trial

__all__ = ["run", "evaluate", "draw_seed"]


def run(space: Any, *, rng: np.random.Generator | int = 0, dtype: npt.DTypeLike = np.float64,
        batch: tuple[int, ...] | None = None, cond: float = 10.0, scale: float = 1.0,
        identities: Iterable[str | Identity] | None = None, method: Any = None,
        retractions: Mapping[str, Callable[[Array, Array], Array]] | None = None) -> IdentityReport:
    r"""Verify the identities on a space.

    Any object with `shape` and `random_point(rng)` is a space here. Every further method that it offers makes more
    identities measurable; those for which a method is missing are listed as not covered. Methods used if there:
    `point_defect`, `tangent_defect`, `project_tangent`, `random_tangent`, `metric`, `riemannian_gradient`,
    `horizontal_lift`, `global_section`, `geodesic`, `cayley`, `riemannian_geodesic`, `distance`, `canonical_point`,
    `dimension`, `group`, `adjoint`, `tangent_space`, `inverse_cayley`, `log`, `nearest_point`, `parallel_transport`.

    Parameters
    ----------
    space : object
        One of the library's spaces, or an object of your own.
    rng : int or numpy.random.Generator
        The seed, or a generator from which one is drawn. The outcome is determined by the seed, which the records
        name.
    dtype : dtype
        float32 or float64.
    batch : tuple of int or None
        Stack of points; None means (4,) if `random_point` takes a batch.
    cond : float
        Condition number of the points of the symplectic spaces.
    scale : float
        Length of the tangent vectors (at most 1 on the symplectic spaces, where long steps overflow).
    identities : iterable of str or Identity, or None
        Names from :data:`~manifold_opt.verify.IDENTITIES`, or identities of your own; None means all.
    method : object or None
        An optimization method such as :class:`~manifold_opt.optimizers.Adam`, to be compared with the textbook.
    retractions : mapping or None
        Functions (Y, Delta) -> Y to take the place of the methods `geodesic`, `cayley`, `riemannian_geodesic`.

    Returns
    -------
    IdentityReport
        False as a truth value if an identity failed.

    Raises
    ------
    TypeError
        If the space has no `shape` or no `random_point`.
    ValueError
        If the name of an identity is unknown.

    Examples
    --------
    >>> from manifold_opt import Adam, Stiefel, SymplecticStiefel, verify
    >>> bool(verify.run(Stiefel(6, 2), rng=1, method=Adam()))
    True
    >>> bool(verify.run(SymplecticStiefel(6, 2), rng=1, cond=100.0))
    True
    """
    trial = Trial(space, draw_seed(rng), dtype, batch, cond, scale, method, retractions)
    chosen = list(IDENTITIES.values()) if identities is None else [_look_up(one) for one in identities]
    return evaluate(trial, chosen)


def draw_seed(rng: np.random.Generator | int) -> int:
    """The seed itself, or one drawn from a generator."""
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**31))
    if isinstance(rng, bool) or not isinstance(rng, (int, np.integer)):
        raise TypeError(f"rng must be a seed or a NumPy generator: got {type(rng).__name__}")
    return int(rng)


def evaluate(trial: Trial, identities: Iterable[Identity]) -> IdentityReport:
    """Measure identities in a trial.

    Parameters
    ----------
    trial : Trial
        The setting.
    identities : iterable of Identity
        What to measure.

    Returns
    -------
    IdentityReport

    Examples
    --------
    >>> from manifold_opt import Stiefel, verify
    >>> trial = verify.Trial(Stiefel(6, 2), seed=3)
    >>> bool(verify.evaluate(trial, verify.IDENTITIES.values()))
    True
    """
    records: list[Record] = []
    not_covered: list[tuple[str, str, str]] = []
    for identity in identities:
        obstacle = identity.obstacle(trial)
        if obstacle is None:
            try:
                records.append(_measure(trial, identity))
                continue
            except (NotCovered, NotImplementedError) as reason:
                obstacle = str(reason) or "the space does not implement what this measures"
        not_covered.append((repr(trial.space), identity.name, obstacle))
    return IdentityReport(records, not_covered)


def _measure(trial: Trial, identity: Identity) -> Record:
    """One record; an error that the space raises is a failure, with its message."""
    message, residual = "", float("nan")
    try:
        with np.errstate(all="ignore"):
            residual = float(np.max(identity.residual(trial), initial=0.0))
    except (NotCovered, NotImplementedError):
        raise
    except Exception as error:  # the space under test may raise anything
        message = f"{type(error).__name__}: {error}"
    bound = identity.bound(trial.dtype, trial.N, trial.condition)
    return Record(identity.name, identity.formula, identity.place, repr(trial.space), trial.shape, trial.batch,
                  trial.dtype.name, trial.seed, trial.condition, residual, bound,
                  residual / trial.eps if identity.bound.q else float("nan"),
                  identity.bound.law, bool(residual <= bound), message, _reproduce(trial, identity))


def _reproduce(trial: Trial, identity: Identity) -> str:
    """The line that repeats a record; `identity` and `retractions` are what the caller gave, if that has no text."""
    scale = "" if trial.scale == 1.0 else f", scale={trial.scale}"
    method = "" if trial.method is None else f", method={trial.method!r}"
    retractions = ", retractions=retractions" if trial.own_retractions else ""
    name = f'"{identity.name}"' if IDENTITIES.get(identity.name) is identity else "identity"
    return (f'verify.run({trial.space!r}, rng={trial.seed}, dtype="{trial.dtype.name}", batch={trial.batch}, '
            f'cond={trial.cond}{scale}{method}{retractions}, identities=[{name}])')


def _look_up(name: str | Identity) -> Identity:
    if isinstance(name, Identity):
        return name
    if name not in IDENTITIES:
        raise ValueError(f"identities must be names of verify.IDENTITIES: got {name!r}")
    return IDENTITIES[name]
