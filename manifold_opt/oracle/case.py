"""A case: inputs, the numbers that a backend should return, and how far it may be from them."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from manifold_opt.arrays.checks import Array

__all__ = ["Case"]


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
