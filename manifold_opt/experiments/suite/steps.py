"""What a step costs, for each method."""
from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np
from matplotlib.figure import Figure

from manifold_opt.experiments.suite.cases import METHODS, settings_of
from manifold_opt.experiments.suite.experiment import Experiment, Result, Run
from manifold_opt.experiments.suite.step_times import PARTS
from manifold_opt.plotting import COLORS, legend, new_figure

__all__ = ["StepsExperiment"]


@final
class StepsExperiment(Experiment):
    """The time of a step of each method in three exclusive parts."""

    name = "steps"
    question = "Where does the time of a step go?"
    seeds = 1

    def runs(self, seeds: Sequence[int]) -> list[Run]:
        """Every method is measured."""
        return [Run(settings.label, settings, "step_times") for method in METHODS for seed in seeds
                for settings in [settings_of(method, seed=seed)]]

    def draw(self, results: list[Result]) -> Figure:
        """Three bars behind each other, one row a method."""
        figure, axes = new_figure(size=(7.5, 1.0 + 0.3 * len(results)))
        end = np.zeros(len(results))
        for part, color in zip(PARTS, COLORS):
            widths = np.array([result.measured["times"][part] for result in results])
            axes.barh(range(len(results)), widths, left=end, color=color, label=part)
            end += widths
        axes.set_yticks(range(len(results)), [result.run.group for result in results])
        axes.set(xlabel="milliseconds a step", ylim=(len(results) - 0.5, -0.5))
        legend(axes)
        return figure

    def table(self, results: list[Result]) -> str:
        """None: all numbers are times."""
        return ""

    def times(self, results: list[Result]) -> str:
        """Milliseconds of each part and of the step."""
        width = max(len(result.run.group) for result in results)
        lines = [f"{'milliseconds a step':<{width}}" + "".join(f"  {part}" for part in (*PARTS, "sum"))]
        for result in results:
            values = [result.measured["times"][part] for part in PARTS]
            cells = "".join(f"  {value:>{len(part)}.1f}"
                            for part, value in zip((*PARTS, "sum"), [*values, sum(values)]))
            lines.append(f"{result.run.group:<{width}}{cells}")
        return "\n".join(lines)

    def paragraph(self, results: list[Result]) -> str:
        """What the parts are, and the methods with the cheapest and the dearest step."""
        sums = {result.run.group: sum(result.measured["times"].values()) for result in results}
        first, last = min(sums, key=lambda name: sums[name]), max(sums, key=lambda name: sums[name])
        return ("Medians of twenty steps at L = 16 with batches of 256, float32, one thread. The gradient is forward "
                "and backward pass; the retraction is all that moves points and sections by a given velocity, for "
                "methods in the embedding the projection; moments and section are the rest. The cheapest step is that "
                f"of {first} ({sums[first]:.0f} ms), the dearest that of {last} ({sums[last]:.0f} ms). Other work on "
                "the machine makes all of them longer.")
