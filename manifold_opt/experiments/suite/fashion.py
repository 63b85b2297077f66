"""The full Fashion-MNIST, if it is installed."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from manifold_opt.experiments.suite.cases import FOUR, WARMUP
from manifold_opt.experiments.suite.grouped import Grouped
from manifold_opt.experiments.suite.methods import group_name

__all__ = ["FashionExperiment"]

FOLDER = Path("/usr/share/datasets/fashion-mnist")
"""Where the Debian package ``dataset-fashion-mnist`` puts the IDX files."""


@final
class FashionExperiment(Grouped):
    """The four rivals on 60,000 images, eight epochs of 235 steps.

    Paper: v4, section 5, on other images.
    """

    name = "fashion"
    question = "Does the same hold on other images, and on all of them?"
    source = str(FOLDER)

    def cases(self) -> Mapping[str, tuple[str, Mapping[str, Any]]]:
        """The rivals, the paper's method first, and with the warm-up too."""
        chosen = [("adam", False), ("adam", True), *((method, False) for method in FOUR if method != "adam")]
        return {group_name(method, warm): (method, {"epochs": 8, "warmup": WARMUP if warm else 0})
                for method, warm in chosen}

    def introduction(self) -> str:
        """What is varied."""
        return "Eight epochs of the 60,000 images of Fashion-MNIST at L = 16; all else as in the main table."

    def missing(self) -> str | None:
        """The files are not part of the library."""
        return None if FOLDER.is_dir() else f"the Debian package dataset-fashion-mnist is not installed ({FOLDER})"
