"""What a check found: one result for each operation and case, and their summary."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

from manifold_opt.report import Report

__all__ = ["BackendReport", "Result"]

VERDICTS = ("agrees", "departs", "fails", "not covered")
"""Within tolerance; beyond it; raised an exception or returned something of the wrong shape; not offered."""


@final
@dataclass(frozen=True)
class Result:
    """One operation on one case.

    Attributes
    ----------
    operation, case : str
        Names.
    verdict : str
        "agrees", "departs", "fails" or "not covered".
    quantity : str
        The first quantity that departs; otherwise the one with the largest share of its tolerance.
    error, tolerance : float
        Largest error of that quantity in eps (of the scale of the case), and what is allowed.
    message : str
        What went wrong, for "fails"; where the largest error lies, for "departs".

    Examples
    --------
    >>> from manifold_opt.oracle.report import Result
    >>> print(Result("retract", "stiefel-6x2-float64-adam-cayley", "departs", "R", 1e9, 98.0, "step 1"))
    departs      retract: R of stiefel-6x2-float64-adam-cayley off by 1e+09 eps, tolerance 98 eps (step 1)
    """

    operation: str
    case: str
    verdict: str
    quantity: str = ""
    error: float = 0.0
    tolerance: float = 0.0
    message: str = ""

    def __str__(self) -> str:
        text = f"{self.verdict:12} {self.operation}: "
        where = f" ({self.message})" if self.message else ""
        if self.verdict in ("agrees", "departs"):
            return (f"{text}{self.quantity} of {self.case} off by {self.error:.2g} eps, "
                    f"tolerance {self.tolerance:.2g} eps{where}")
        return f"{text}{self.case}{where}"


@final
@dataclass(frozen=True)
class BackendReport(Report):
    """All results of a check.

    Attributes
    ----------
    results : tuple of Result
        In the order of the operations.

    Examples
    --------
    >>> from manifold_opt import oracle
    >>> report = oracle.check(oracle.NumpyBackend(), cases="steps_euclidean")
    >>> bool(report), report.exit_code
    (True, 0)
    """

    results: tuple[Result, ...]

    @property
    def covered(self) -> tuple[Result, ...]:
        """The results of operations that the backend offers."""
        return tuple(result for result in self.results if result.verdict != "not covered")

    @property
    def departures(self) -> tuple[Result, ...]:
        """The results that depart or fail."""
        return tuple(result for result in self.results if result.verdict in ("departs", "fails"))

    @property
    def measured(self) -> tuple[Result, ...]:
        """What is covered, under the name that all reports share."""
        return self.covered

    @property
    def failures(self) -> tuple[Result, ...]:
        """The departures, under the name that all reports share."""
        return self.departures

    @property
    def passed(self) -> bool:
        """The truth value of the report under a name."""
        return bool(self)

    @property
    def first_departure(self) -> Result | None:
        """Where to look first: operations are in the order in which their quantities arise in a step."""
        return self.departures[0] if self.departures else None

    def summary(self, most: int = 3) -> str:
        """A table of the operations, and the first departures of each.

        Parameters
        ----------
        most : int
            How many departures of each operation are shown.

        Returns
        -------
        str
        """
        lines = [f"{'operation':22}{'cases':>6}{'agree':>7}{'depart':>8}{'fail':>6}{'uncovered':>11}"
                 f"{'largest error':>18}  of quantity"]
        for operation in dict.fromkeys(result.operation for result in self.results):
            lines.append(self._line(operation, [r for r in self.results if r.operation == operation]))
        for operation in dict.fromkeys(result.operation for result in self.departures):
            departures = [result for result in self.departures if result.operation == operation]
            lines += ["", *map(str, departures[:most])]
            if len(departures) > most:
                lines.append(f"{'':12} ... and {len(departures) - most} more of {operation}")
        lines += ["", self.verdict]
        return "\n".join(lines)

    def _line(self, operation: str, results: Iterable[Result]) -> str:
        results = list(results)
        count = [sum(result.verdict == verdict for result in results) for verdict in VERDICTS]
        line = f"{operation:22}{len(results):6}{count[0]:7}{count[1]:8}{count[2]:6}{count[3]:11}"
        measured = [result for result in results if result.verdict in ("agrees", "departs")]
        if not measured:
            return line
        worst = max(measured, key=lambda result: result.error)
        return f"{line}{f'{worst.error:.2g} eps':>18}  {worst.quantity} ({worst.case})"

    @property
    def verdict(self) -> str:
        """One line: whether the backend agrees, and where to look first."""
        if not self.covered:
            return "nothing covered: the backend offers none of the operations of these cases"
        first = self.first_departure
        if first is None:
            return f"agrees: {len(self.covered)} checks"
        return f"departs: {len(self.departures)} of {len(self.covered)} checks; look first at {first.operation}, " \
               f"quantity {first.quantity or '(none returned)'}"

    def __str__(self) -> str:
        return self.summary()
