"""Both losses, with and without the skip connection."""
from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, final

from matplotlib.figure import Figure

from manifold_opt.experiments.suite.cases import FOUR, settings_of
from manifold_opt.experiments.suite.claims import share
from manifold_opt.experiments.suite.drawing import draw_groups
from manifold_opt.experiments.suite.experiment import Result, by_group, trainings
from manifold_opt.experiments.suite.grouped import Grouped

__all__ = ["LossesExperiment"]


@final
class LossesExperiment(Grouped):
    """The four rivals with the relative loss and the cross-entropy, with and without skip connection.

    Paper: v4, section 5, which has the relative loss and no skip connection.
    """

    name = "losses"
    question = "Is it the loss or the missing skip connection that makes training fail?"

    def cases(self) -> Mapping[str, tuple[str, Mapping[str, Any]]]:
        """Every rival with every combination."""
        return {f"{settings_of(method).label}; {loss.replace('_', '-')}, {'skip' if skip else 'no skip'}":
                (method, {"loss": loss, "skip": skip})
                for (loss, skip), method in product(product(("relative", "cross_entropy"), (False, True)), FOUR)}

    def introduction(self) -> str:
        """What is varied."""
        return ("Four epochs at L = 16, without warm-up. With the cross-entropy a run trains if its final loss is "
                "below 2.2; equal probabilities for ten classes have 2.303.")

    def draw(self, results: list[Result]) -> Figure:
        """Shares and losses, one row a group."""
        return draw_groups(results, loss="final loss")

    def paragraph(self, results: list[Result]) -> str:
        """The share of each group; losses of two kinds are not compared."""
        groups = by_group(trainings(results))
        return " ".join([self.introduction(), *(f"{share(name, group)}." for name, group in groups.items())])
