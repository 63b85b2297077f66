"""A case: inputs, the numbers that a backend should return, and how far it may be from them."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any, final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle import decimals

__all__ = ["Case", "conditioned"]

PERTURBATION = Decimal(2)**-83
"""Relative size of the perturbations that measure conditions; its square is far below the last digit."""


@final
@dataclass(frozen=True)
class Case:
    """One case of the oracle.

    Attributes
    ----------
    id, group : str
        Name of the case and of the file in which it lies.
    kind : str
        A key of :data:`~manifold_opt.oracle.quantities.KINDS`: what it asks.
    parameters : dict
        JSON-able values: space, shape, dtype, method, hyper, retraction and so on, as far as they apply.
    arrays : dict of str to numpy.ndarray
        Inputs and expected values by the names of :data:`~manifold_opt.oracle.quantities.QUANTITIES`. In cases of the
        kind "step" the first axis counts steps.
    scales : dict of str to float
        For each expected value the unit of its errors, besides eps, if its operation is called with the arrays of the
        case: the larger of its largest entry and of its change under a relative change of the inputs, per unit.
    step_scales : dict of str to float
        The same if the whole step is one operation.

    Examples
    --------
    >>> from manifold_opt import oracle
    >>> case = oracle.load_cases("stiefel-6x2-float64-adam-cayley")[0]
    >>> case.kind, case.parameters["method"], case.arrays["Y_new"].shape
    ('step', 'adam', (5, 6, 2))
    """

    id: str
    group: str
    kind: str
    parameters: dict[str, Any]
    arrays: dict[str, Array]
    scales: dict[str, float]
    step_scales: dict[str, float] = field(default_factory=dict)

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64."""
        return np.dtype(str(self.parameters["dtype"]))

    @property
    def eps(self) -> float:
        """The machine epsilon of the dtype."""
        return float(np.finfo(self.dtype).eps)


def conditioned(function: Callable[[Mapping[str, Array]], dict[str, Array]],
                inputs: Mapping[str, Array]) -> tuple[dict[str, Array], dict[str, float]]:
    """The values of a function of decimals, and the unit of its errors.

    Parameters
    ----------
    function : callable
        From a dict of object arrays to a dict of object arrays.
    inputs : mapping
        Its argument. Every entry is changed by a random relative amount to measure the condition.

    Returns
    -------
    values : dict of str to numpy.ndarray
        Object arrays.
    scales : dict of str to float
        For each value the larger of its largest entry and of its change per relative change of the inputs, to three
        digits; 1 for a value that is zero.

    Examples
    --------
    >>> from manifold_opt.oracle import decimals
    >>> from manifold_opt.oracle.case import conditioned
    >>> with decimals.context():
    ...     X = decimals.exact([1000.0])
    ...     values, scales = conditioned(lambda arrays: {"difference": arrays["X"] - 999}, {"X": X})
    >>> scales["difference"] > 100
    True
    """
    random = Random("condition")
    values = function(inputs)
    changed = function({name: _perturbed(random, X) for name, X in inputs.items()})
    scales = {}
    for name, X in values.items():
        unit = max(decimals.largest(X), decimals.largest(np.subtract(changed[name], X, dtype=object)) / PERTURBATION)
        scales[name] = float(f"{unit:.2e}") or 1.0
    return values, scales


def _perturbed(random: Random, X: Array) -> Array:
    signs = np.array([1 - 2 * random.getrandbits(1) for _ in range(X.size)], dtype=object).reshape(X.shape)
    return np.asarray(X * (1 + PERTURBATION * signs)) if X.size else X
