"""A sweep over one setting for the four rivals: what depth and rate have in common."""
from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from manifold_opt.experiments.suite.cases import FOUR, settings_of
from manifold_opt.experiments.suite.claims import TOO_FEW, summary_of
from manifold_opt.experiments.suite.drawing import draw_shares
from manifold_opt.experiments.suite.experiment import Experiment, Result, Run, by_group, trainings
from manifold_opt.experiments.suite.statistics import MINIMUM_SEEDS
from manifold_opt.plotting import new_figure

__all__ = ["Sweep"]


class Sweep(Experiment):
    """The share that trains over a setting, four epochs, four rivals.

    Attributes
    ----------
    setting : str
        Name of the setting.
    values : tuple
        Its values, in the order in which they are run.
    label : str
        Name of the horizontal axis.
    log : bool
        Whether that axis is logarithmic.
    methods : tuple of str
        The methods.
    """

    setting: str
    values: tuple[float, ...]
    label: str
    log: bool = False
    methods: tuple[str, ...] = FOUR

    def runs(self, seeds: Sequence[int]) -> list[Run]:
        """Every method with every value."""
        return [Run(f"{settings_of(method).label}, {self.label} = {value:g}",
                    settings_of(method, **{self.setting: value}, seed=seed, epochs=4))
                for value in self.values for method in self.methods for seed in seeds]

    def curves(self, results: list[Result]) -> dict[str, dict[float, list[Result]]]:
        """Results by method and value."""
        found: dict[str, dict[float, list[Result]]] = {}
        for name, group in by_group(trainings(results)).items():
            value: Any = getattr(group[0].run.settings, self.setting)
            found.setdefault(name.rpartition(", ")[0], {})[float(value)] = group
        return found

    def draw(self, results: list[Result]) -> Figure:
        """Share over the setting."""
        figure, axes = new_figure(size=(7, 4))
        draw_shares(axes, self.curves(results), xlabel=self.label, log=self.log)
        return figure

    def table(self, results: list[Result]) -> str:
        """One line a group, by the setting, not in the order in which the values are run."""
        return super().table(sorted(results, key=lambda result: float(getattr(result.run.settings, self.setting))))

    def paragraph(self, results: list[Result]) -> str:
        """Where each method trains."""
        said = [self.introduction()]
        for name, groups in self.curves(results).items():
            enough = {value: group for value, group in sorted(groups.items()) if len(group) >= MINIMUM_SEEDS}
            if not enough:
                said.append(f"{name}: {TOO_FEW}.")
                continue
            shares = ", ".join(f"{(summary := summary_of(group)).trained} of {summary.seeds} at {value:g}"
                               for value, group in enough.items())
            said.append(f"{name}, seeds that train by {self.label}: {shares}.")
        return " ".join(said)

    @abstractmethod
    def introduction(self) -> str:
        """What is varied, as a sentence."""
