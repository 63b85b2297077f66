"""The published run: 14,400 steps, and what crosses later."""
from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np
from matplotlib.figure import Figure

from manifold_opt.experiments.rivals import RIVALS
from manifold_opt.experiments.suite.cases import WARMUP, settings_of
from manifold_opt.experiments.suite.drawing import plot_band
from manifold_opt.experiments.suite.experiment import Experiment, Result, Run, by_group, trainings
from manifold_opt.experiments.suite.methods import group_name
from manifold_opt.plotting import INK, curve_style, new_figure

__all__ = ["PublishedExperiment"]

EPOCHS = 450
"""Times 32 batches: 14,400 steps, where the published run has 14,500 of 2,048 of 60,000 images."""

SHOWN = (1, 10, 50, 100, 200, 400, 450)
"""Epochs of the table."""

PUBLISHED = {1: 0.990, 10: 0.738, 50: 0.484, 100: 0.403, 200: 0.298, 400: 0.232}
"""Loss of Adam on the Stiefel manifold in the documentation of GeometricOptimizers.jl, at fractions of 500 epochs."""

DISTANCE = 8.6e-3
"""Distance from the manifold at its end, float32."""

METHODS = (("adam", True), ("free_adam_same_start", True), ("projected_adam", True), ("embedded_adam", True),
           ("reflector_adam", True), ("muon", False))
"""The six best of the main table, and whether they warm up: a run that fails in its first steps would say nothing of
the later ones. Muon trains without, and has the lower losses then."""


@final
class PublishedExperiment(Experiment):
    """As many steps as the run that the authors publish with their package, three seeds of six methods.

    Source: documentation of GeometricOptimizers.jl, MNIST tutorial; paper: v4, section 5.
    """

    name = "published"
    question = "What crosses later: does the constraint pay when free weights have had time to leave their start?"
    seeds = 3

    def runs(self, seeds: Sequence[int]) -> list[Run]:
        """One seed of all methods first."""
        return [Run(group_name(method, warm), settings_of(method, warmup=WARMUP if warm else 0, seed=seed,
                                                          epochs=EPOCHS))
                for seed in seeds for method, warm in METHODS]

    def draw(self, results: list[Result]) -> Figure:
        """Loss, accuracy and defect over the epochs."""
        figure, (left, middle, right) = new_figure(3, size=(4.2, 3.8))
        for number, (name, group) in enumerate(by_group(trainings(results)).items()):
            plot_band(left, group, name, number)
            plot_band(middle, group, name, number, accuracy=True)
            defects = np.array([result.record.defects for result in group]) * np.finfo(np.float32).eps
            look = curve_style(number) | {"marker": None}
            right.semilogy(np.arange(1, defects.shape[1] + 1), defects.max(axis=0), **look)
        left.plot(list(PUBLISHED), list(PUBLISHED.values()), linestyle="none", marker="*", color=INK,
                  label="published, g^hor")
        left.set(ylim=(0, 1.4))
        right.axhline(DISTANCE, color=INK, linestyle=":", linewidth=1)
        right.annotate(f"published: {DISTANCE:g}", (1, DISTANCE), (0, -10), xycoords=right.get_yaxis_transform(),
                       textcoords="offset points", ha="right", color=INK, fontsize="small")
        right.set(xlabel="epoch", ylabel="distance of a weight from the manifold")
        figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False,
                      labelcolor=INK, fontsize="small")
        return figure

    def table(self, results: list[Result]) -> str:
        """Losses at some epochs, accuracy and defect at the end; medians over the seeds."""
        groups = by_group(trainings(results))
        width = max(len(name) for name in groups)
        lines = [f"{'group':<{width}}  seeds" + "".join(f"{epoch:>7}" for epoch in SHOWN) + "  accuracy in %   defect"]
        for name, group in groups.items():
            losses = np.median([result.record.epoch_losses for result in group], axis=0)
            shown = "".join(f"{losses[epoch - 1]:>7.3f}" if epoch <= len(losses) else f"{'-':>7}" for epoch in SHOWN)
            accuracy = 100 * float(np.median([result.record.accuracies[-1] for result in group]))
            defect = max(max(result.record.defects) for result in group) * np.finfo(np.float32).eps
            lines.append(f"{name:<{width}}  {len(group):>5}{shown}  {accuracy:>13.1f}  {defect:>7.1e}")
        published = "".join(f"{PUBLISHED[epoch]:>7.3f}" if epoch in PUBLISHED else f"{'-':>7}" for epoch in SHOWN)
        lines.append(f"{'published, Adam':<{width}}  {1:>5}{published}  {'86.6':>13}  {DISTANCE:>7.1e}")
        return "\n".join(lines)

    def paragraph(self, results: list[Result]) -> str:
        """What the runs are, who is ahead at the end, and from when on; as facts about these seeds."""
        groups = by_group(trainings(results))
        losses = {name: np.median([result.record.epoch_losses for result in group], axis=0)
                  for name, group in groups.items()}
        seeds = max(len(group) for group in groups.values())
        order = sorted(losses, key=lambda name: losses[name][-1])
        said = [f"{EPOCHS} epochs of the 8,000 embedded images are as many steps as the published run has on 60,000 "
                "images with larger batches, so that its losses stand beside, its accuracies (on other test images) "
                "do not.",
                f"With {seeds} seed{'s' if seeds > 1 else ''} nothing is claimed about the methods; of these runs "
                f"the lowest final loss is that of {order[0]} ({losses[order[0]][-1]:.3f})"
                + (f", the next that of {order[1]} ({losses[order[1]][-1]:.3f})." if len(order) > 1 else ".")]
        for name in order[1:]:
            behind = np.flatnonzero(losses[order[0]] >= losses[name])
            said.append(f"It is below {name} in every epoch after {int(behind[-1]) + 1 if behind.size else 0}.")
        constrained = [max(result.record.defects) for group in groups.values() for result in group
                       if RIVALS[result.run.settings.rival].constrained]
        if constrained:
            said.append(f"The largest defect of the constrained weights is {max(constrained):.1f} eps of float32, "
                        f"{max(constrained) * np.finfo(np.float32).eps:.1e}, where the published run has {DISTANCE:g}.")
        return " ".join(said)
