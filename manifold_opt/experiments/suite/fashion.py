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

__all__ = ["FashionExperiment"]

FOLDER = Path("/usr/share/datasets/fashion-mnist")
"""Where the Debian package ``dataset-fashion-mnist`` puts the IDX files."""

SHORT, LONG = 2, 8
"""Epochs of all seeds, which tell who trains, and of the first seeds, which tell where it goes."""

FIRST = 3
"""So many seeds are trained for long."""


@final
class FashionExperiment(Experiment):
    """The four rivals on 60,000 images: two epochs of 235 steps of all seeds, eight of the first three.

    Paper: v4, section 5, on other images.
    """

    name = "fashion"
    question = "Does the same hold on other images, and on all of them?"
    source = str(FOLDER)

    def runs(self, seeds: Sequence[int]) -> list[Run]:
        """The short runs without warm-up, in the order of the rivals; then the long ones, which warm up."""
        return [*(Run(group_name(method), settings_of(method, seed=seed, epochs=SHORT))
                  for method in reversed(FOUR) for seed in seeds),
                *(Run(f"{group_name(method, True)}, {LONG} epochs",
                      settings_of(method, warmup=WARMUP, seed=seed, epochs=LONG))
                  for method in reversed(FOUR) for seed in seeds[:FIRST])]

    def draw(self, results: list[Result]) -> Figure:
        """Shares and losses, one row a group."""
        return draw_groups(results, loss="final loss")

    def paragraph(self, results: list[Result]) -> str:
        """The shares after two epochs and how they compare; of the long runs, which are few, the losses alone."""
        groups = by_group(trainings(results))
        said = [f"The 60,000 images of Fashion-MNIST at L = 16: {SHORT} epochs of 235 steps for every seed, without "
                f"warm-up; {LONG} epochs with the warm-up for the first {FIRST} seeds, of which nothing is claimed. "
                "All else is as in the main table."]
        short = {name: group for name, group in groups.items() if group[0].run.settings.epochs == SHORT}
        said += [f"{share(name, group)}." for name, group in short.items()]
        first = group_name(FOUR[-1])
        if first in short:
            said += [compare(first, short[first], name, group, len(short) - 1)
                     for name, group in short.items() if name != first]
        return " ".join(said)

    def missing(self) -> str | None:
        """The files are not part of the library."""
        return None if FOLDER.is_dir() else f"the Debian package dataset-fashion-mnist is not installed ({FOLDER})"
