"""The check of a user's own retraction."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.verify.identities.retractions import retraction_identities, taylor_errors
from manifold_opt.verify.report import IdentityReport
from manifold_opt.verify.run import draw_seed, evaluate
from manifold_opt.verify.slopes import fit_slope
from manifold_opt.verify.trial import RETRACTION_NAMES, Trial

__all__ = ["check_retraction"]


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
        False as a truth value if something failed; `slopes` has the fitted slopes and `draw` the picture. In the line
        that repeats a record, `retraction` is the argument of this call.

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
    given = repr(retraction) if isinstance(retraction, str) else "retraction"
    line = (f'verify.check_retraction({space!r}, {given}, rng={trial.seed}, dtype="{trial.dtype.name}", '
            f"batch={trial.batch}, cond={trial.cond}, order={order})")
    records = [replace(record, reproduce=line) for record in report]
    slope = fit_slope(*taylor_errors(trial, name), 2.0, f"{name}: |R(t Delta) - Y - t Delta|")
    return IdentityReport(records, report.not_covered, [slope])
