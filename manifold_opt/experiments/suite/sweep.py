"""A sweep over one setting for the four rivals: what depth and rate have in common."""
from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from matplotlib.figure import Figure

from manifold_opt.experiments.suite.cases import FOUR, settings_of
from manifold_opt.experiments.suite.claims import LEVEL, TOO_FEW, contrast, summary_of
from manifold_opt.experiments.suite.drawing import draw_shares
from manifold_opt.experiments.suite.experiment import Experiment, Result, Run, by_group, trainings
from manifold_opt.experiments.suite.statistics import MINIMUM_SEEDS
from manifold_opt.experiments.suite.tables import counts_table
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
        """How many seeds train, one column a value; then one line a group, in the order of the values."""
        value = attrgetter(f"run.settings.{self.setting}")
        ordered = sorted(results, key=lambda result: float(value(result)))
        counts = {name: {f"{value:g}": f"{(summary := summary_of(group)).trained} of {summary.seeds}"
                         for value, group in sorted(groups.items())}
                  for name, groups in self.curves(ordered).items()}
        return "\n\n".join([counts_table(f"seeds that train by {self.label}", counts), super().table(ordered)])

    def paragraph(self, results: list[Result]) -> str:
        """Where the paper's method trains more or less often than each of the rivals."""
        curves = self.curves(results)
        own = settings_of(self.methods[-1]).label
        return " ".join([self.introduction(), *(self._against(own, curves.get(own, {}), name, groups)
                                                for name, groups in curves.items() if name != own)])

    def _against(self, own: str, groups: Mapping[float, list[Result]], name: str,
                 others: Mapping[float, list[Result]]) -> str:
        """At which values the sign test shows a difference in how often the two train."""
        found = {value: contrast(group, others[value]) for value, group in sorted(groups.items()) if value in others}
        enough = {value: test for value, test in found.items() if test.pairs >= MINIMUM_SEEDS}
        if not enough:
            return f"{own} against {name}: {TOO_FEW}."
        shown = {value: test.success for value, test in enough.items() if test.success.p < LEVEL / len(enough)}
        said = [f"at {self.label} = {', '.join(values)} {own} trains {often} often than {name}"
                for often, sign in (("more", 1), ("less", -1))
                if (values := [f"{value:g}" for value, test in shown.items() if sign * (test.first - test.second) > 0])]
        if not said:
            return f"No difference in how often they train is shown between {own} and {name} at any {self.label}."
        said += ["elsewhere no difference is shown"] if len(shown) < len(enough) else []
        return f"A{'; '.join(said)[1:]}."

    @abstractmethod
    def introduction(self) -> str:
        """What is varied, as a sentence."""
