"""What a step costs, for each method."""
from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np
from matplotlib.figure import Figure

from manifold_opt.experiments.suite.cases import METHODS, settings_of
from manifold_opt.experiments.suite.experiment import Experiment, Result, Run, by_group
from manifold_opt.experiments.suite.step_times import PARTS
from manifold_opt.plotting import COLORS, legend, new_figure

__all__ = ["StepsExperiment", "part_medians"]


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
        found = part_medians(results)
        figure, axes = new_figure(size=(7.5, 1.0 + 0.3 * len(found)))
        end = np.zeros(len(found))
        for number, part in enumerate(PARTS):
            widths = np.array([values[number] for values in found.values()])
            axes.barh(range(len(found)), widths, left=end, color=COLORS[number], label=part)
            end += widths
        axes.set_yticks(range(len(found)), list(found))
        axes.set(xlabel="milliseconds a step", ylim=(len(found) - 0.5, -0.5))
        legend(axes, loc="lower right")
        return figure

    def table(self, results: list[Result]) -> str:
        """None: all numbers are times."""
        return ""

    def times(self, results: list[Result]) -> str:
        """Milliseconds of each part and of the step."""
        found = part_medians(results)
        columns = (*PARTS, "sum")
        width = max(19, *(len(name) for name in found))
        lines = [f"{'milliseconds a step':<{width}}" + "".join(f"  {column}" for column in columns)]
        for name, values in found.items():
            cells = "".join(f"  {value:>{len(column)}.1f}" for column, value in zip(columns, [*values, sum(values)]))
            lines.append(f"{name:<{width}}{cells}")
        return "\n".join(lines)

    def paragraph(self, results: list[Result]) -> str:
        """What the parts are, and the methods with the cheapest and the dearest step."""
        sums = {name: sum(values) for name, values in part_medians(results).items()}
        first, last = min(sums, key=lambda name: sums[name]), max(sums, key=lambda name: sums[name])
        return ("Medians of twenty steps at L = 16 with batches of 256, float32, one thread. The gradient is forward "
                "and backward pass; the retraction is all that moves points and sections by a given velocity, for "
                "methods in the embedding the projection; moments and section are the rest. The cheapest step is that "
                f"of {first} ({sums[first]:.0f} ms), the dearest that of {last} ({sums[last]:.0f} ms). Other work on "
                "the machine makes all of them longer.")


def part_medians(results: list[Result]) -> dict[str, list[float]]:
    """Milliseconds of each part, the median over the seeds, by group."""
    return {name: [float(np.median([result.measured["times"][part] for result in group])) for part in PARTS]
            for name, group in by_group(results).items()}
