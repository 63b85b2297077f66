"""Reports: what was measured, against which bound, and how to reproduce it."""
from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

from manifold_opt.report import Report
from manifold_opt.verify.slopes import Slope

__all__ = ["IdentityReport", "Record"]


@final
@dataclass(frozen=True)
class Record:
    """The outcome of one identity on one trial.

    Attributes
    ----------
    identity, formula, place : str
        Of the identity.
    space : str
        The space as it prints itself.
    shape, batch : tuple of int
        Shape of a point and of the stack.
    dtype : str
        float32 or float64.
    seed : int
        Seed of the trial.
    condition : float
        Largest condition number of the points.
    residual, bound : float
        The largest relative residual of the stack, and its bound.
    in_eps : float
        The residual in units of eps(dtype); NaN where it is no rounding error (ranks, slopes, standard errors).
    law : str
        The bound as a formula.
    passed : bool
        Whether the residual is a number within the bound.
    message : str
        The error that was raised, if one was.
    reproduce : str
        The line of Python that repeats the measurement, with the names of the package and, where an argument has no
        text, the name of the parameter: `fun`, `grad`, `Y`, `retraction`, `retractions`, `identity`.

    Examples
    --------
    >>> from manifold_opt import Stiefel, verify
    >>> record = verify.run(Stiefel(6, 2), identities=["point: on the space"]).records[0]
    >>> record.passed, record.law
    (True, '10 eps sqrt(N)')
    >>> print(record.reproduce)
    verify.run(Stiefel(6, 2), rng=0, dtype="float64", batch=(4,), cond=10.0, identities=["point: on the space"])
    """

    identity: str
    formula: str
    place: str
    space: str
    shape: tuple[int, ...]
    batch: tuple[int, ...]
    dtype: str
    seed: int
    condition: float
    residual: float
    bound: float
    in_eps: float
    law: str
    passed: bool
    message: str
    reproduce: str

    def __str__(self) -> str:
        """The failure (or success) with all that is needed to repeat it."""
        verdict = "passed" if self.passed else "FAILED"
        measured = f"residual {self.residual:.1e} ({_in_eps(self)} eps), bound {self.bound:.1e} = {self.law}"
        detail = self.message or measured
        return (f"{verdict}: {self.identity}: {self.formula} on {self.space}: {detail}; seed {self.seed}, shape "
                f"{self.shape}, batch {self.batch}, {self.dtype}, condition {self.condition:.1e}\n    {self.reproduce}")


@final
class IdentityReport(Report):
    """A list of records; true if there is one and all of them passed.

    Parameters
    ----------
    records : list of Record
        What was measured.
    not_covered : list of (str, str, str)
        Space, identity and reason for each identity that could not be measured.
    slopes : list of Slope
        Fitted slopes, if the report is one of a gradient or retraction check.

    Examples
    --------
    >>> from manifold_opt import Stiefel, verify
    >>> report = verify.run(Stiefel(6, 2))
    >>> bool(report), len(report) > 60, report.failures
    (True, True, [])
    >>> sorted(report.to_dict())[:5]
    ['batch', 'bound', 'condition', 'dtype', 'formula']
    """

    def __init__(self, records: list[Record], not_covered: list[tuple[str, str, str]] | None = None,
                 slopes: list[Slope] | None = None) -> None:
        self.records, self.not_covered, self.slopes = list(records), list(not_covered or []), list(slopes or [])

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __add__(self, other: IdentityReport) -> IdentityReport:
        """One report of both."""
        return IdentityReport(self.records + other.records, self.not_covered + other.not_covered,
                              self.slopes + other.slopes)

    @property
    def measured(self) -> list[Record]:
        """All records."""
        return self.records

    @property
    def failures(self) -> list[Record]:
        """The records that did not pass."""
        return [record for record in self.records if not record.passed]

    @property
    def failed(self) -> set[str]:
        """The names of the identities that failed."""
        return {record.identity for record in self.failures}

    def __str__(self) -> str:
        """The table, the fitted slopes, the failures in full and the numbers."""
        return "\n".join([self.table(), *map(str, self.slopes), self.summary()])

    def table(self) -> str:
        """One line a record."""
        lines = [f"{'identity':<62} {'space':<26} {'dtype':<8} {'residual':>9} {'in eps':>9} {'bound':>9}  passed"]
        lines += [f"{r.identity:<62} {r.space:<26} {r.dtype:<8} {r.residual:9.1e} {_in_eps(r):>9} {r.bound:9.1e}  "
                  f"{'yes' if r.passed else 'NO'}" for r in self.records]
        return "\n".join(lines)

    def summary(self) -> str:
        """The failures in full, and the numbers of passed, failed and uncovered identities."""
        lines = [str(record) for record in self.failures]
        passed = len(self.records) - len(self.failures)
        lines.append(f"{passed} passed, {len(self.failures)} failed, {len(self.not_covered)} not covered")
        return "\n".join(lines)

    def worst(self) -> dict[str, Record]:
        """For each identity the record that comes nearest to its bound (or exceeds it most)."""
        worst: dict[str, Record] = {}
        for record in self.records:
            other = worst.get(record.identity)
            if other is None or _closeness(record) > _closeness(other):
                worst[record.identity] = record
        return worst

    def to_dict(self) -> dict[str, list[Any]]:
        """Columns of equal length, as a DataFrame takes them."""
        names = list(Record.__dataclass_fields__)
        return {name: [getattr(record, name) for record in self.records] for name in names}

    def to_json(self, *, indent: int | None = None) -> str:
        """Records and what was not covered as JSON text; numbers that are not finite become null."""
        rows = [{name: _plain(getattr(record, name)) for name in Record.__dataclass_fields__}
                for record in self.records]
        uncovered = [{"space": space, "identity": name, "reason": reason} for space, name, reason in self.not_covered]
        return json.dumps({"passed": bool(self), "records": rows, "not_covered": uncovered}, indent=indent,
                          allow_nan=False)

    def draw(self, ax: Any = None) -> Any:
        """The log-log picture of the fitted slopes.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or None
            Where to draw; None makes a new figure.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ValueError
            If the report holds no slopes.
        """
        if not self.slopes:
            raise ValueError("a report must hold slopes to be drawn: got none (use check_gradient or check_retraction)")
        for slope in self.slopes:
            ax = slope.draw(ax)
        return ax


def _in_eps(record: Record) -> str:
    return "-" if record.in_eps != record.in_eps else f"{record.in_eps:.1f}"


def _closeness(record: Record) -> float:
    if not record.passed and not record.residual <= record.bound:
        return float("inf")
    return record.residual / record.bound if record.bound else record.residual


def _plain(value: Any) -> Any:
    """Tuples as lists, and None for numbers that JSON does not have."""
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return list(value) if isinstance(value, tuple) else value
