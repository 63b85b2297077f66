"""The published run: 14,400 steps, and what crosses later."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
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
"""The six best kinds of the main table (of the two projections the polar factor stands for QR too, whose losses differ
by 0.001), and whether they warm up: a run that fails in its first steps would say nothing of the later ones. Muon
trains without, and has the lower losses then."""


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
        """Loss, accuracy and distance over the epochs, whose axis is logarithmic so that the first ones are seen."""
        figure, axes = new_figure(3, size=(4.2, 3.8))
        left, middle, right = axes
        for number, (name, group) in enumerate(by_group(trainings(results)).items()):
            plot_band(left, group, name, number)
            plot_band(middle, group, name, number, accuracy=True)
            distances = np.array([result.record.defects for result in group]) * np.finfo(np.float32).eps
            look = curve_style(number) | {"marker": None}
            right.semilogy(np.arange(1, distances.shape[1] + 1), distances.max(axis=0), **look)
        left.plot(list(PUBLISHED), list(PUBLISHED.values()), linestyle="none", marker="*", markersize=8, color=INK,
                  label="published, Adam", zorder=3)
        left.set(ylim=(0, 1.2))
        right.axhline(DISTANCE, color=INK, linewidth=1)
        right.annotate(f"published: {DISTANCE:g}", (1, DISTANCE), (0, 4), xycoords=right.get_yaxis_transform(),
                       textcoords="offset points", ha="right", color=INK, fontsize="small")
        right.set(xlabel="epoch", ylabel="distance from the manifold")
        for each in axes:
            each.set_xscale("log")
            each.set_xticks(SHOWN[:-1], [str(epoch) for epoch in SHOWN[:-1]])
            each.minorticks_off()
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
        """What the runs are, who is ahead at the end, and what crosses when; as facts about these seeds."""
        groups = by_group(trainings(results))
        seeds = max(len(group) for group in groups.values())
        said = [f"{EPOCHS} epochs of the 8,000 embedded images are as many steps as the published run has on 60,000 "
                "images with larger batches, so that its losses stand beside, its accuracies (on other test images) "
                f"do not. With {seeds} seed{'s' if seeds > 1 else ''} nothing is claimed about the methods; these are "
                "facts about these runs.", *crossings(groups)]
        constrained = [max(result.record.defects) for group in groups.values() for result in group
                       if RIVALS[result.run.settings.rival].constrained]
        if constrained:
            said.append(f"The largest distance of a constrained weight from the manifold is {max(constrained):.1f} eps "
                        f"of float32, {max(constrained) * np.finfo(np.float32).eps:.1e}, where the published run has "
                        f"{DISTANCE:g}.")
        return " ".join(said)


def crossings(groups: Mapping[str, Sequence[Result]]) -> list[str]:
    """Sentences on the median losses: their order at the end, since when, and whether the constraint ever pays."""
    losses = {name: np.median([result.record.epoch_losses for result in group], axis=0)
              for name, group in groups.items()}
    first, *others = sorted(losses, key=lambda name: losses[name][-1])
    if not others:
        return []
    ranked = "; ".join(f"{name} ({losses[name][-1]:.3f})" for name in (first, *others))
    said = [f"The median losses at the end, the lowest first: {ranked}."]
    since: dict[int, list[str]] = {}
    for name in others:
        above = np.flatnonzero(losses[first] >= losses[name])
        since.setdefault(int(above[-1]) + 1 if above.size else 0, []).append(name)
    said += [f"{f'After epoch {epoch}' if epoch else 'In every epoch'} {first} is below {'; '.join(names)}."
             for epoch, names in sorted(since.items())]
    kinds = {kind: [losses[name] for name, group in groups.items()
                    if RIVALS[group[0].run.settings.rival].constrained is kind] for kind in (True, False)}
    if kinds[True] and kinds[False]:
        ahead = np.flatnonzero(np.min(kinds[True], axis=0) < np.min(kinds[False], axis=0))
        said.append(f"The best of the constrained methods is ahead of the best of the free ones in {len(ahead)} of "
                    f"{EPOCHS} epochs" + (f", the last of them epoch {ahead[-1] + 1}." if ahead.size else "."))
    return said
