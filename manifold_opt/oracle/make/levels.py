"""The level of each case."""
from __future__ import annotations

from fnmatch import fnmatchcase

from manifold_opt.oracle.case import Case

__all__ = ["level_of"]

SMALLEST = ("*-6x2-float64-adam-cayley", "euclidean-3x2-float64-adam-cayley", "*-6x2-float64-condition1-geometry",
            "transformer-small-float64-*", "stiefel-6x2-float64-reflector-kept-cayley", "stiefel-*-float64-restoration",
            "stiefel-*-float64-stack-cayley", "*-7x2-float64-angles-usual", "stiefel-*-condition1-inverse_cayley",
            "complex_stiefel-5x2-float64-adam-cayley", "stiefel-5x2-float64-log-usual")
HARDEST = ("degenerate", "step_1000", "long_steps", "refusals")


def level_of(case: Case) -> str:
    """The first of the levels to which a case belongs."""
    condition = float(case.parameters.get("condition", 0))
    # the smallest of each kind; the rest of float64; float32 and large ones; far out, late, ill-conditioned, refused
    if condition >= 100 or case.group in HARDEST or case.parameters.get("gain", 1.0) > 1:
        return "hard"
    if case.parameters["dtype"] == "float32" or case.group == "weights":
        return "full"
    return "smoke" if any(fnmatchcase(case.id, pattern) for pattern in SMALLEST) else "core"
