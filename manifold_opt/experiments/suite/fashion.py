"""The full Fashion-MNIST, if it is installed."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from manifold_opt.experiments.suite.cases import FOUR, WARMUP
from manifold_opt.experiments.suite.grouped import Grouped
from manifold_opt.experiments.suite.methods import group_name

__all__ = ["FashionExperiment", "LongFashionExperiment"]

FOLDER = Path("/usr/share/datasets/fashion-mnist")
"""Where the Debian package ``dataset-fashion-mnist`` puts the IDX files."""


class _FullFashion(Grouped):
    """The four rivals on 60,000 images, all with or all without the warm-up."""

    source = str(FOLDER)
    epochs: int
    warmup: int

    def cases(self) -> Mapping[str, tuple[str, Mapping[str, Any]]]:
        """The paper's method first."""
        return {group_name(method, self.warmup > 0): (method, {"epochs": self.epochs, "warmup": self.warmup})
                for method in reversed(FOUR)}

    def introduction(self) -> str:
        """The images, the epochs, and whether the rate warms up."""
        return (f"The 60,000 images of Fashion-MNIST at L = 16, {self.epochs} epochs of 235 steps, "
                f"{'with' if self.warmup else 'without'} the warm-up; all else is as in the main table.")

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
