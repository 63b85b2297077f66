"""The full Fashion-MNIST, if it is installed."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import final

from matplotlib.figure import Figure

from manifold_opt.experiments.suite.cases import FOUR, WARMUP, settings_of
from manifold_opt.experiments.suite.claims import compare, share
from manifold_opt.experiments.suite.drawing import draw_groups
from manifold_opt.experiments.suite.experiment import Experiment, Result, Run, by_group, trainings
from manifold_opt.experiments.suite.methods import group_name

__all__ = ["FashionExperiment", "LongFashionExperiment"]

FOLDER = Path("/usr/share/datasets/fashion-mnist")
"""Where the Debian package ``dataset-fashion-mnist`` puts the IDX files."""

STEPS = 235
"""Batches of an epoch."""


class _FullFashion(Experiment):
    """The four rivals on 60,000 images, all with or all without the warm-up."""

    source = str(FOLDER)
    epochs: int
    warmup: int

    def runs(self, seeds: Sequence[int]) -> list[Run]:
        """The paper's method first, all seeds of a group together."""
        return [Run(group_name(method, self.warmup > 0),
                    settings_of(method, warmup=self.warmup, seed=seed, epochs=self.epochs))
                for method in reversed(FOUR) for seed in seeds]

    def draw(self, results: list[Result]) -> Figure:
        """Shares and losses, one row a group."""
        return draw_groups(results, loss="final loss")

    def paragraph(self, results: list[Result]) -> str:
        """What the runs are, the shares, and how the paper's method compares with its rivals."""
        groups = by_group(trainings(results))
        said = [f"The 60,000 images of Fashion-MNIST at L = 16, {self.epochs} epochs of {STEPS} steps, "
                f"{'with' if self.warmup else 'without'} the warm-up; all else is as in the main table."]
        said += [f"{share(name, group)}." for name, group in groups.items()]
        first = group_name(FOUR[-1], self.warmup > 0)
        if first in groups:
            said += [compare(first, groups[first], name, group, len(groups) - 1)
                     for name, group in groups.items() if name != first]
        return " ".join(said)

    def missing(self) -> str | None:
        """The files are not part of the library."""
        return None if FOLDER.is_dir() else f"the Debian package dataset-fashion-mnist is not installed ({FOLDER})"


@final
class FashionExperiment(_FullFashion):
    """Two epochs without warm-up, which tell who trains.

    Paper: v4, section 5, on other images.
    """

    name = "fashion"
    question = "Does the same hold on other images, and on all of them?"
    epochs = 2
    warmup = 0


@final
class LongFashionExperiment(_FullFashion):
    """Eight epochs with the warm-up, which tell where the losses go.

    Paper: v4, section 5, on other images.
    """

    name = "fashion_long"
    question = "Where do the losses go on other images, once every constrained start trains?"
    seeds = 3
    epochs = 8
    warmup = WARMUP
