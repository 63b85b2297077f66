"""Experiments that compare a few settings side by side: losses, weights, spaces, other images."""
from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from manifold_opt.experiments.suite.cases import settings_of
from manifold_opt.experiments.suite.claims import TOO_FEW, differences
from manifold_opt.experiments.suite.drawing import draw_groups
from manifold_opt.experiments.suite.experiment import Experiment, Result, Run, by_group, trainings

__all__ = ["Grouped"]


class Grouped(Experiment):
    """Each of a few settings, for four epochs unless it says otherwise; those after the first are compared with it."""

    @abstractmethod
    def cases(self) -> Mapping[str, tuple[str, Mapping[str, Any]]]:
        """Method and settings of each group."""

    @abstractmethod
    def introduction(self) -> str:
        """What is varied, as a sentence."""

    def runs(self, seeds: Sequence[int]) -> list[Run]:
        """Every case, all seeds of a group together."""
        return [Run(name, settings_of(method, **{"epochs": 4, **settings}, seed=seed))
                for name, (method, settings) in self.cases().items() for seed in seeds]

    def draw(self, results: list[Result]) -> Figure:
        """Shares and losses, one row a group."""
        return draw_groups(results)

    def paragraph(self, results: list[Result]) -> str:
        """How each group compares with the first."""
        groups = by_group(trainings(results))
        first = next(iter(self.cases()))
        if first not in groups or len(groups) < 2:
            return f"{self.introduction()} {TOO_FEW.capitalize()}."
        others = {name: group for name, group in groups.items() if name != first}
        return " ".join([self.introduction(), *differences(first, groups[first], others, len(others))])
