"""What distinguishes the runs that fail from those that train, in the first fifty steps."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

import numpy as np
from matplotlib.figure import Figure

from manifold_opt.arrays.checks import Array
from manifold_opt.experiments.suite.cases import settings_of
from manifold_opt.experiments.suite.claims import TOO_FEW
from manifold_opt.experiments.suite.experiment import Experiment, Result, Run
from manifold_opt.experiments.suite.statistics import MINIMUM_SEEDS, trains
from manifold_opt.plotting import curve_style, legend, new_figure

__all__ = ["FailureExperiment", "separation"]

SHOWN = {"rank": "rank of the tokens of an image", "spread": "relative spread of the tokens",
         "saturation": "largest probability", "answers": "spread of the answers over images",
         "gradient": "norm of the gradient", "loss": "loss of the batch"}
"""What is measured, and its name on the axes."""

TOLD = 0.9
"""A measurement tells failure if it puts so many pairs of a failing and a training run in the same order."""


@final
class FailureExperiment(Experiment):
    """The first fifty steps of runs without warm-up, and how the same runs end after four epochs."""

    name = "failure"
    question = "What distinguishes failing from training runs, and how early can failure be told?"

    def runs(self, seeds: Sequence[int]) -> list[Run]:
        """The two rivals that sometimes fail: each seed is trained, and measured."""
        return [Run(settings_of(method).label, settings_of(method, seed=seed, epochs=4), measure)
                for method in ("adam", "free_adam_same_start") for measure in ("", "first_steps") for seed in seeds]

    def draw(self, results: list[Result]) -> Figure:
        """Each measurement over the steps, one line a run, by how the run ends."""
        figure, axes = new_figure(3, 2, size=(3.6, 2.8))
        for place, (name, label) in zip(axes, SHOWN.items()):
            for trained, curves in outcomes(results, name).items():
                look = curve_style(0 if trained else 1) | {"marker": None}
                for number, curve in enumerate(curves):
                    place.plot(np.arange(1, len(curve) + 1), curve, linewidth=0.8, alpha=0.7,
                               label=("trains" if trained else "fails") if number == 0 else None, **look)
            place.set(xlabel="step", ylabel=label)
            if name in ("gradient", "spread"):
                place.set_yscale("log")
                if any(0 in curve for curves in outcomes(results, name).values() for curve in curves):
                    place.set_ylabel(f"{label} (zeros are not drawn)")
        if axes[0].lines:
            legend(axes[0])
        return figure

    def paragraph(self, results: list[Result]) -> str:
        """From which step on each measurement tells failing from training runs."""
        found = {name: outcomes(results, name) for name in SHOWN}
        fails, good = (len(found["loss"][trained]) for trained in (False, True))
        said = ["Runs without warm-up at L = 16; 64 test images are looked at after each of the first fifty steps. "
                "Rank is the number of singular values of an image's tokens behind the last block above a thousandth "
                "of the largest; spread is the tokens' distance from their mean."]
        if fails + good < MINIMUM_SEEDS or not fails or not good:
            return " ".join([*said, f"Of {fails + good} runs {fails} fail: {TOO_FEW} what distinguishes them."])
        said.append(f"Of {fails + good} runs {fails} fail.")
        early = {}
        for name, label in SHOWN.items():
            order = separation(found[name][False], found[name][True])
            told = np.flatnonzero(order < TOLD)
            first = int(told[-1]) + 2 if told.size else 1
            if first <= len(order):
                early[label] = first
        if early:
            said.append(f"Failing and training runs are told apart (at least {TOLD:.0%} of the pairs in the same "
                        "order, from there to step fifty) "
                        + "; ".join(f"by the {label} from step {step} on" for label, step in early.items()) + ".")
            if untold := [label for label in SHOWN.values() if label not in early]:
                said.append(f"They are not by the {' nor by the '.join(untold)}.")
        else:
            said.append("No measurement tells failing from training runs up to step fifty.")
        ends = {name: [float(np.median(np.array(found[name][trained])[:, -1])) for trained in (False, True)]
                for name in SHOWN}
        said.append("Medians at the last of these steps, failing against training: "
                    + "; ".join(f"{label} {ends[name][0]:.3g} against {ends[name][1]:.3g}"
                                for name, label in SHOWN.items()) + ".")
        return " ".join(said)


def outcomes(results: Sequence[Result], name: str) -> Mapping[bool, list[list[float]]]:
    """One measurement of all runs, by whether the run trains."""
    ends = {(result.run.group, result.run.settings.seed): trains(result.record)
            for result in results if not result.run.measure}
    found: dict[bool, list[list[float]]] = {True: [], False: []}
    for result in results:
        place = (result.run.group, result.run.settings.seed)
        if result.run.measure and place in ends:
            found[ends[place]].append(result.measured[name])
    return found


def separation(failing: Sequence[Sequence[float]], training: Sequence[Sequence[float]]) -> Array:
    """Share of the pairs of a failing and a training run that a measurement puts in the same order, step by step.

    It is 1 if the two kinds are told apart and 1/2 if the measurement says nothing; which of them is the larger one
    does not matter. Ties count half.

    Examples
    --------
    >>> from manifold_opt.experiments.suite.failure import separation
    >>> separation([[1.0, 5.0], [2.0, 6.0]], [[1.0, 3.0], [2.0, 4.0]])
    array([0.5, 1. ])
    """
    first, second = np.array(failing)[:, None], np.array(training)[None]
    share = np.mean((first > second) + 0.5 * (first == second), axis=(0, 1))
    return np.asarray(np.maximum(share, 1 - share))
