"""What a check found: one result for each operation and case, and their summary."""
from __future__ import annotations

from dataclasses import dataclass
from math import inf, log10
from typing import final

from manifold_opt.report import Report

__all__ = ["BackendReport", "Result"]

VERDICTS = ("agrees", "departs", "fails", "not covered", "expected")
"""Within tolerance; beyond it; raised an exception or returned something of the wrong name, shape or dtype; not
offered; departs or fails where a list of expected departures says so."""


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
        What went wrong, for "fails"; the step and the block, for "departs"; the reason, for "not covered".
    compared, expected : int
        How many quantities were returned and compared, and how many there are.
    missing : tuple of str
        Those that were not returned.
    eps : float
        The machine epsilon of the case.
    wide : bool
        Whether float64 was returned for float32.
    diagnosis : str
        The known mistake that gives this answer, if there is one.

    Examples
    --------
    >>> from manifold_opt.oracle.report import Result
    >>> print(Result("retract", "stiefel-6x2-float64-adam-cayley", "departs", "R", 1e9, 98.0, "step 1"))
    departs      retract: R of stiefel-6x2-float64-adam-cayley off by 1e+09 eps, tolerance 98 eps, 6.7 digits (step 1)
    """

    operation: str
    case: str
    verdict: str
    quantity: str = ""
    error: float = 0.0
    tolerance: float = 0.0
    message: str = ""
    compared: int = 0
    expected: int = 0
    missing: tuple[str, ...] = ()
    eps: float = 2.0**-52
    wide: bool = False
    diagnosis: str = ""

    @property
    def share(self) -> float:
        """The error as a part of its tolerance."""
        return self.error / self.tolerance if self.tolerance else self.error

    @property
    def digits(self) -> float:
        """Correct digits, in units of the scale of the case."""
        return max(0.0, -log10(max(self.error, 0.5) * self.eps)) if self.error < inf else 0.0

    def __str__(self) -> str:
        text = f"{self.verdict:12} {self.operation}: "
        where = f" ({self.message})" if self.message else ""
        form = f"; departures of this form: {self.diagnosis}" if self.diagnosis else ""
        if self.verdict in ("agrees", "departs") and self.quantity:
            return (f"{text}{self.quantity} of {self.case} off by {self.error:.2g} eps, "
                    f"tolerance {self.tolerance:.2g} eps, {self.digits:.1f} digits{where}{form}")
        return f"{text}{self.case}{where}{form}"


@final
@dataclass(frozen=True)
class BackendReport(Report):
    """All results of a check.

    Attributes
    ----------
    results : tuple of Result
        In the order of the operations.
    notes : tuple of str
        What is worth saying besides, such as names that are near to those of the oracle.

    Examples
    --------
    >>> from manifold_opt import oracle
    >>> report = oracle.check(oracle.NumpyBackend(), cases="steps_euclidean")
    >>> bool(report), report.exit_code
    (True, 0)
    """

    results: tuple[Result, ...]
    notes: tuple[str, ...] = ()

    @property
    def covered(self) -> tuple[Result, ...]:
        """The results of operations that the backend answers."""
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
                 f"{'quantities':>13}{'largest error':>18}{'digits':>8}  of quantity"]
        for operation in dict.fromkeys(result.operation for result in self.results):
            lines.append(_line(operation, [r for r in self.results if r.operation == operation]))
        for operation in dict.fromkeys(result.operation for result in self.departures):
            departures = [result for result in self.departures if result.operation == operation]
            lines += ["", *map(str, departures[:most])]
            if len(departures) > most:
                lines.append(f"{'':12} ... and {len(departures) - most} more of {operation}")
        return "\n".join([*lines, "", *self.remarks, self.verdict])

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the verdict does not count: quantities that were not returned, wide numbers, and the notes."""
        missing: dict[str, list[str]] = {}
        for result in self.covered:
            missing.setdefault(result.operation, []).extend(result.missing)
        lines = [f"not returned by {operation}: {', '.join(dict.fromkeys(names))}"
                 for operation, names in missing.items() if names]
        if wide := dict.fromkeys(result.operation for result in self.results if result.wide):
            lines.append(f"float64 returned for float32 by {', '.join(wide)}")
        return (*lines, *self.notes)

    @property
    def uncovered(self) -> dict[str, str]:
        """The operations that are not covered, or not in every case, and why."""
        found: dict[str, str] = {}
        for operation in dict.fromkeys(result.operation for result in self.results):
            results = [result for result in self.results if result.operation == operation]
            reasons = [result.message for result in results if result.verdict == "not covered"]
            if reasons:
                share = "" if len(reasons) == len(results) else f"{len(reasons)} of {len(results)} cases"
                told = ", ".join(dict.fromkeys(filter(None, reasons)))
                found[operation] = ": ".join(filter(None, (share, told)))
        return found

    @property
    def verdict(self) -> str:
        """One line: whether the backend agrees, what is not covered, and where to look first."""
        if not self.covered and not self.departures:
            return "nothing covered: the backend offers none of the operations of these cases" + self._without()
        first = self.first_departure
        if first is None:
            agreed = sum(result.verdict == "agrees" for result in self.results)
            return f"agrees: {agreed} checks{self._without()}"
        form = f"; departures of this form: {first.diagnosis}" if first.diagnosis else ""
        return (f"departs: {len(self.departures)} of {len(self.covered)} checks; look first at {first.operation}, "
                f"quantity {first.quantity or '(none compared)'}{form}{self._without()}")

    def _without(self) -> str:
        lacking = [f"{name} ({reason})" if reason else name for name, reason in self.uncovered.items()]
        expected = [result for result in self.results if result.verdict == "expected"]
        text = f"; departs as expected: {len(expected)}" if expected else ""
        return f"{text}; not covered: {', '.join(lacking)}" if lacking else text

    def __str__(self) -> str:
        return self.summary()


def _line(operation: str, results: list[Result]) -> str:
    count = [sum(result.verdict == verdict for result in results) for verdict in VERDICTS]
    compared, expected = (sum(getattr(r, name) for r in results if r.verdict != "not covered")
                          for name in ("compared", "expected"))
    line = f"{operation:22}{len(results):6}{count[0]:7}{count[1]:8}{count[2]:6}{count[3]:11}"
    line += f"{f'{compared}/{expected}':>13}"
    measured = [result for result in results if result.verdict in ("agrees", "departs") and result.quantity]
    if not measured:
        return line
    worst = max(measured, key=lambda result: result.share)
    return f"{line}{f'{worst.error:.2g} eps':>18}{worst.digits:8.1f}  {worst.quantity} ({worst.case})"
