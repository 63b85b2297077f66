"""Adam on the global tangent space against a scalar second moment and against geoopt, over learning rates."""
from __future__ import annotations

from typing import Any, cast, final

import numpy as np
from matplotlib.figure import Figure

from manifold_opt.experiments.data import ImageData
from manifold_opt.experiments.figures import STYLES
from manifold_opt.experiments.rivals import ScalarAdam
from manifold_opt.experiments.settings import Settings
from manifold_opt.experiments.suite.drawing import finish
from manifold_opt.experiments.suite.experiment import Experiment, Result, Run, by_group
from manifold_opt.experiments.suite.peers import GeooptAdam, geoopt_is_missing
from manifold_opt.experiments.training import Progress, Training
from manifold_opt.optimizers import Optimizer

__all__ = ["OptimizersExperiment"]

RATES = (3e-4, 1e-3, 3e-3, 1e-2)
TARGET = 1.0
KINDS = ("Adam, elementwise second moment", "Adam, scalar second moment", "geoopt RiemannianAdam")


@final
class OptimizersExperiment(Experiment):
    """Three kinds of Adam on the Stiefel manifold, with the same model and batches, over the same learning rates.

    Paper: v4, section 4, which argues for the elementwise second moment.
    """

    name = "optimizers"
    question = "Does the elementwise second moment pay, against a scalar one and against geoopt?"

    def runs(self) -> list[Run]:
        """Every kind with every rate."""
        return [Run(f"{kind}, {rate:g}", Settings(learning_rate=rate, epochs=3, threads=1))
                for rate in RATES for kind in KINDS]

    def training(self, run: Run, data: ImageData) -> Training:
        """The training with the optimizer of the group."""
        training = super().training(run, data)
        rate, spaces = run.settings.learning_rate, training.optimizer.spaces
        if run.group.startswith(KINDS[1]):
            training.optimizer = Optimizer(ScalarAdam(rate), spaces)
        if run.group.startswith(KINDS[2]):
            training.optimizer = cast(Optimizer, GeooptAdam(rate, spaces))
        return training

    def missing(self, run: Run) -> str | None:
        """geoopt is an extra."""
        return geoopt_is_missing() if run.group.startswith(KINDS[2]) else None

    def diagnostics(self, training: Training, first: Progress, last: Progress) -> dict[str, Any]:
        """Steps and seconds until the mean loss of ten batches falls below the target."""
        losses = np.concatenate(last.record.losses)
        means = np.convolve(losses, np.ones(10) / 10, mode="valid")
        below = np.flatnonzero(means < TARGET)
        steps = int(below[0]) + 10 if below.size else None
        seconds = None if steps is None else round(steps * sum(last.record.seconds) / len(losses), 2)
        return {"target": TARGET, "steps_to_target": steps, "seconds_to_target": seconds}

    def draw(self, results: list[Result]) -> Figure:
        """Final loss and accuracy over the learning rate."""
        figure = Figure(figsize=(9.5, 4), layout="constrained")
        left, right = figure.subplots(1, 2)
        groups = by_group(results)
        for kind, (color, line) in zip(KINDS, STYLES):
            found = [group[0] for name, group in groups.items() if name.startswith(kind)]
            rates = [result.run.settings.learning_rate for result in found]
            losses = [result.record.final_loss for result in found]
            accuracies = [100 * result.record.accuracies[-1] for result in found]
            left.semilogx(rates, losses, line, color=color, marker=".", label=kind)
            right.semilogx(rates, accuracies, line, color=color, marker=".")
        finish(left, xlabel="learning rate", ylabel="training loss after 3 epochs", ylim=(0, None))
        finish(right, xlabel="learning rate", ylabel="test accuracy in %", ylim=(0, 100))
        left.legend(frameon=False, fontsize="small")
        return figure
