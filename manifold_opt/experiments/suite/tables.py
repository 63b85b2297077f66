"""Results as text tables."""
from __future__ import annotations

from collections.abc import Mapping, Sequence

from manifold_opt.experiments.records import Record
from manifold_opt.experiments.suite.statistics import TARGETS, Summary, summarize

__all__ = ["counts_table", "shares_table", "times_table"]


def shares_table(groups: Mapping[str, tuple[Sequence[Record], str]]) -> str:
    """One line a group: the share that trains with its interval; loss, accuracy and epochs of those that train.

    Parameters
    ----------
    groups : mapping of str to (sequence of Record, str)
        Records and loss function of each group.

    Returns
    -------
    str

    Examples
    --------
    >>> from manifold_opt.experiments import Record
    >>> from manifold_opt.experiments.suite.tables import shares_table
    >>> record = Record().extended([0.75], 0.5, 3.0, 2.0)
    >>> print(shares_table({"Adam": ([record, record], "relative")}))
    group           trains  95 % interval  loss if it trains       accuracy in %         epochs to 1.0   to 0.8  defect
    Adam            2 of 2      34..100 %  0.750 (0.750..0.750)    50.0 (50.0..50.0)     1.0 (2)        1.0 (2)       3
    """
    width = max(14, *(len(name) for name in groups)) if groups else 14
    lines = [f"{'group':<{width}}{'trains':>10}  {'95 % interval':>13}  {'loss if it trains':<22}  "
             f"{'accuracy in %':<20}  {'epochs to 1.0':<14}{'to 0.8':>9}  defect"]
    for name, (records, loss) in groups.items():
        summary = summarize(records, loss)
        low, high = (100 * end for end in summary.interval)
        lines.append(f"{name:<{width}}{f'{summary.trained} of {summary.seeds}':>10}  {f'{low:.0f}..{high:.0f} %':>13}  "
                     f"{_spread(summary.loss, 3):<22}  {_spread(summary.accuracy, 1, 100):<20}  "
                     f"{_reached(summary, TARGETS[0]):<14}{_reached(summary, TARGETS[1]):>9}  {summary.defect:>6.3g}")
    return "\n".join(line.rstrip() for line in lines)


def counts_table(title: str, counts: Mapping[str, Mapping[str, str]]) -> str:
    """How many seeds train: one line a method, one column a setting; "-" where nothing is known.

    Examples
    --------
    >>> from manifold_opt.experiments.suite.tables import counts_table
    >>> print(counts_table("seeds by L", {"Adam": {"2": "20 of 20", "16": "17 of 20"}, "free": {"16": "0 of 20"}}))
    seeds by L         2        16
    Adam        20 of 20  17 of 20
    free               -   0 of 20
    """
    columns = list(dict.fromkeys(column for found in counts.values() for column in found))
    rows = [[title, *columns], *([name, *(found.get(column, "-") for column in columns)]
                                 for name, found in counts.items())]
    widths = [max(len(row[place]) for row in rows) for place in range(len(columns) + 1)]
    return "\n".join("  ".join(f"{entry:{'<' if place == 0 else '>'}{widths[place]}}"
                               for place, entry in enumerate(row)) for row in rows)


def times_table(groups: Mapping[str, Sequence[Record]]) -> str:
    """One line a group: median seconds of an epoch, and to the targets."""
    width = max(14, *(len(name) for name in groups)) if groups else 14
    lines = [f"{'group':<{width}}  seconds an epoch  to loss 1.0  to loss 0.8"]
    for name, records in groups.items():
        summary = summarize(records)
        epochs = sorted(seconds for record in records for seconds in record.seconds)
        middle = f"{epochs[len(epochs) // 2]:.2f}" if epochs else "-"
        times = [f"{quartile[1]:.1f}" if (quartile := summary.seconds[target]) else "-" for target in TARGETS]
        lines.append(f"{name:<{width}}  {middle:>16}  {times[0]:>11}  {times[1]:>11}")
    return "\n".join(lines)


def _spread(values: tuple[float, float, float] | None, digits: int, factor: float = 1.0) -> str:
    """Median and quartiles."""
    if values is None:
        return "-"
    low, middle, high = (f"{factor * value:.{digits}f}" for value in values)
    return f"{middle} ({low}..{high})"


def _reached(summary: Summary, target: float) -> str:
    """Median of the epochs to a loss, and how many runs reach it."""
    epochs = summary.epochs[target]
    return "-" if epochs is None else f"{epochs[1]:.1f} ({summary.reached[target]})"
