"""How often rounding decides whether a run trains."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import Any, final

from matplotlib.figure import Figure

from manifold_opt.experiments.suite.cases import settings_of
from manifold_opt.experiments.suite.claims import TOO_FEW
from manifold_opt.experiments.suite.experiment import Experiment, Result, Run, by_group, trainings
from manifold_opt.experiments.suite.statistics import MINIMUM_SEEDS, trains, wilson_interval
from manifold_opt.plotting import COLORS, new_figure

__all__ = ["RoundingExperiment", "flips"]


@final
class RoundingExperiment(Experiment):
    """The same seed, with sums in another order and in another precision, Adam in g^hor without warm-up."""

    name = "rounding"
    question = "How often does rounding alone decide whether a run trains?"

    def runs(self, seeds: Sequence[int]) -> list[Run]:
        """The batch in 1, 2 and 4 pieces, both precisions, both sections."""
        return [Run(f"{section}, {dtype}, {pieces} piece{'s' if pieces > 1 else ''}",
                    settings_of("adam", section=section, dtype=dtype, pieces=pieces, seed=seed, epochs=4))
                for dtype, section, pieces in product(("float32", "float64"), ("transported", "reflector"), (1, 2, 4))
                for seed in seeds]

    def draw(self, results: list[Result]) -> Figure:
        """Which seed trains in which variant."""
        groups = by_group(trainings(results))
        figure, axes = new_figure(size=(7.5, 0.9 + 0.3 * len(groups)))
        for row, group in enumerate(groups.values()):
            for trained, color, marker in ((True, COLORS[0], "o"), (False, COLORS[1], "x")):
                seeds = [result.run.settings.seed for result in group if trains(result.record) == trained]
                axes.plot(seeds, [row] * len(seeds), linestyle="none", marker=marker, color=color)
        axes.set_yticks(range(len(groups)), list(groups))
        axes.set(xlabel="seed (cross: does not train)", ylim=(len(groups) - 0.5, -0.5))
        axes.xaxis.get_major_locator().set_params(integer=True)
        return figure

    def paragraph(self, results: list[Result]) -> str:
        """How many seeds change their outcome with the pieces, the precision, the section."""
        groups = by_group(trainings(results))
        said = ["Four epochs of Adam at L = 16 without warm-up. A batch in more pieces has its gradients added in "
                "another order, nothing else; float64 has other roundings of everything; the other section is another "
                "algorithm, which is shown for scale."]
        for what, setting in (("the number of pieces", "pieces"), ("the precision", "dtype"),
                              ("the section", "section")):
            changed, pairs, seeds = flips(groups, setting)
            if seeds < MINIMUM_SEEDS:
                said.append(f"By {what}: {TOO_FEW} ({seeds}).")
                continue
            low, high = (100 * end for end in wilson_interval(changed, pairs))
            said.append(f"The outcome changes with {what} for {changed} of {pairs} pairs of runs ({low:.0f} to "
                        f"{high:.0f} %, were the pairs independent).")
        return " ".join(said)


def flips(groups: Mapping[str, Sequence[Result]], setting: str) -> tuple[int, int, int]:
    """How many pairs of runs that differ in one setting alone end differently, of how many, and over how many seeds."""
    outcomes: dict[str, dict[Any, bool]] = {}
    for group in groups.values():
        for result in group:
            settings = result.run.settings.to_dict()
            value = settings.pop(setting)
            outcomes.setdefault(repr(sorted(settings.items())), {})[value] = trains(result.record)
    changed = pairs = 0
    for found in outcomes.values():
        for one, other in combinations(found.values(), 2):
            changed, pairs = changed + (one != other), pairs + 1
    count = len({result.run.settings.seed for group in groups.values() for result in group})
    return changed, pairs, count if pairs else 0
