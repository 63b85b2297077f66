"""Both losses, with and without the skip connection."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

from matplotlib.figure import Figure

from manifold_opt.experiments.suite.cases import FOUR, settings_of
from manifold_opt.experiments.suite.claims import TOO_FEW, differences, summary_of
from manifold_opt.experiments.suite.drawing import draw_groups
from manifold_opt.experiments.suite.experiment import Result, by_group, trainings
from manifold_opt.experiments.suite.grouped import Grouped
from manifold_opt.experiments.suite.tables import counts_table

__all__ = ["LossesExperiment"]


CONDITIONS = tuple((f"{loss.replace('_', '-')}, {'skip' if skip else 'no skip'}", loss, skip)
                   for loss in ("relative", "cross_entropy") for skip in (False, True))
"""Name, loss and skip connection of each combination."""


@final
class LossesExperiment(Grouped):
    """The four rivals with the relative loss and the cross-entropy, with and without skip connection.

    Paper: v4, section 5, which has the relative loss and no skip connection.
    """

    name = "losses"
    question = "Is it the loss or the missing skip connection that makes training fail?"

    def cases(self) -> Mapping[str, tuple[str, Mapping[str, Any]]]:
        """Every rival with every combination."""
        return {f"{settings_of(method).label}; {condition}": (method, {"loss": loss, "skip": skip})
                for condition, loss, skip in CONDITIONS for method in FOUR}

    def introduction(self) -> str:
        """What is varied."""
        return ("Four epochs at L = 16, without warm-up. With the cross-entropy a run trains if its final loss is "
                "below 2.2; equal probabilities for ten classes have 2.303.")

    def draw(self, results: list[Result]) -> Figure:
        """Shares and losses, one row a group."""
        return draw_groups(results, loss="final loss")

    def table(self, results: list[Result]) -> str:
        """How many seeds train, one column a combination; then one line a group."""
        groups = by_group(trainings(results))
        counts = {settings_of(method).label: {
            condition: f"{(summary := summary_of(groups[name])).trained} of {summary.seeds}"
            for condition, _, _ in CONDITIONS if (name := f"{settings_of(method).label}; {condition}") in groups}
            for method in FOUR}
        return "\n\n".join([counts_table("seeds that train", counts), super().table(results)])

    def paragraph(self, results: list[Result]) -> str:
        """How the paper's method compares with its rivals in each combination; losses of two kinds are not compared."""
        groups, own, said = by_group(trainings(results)), settings_of(FOUR[-1]).label, [self.introduction()]
        for condition, _, _ in CONDITIONS:
            rivals = {name: groups[f"{name}; {condition}"] for method in FOUR[:-1]
                      if f"{(name := settings_of(method).label)}; {condition}" in groups}
            if rivals and f"{own}; {condition}" in groups:
                said += [f"*{condition[:1].upper()}{condition[1:]}:*",
                         *differences(own, groups[f"{own}; {condition}"], rivals, len(CONDITIONS) * len(rivals))]
        return " ".join(said if len(said) > 1 else [*said, f"{TOO_FEW.capitalize()}."])
