"""What every check returns: a truth value, the failures, a text and an exit code."""
from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

__all__ = ["Report"]


class Report(ABC):
    """The outcome of a check: true if something was measured and nothing failed.

    So ``assert check(...)`` is a test, and a check that measured nothing does not pass it. The final classes say what
    their results are.

    Attributes
    ----------
    measured, failures : sequence
        The results that were measured, and those of them that failed.

    Examples
    --------
    >>> from manifold_opt import Stiefel, oracle, verify
    >>> right = verify.run(Stiefel(6, 2))
    >>> agrees = oracle.check(oracle.NumpyBackend(), cases="steps_euclidean")
    >>> nothing = verify.run(Stiefel(6, 2), identities=[])
    >>> [(bool(report), report.exit_code) for report in (right, agrees, nothing)]
    [(True, 0), (True, 0), (False, 2)]
    """

    @property
    @abstractmethod
    def measured(self) -> Sequence[Any]:
        """The results that were measured; what was not covered is not among them."""

    @property
    @abstractmethod
    def failures(self) -> Sequence[Any]:
        """The measured results that failed."""

    @abstractmethod
    def __str__(self) -> str:
        """The whole report as text."""

    def __bool__(self) -> bool:
        return len(self.measured) > 0 and len(self.failures) == 0

    @property
    def exit_code(self) -> int:
        """0 if all that was measured passed, 1 if something failed, 2 if nothing was measured."""
        return 1 if self.failures else 0 if self.measured else 2
