"""Sentences that say what the runs show, and no more; from too few seeds nothing is claimed."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from manifold_opt.experiments.suite.experiment import Result, records
from manifold_opt.experiments.suite.statistics import (MINIMUM_SEEDS, SignTest, Summary, sign_test, summarize,
                                                       trains)

__all__ = ["TOO_FEW", "Contrast", "compare", "contrast", "differences", "pairs_table", "share", "summary_of", "winner"]

TOO_FEW = "too few seeds to tell"

LEVEL = 0.05
"""Differences that chance would make more often are not called differences."""


def summary_of(group: Sequence[Result]) -> Summary:
    """The summary of a group of trainings."""
    return summarize(records(group), group[0].run.settings.loss)


def share(name: str, group: Sequence[Result]) -> str:
    """How many of the seeds train, with the interval of the share.

    Parameters
    ----------
    name : str
        What the sentence calls the group.
    group : sequence of Result
        Its results, one a seed.

    Returns
    -------
    str
        A clause without full stop.
    """
    if len(group) < MINIMUM_SEEDS:
        return f"{name}: {TOO_FEW} ({len(group)})"
    summary = summary_of(group)
    low, high = (100 * end for end in summary.interval)
    loss = "" if summary.loss is None else f", with a median loss of {summary.loss[1]:.3f}"
    return f"{name} trains for {summary.trained} of {summary.seeds} seeds ({low:.0f} to {high:.0f} %){loss}"


@final
@dataclass(frozen=True)
class Contrast:
    """Two methods with the same seeds: in how often they train, and in the loss where both do.

    Attributes
    ----------
    pairs, both : int
        How many seeds both have, and for how many of them both train.
    success, loss : SignTest
        For how many seeds the one trains and the other does not; where both train, which has the lower loss.
    """

    pairs: int
    both: int
    success: SignTest
    loss: SignTest


def contrast(group: Sequence[Result], other: Sequence[Result]) -> Contrast:
    """The sign tests of two methods over their common seeds."""
    pairs = _pairs(group, other)
    both = [(a.record.final_loss, b.record.final_loss) for a, b in pairs if _trains(a) and _trains(b)]
    return Contrast(len(pairs), len(both),
                    sign_test([float(not _trains(a)) for a, _ in pairs], [float(not _trains(b)) for _, b in pairs]),
                    sign_test([a for a, _ in both], [b for _, b in both]))


def compare(name: str, group: Sequence[Result], other_name: str, other: Sequence[Result], tests: int = 1) -> str:
    """Whether two methods differ, seed by seed: in how often they train, and in the loss where both do.

    Parameters
    ----------
    name, other_name : str
        What the sentence calls them.
    group, other : sequence of Result
        Their results; those with common seeds are compared.
    tests : int
        How many such comparisons are made side by side; the level of each is 5 % divided by their number (Bonferroni).

    Returns
    -------
    str
        A sentence.
    """
    found = contrast(group, other)
    if found.pairs < MINIMUM_SEEDS:
        return f"{name} against {other_name}: {TOO_FEW} ({found.pairs})."
    success, loss, said = found.success, found.loss, []
    if success.p < LEVEL / tests:
        often = "more" if success.first > success.second else "less"
        said.append(f"{name} trains {often} often than {other_name} (for {success.first} seeds alone against "
                    f"{success.second}, p = {success.p:.1g})")
    if loss.p < LEVEL / tests:
        lower = "lower" if loss.first > loss.second else "higher"
        said.append(f"where both train the loss of {name} is {lower} than that of {other_name} for "
                    f"{max(loss.first, loss.second)} of {found.both} seeds (p = {loss.p:.1g})")
    if not said:
        return f"No difference is shown between {name} and {other_name} over {found.pairs} seeds."
    return "; ".join(said)[:1].upper() + "; ".join(said)[1:] + "."


def differences(name: str, group: Sequence[Result], others: Mapping[str, Sequence[Result]], tests: int) -> list[str]:
    """Sentences on how one method differs from others; those from which it is not shown to differ share one."""
    said, level = [], []
    for other, results in others.items():
        sentence = compare(name, group, other, results, tests)
        if sentence.startswith("No difference"):
            level.append(other)
        else:
            said.append(sentence)
    if level:
        said.append(f"No difference is shown between {name} and {'; '.join(level)}.")
    return said


def pairs_table(name: str, group: Sequence[Result], others: Mapping[str, Sequence[Result]]) -> str:
    """One line a rival: sign tests against it over the same seeds; those with too few seeds are left out."""
    enough = {other: found for other, results in others.items()
              if (found := contrast(group, results)).pairs >= MINIMUM_SEEDS}
    if not enough:
        return ""
    width = max(len(other) for other in enough)
    lines = [f"{name} against",
             f"{'':<{width}}  trains alone  rival alone        p  both train  lower loss  rival's        p"]
    for other, found in enough.items():
        success, loss = found.success, found.loss
        lines.append(f"{other:<{width}}  {success.first:>12}  {success.second:>11}  {success.p:>7.1g}  "
                     f"{found.both:>10}  {loss.first:>10}  {loss.second:>7}  {loss.p:>7.1g}")
    return "\n".join(lines)


def winner(groups: Mapping[str, Sequence[Result]]) -> tuple[str, list[str]] | None:
    """Which group is ahead, and which are not shown to be behind it; None from too few seeds.

    Ahead is the group that trains for most seeds, and among those the one with the lowest median loss. Another one is
    behind it if the sign test says so, in how often it trains or in the loss where both do.

    Parameters
    ----------
    groups : mapping of str to sequence of Result
        Results by name.

    Returns
    -------
    (str, list of str) or None
    """
    enough = {name: group for name, group in groups.items() if len(group) >= MINIMUM_SEEDS}
    if len(enough) < 2:
        return None
    summaries = {name: summary_of(group) for name, group in enough.items()}
    first = min(summaries, key=lambda name: (-summaries[name].share,
                                             (loss := summaries[name].loss) is None, loss[1] if loss else 0.0))
    others = [name for name in enough if name != first]
    return first, [name for name in others
                   if compare(first, enough[first], name, enough[name], len(others)).startswith("No difference")]


def _trains(result: Result) -> bool:
    return trains(result.record, result.run.settings.loss)


def _pairs(group: Sequence[Result], other: Sequence[Result]) -> list[tuple[Result, Result]]:
    """The results of both with the same seed."""
    by_seed = {result.run.settings.seed: result for result in other}
    return [(result, by_seed[seed]) for result in group if (seed := result.run.settings.seed) in by_seed]
