"""A tiny experiment: three groups, two seeds, three epochs of small images."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import final

import pytest
from matplotlib.figure import Figure

from manifold_opt.experiments import Settings
from manifold_opt.experiments.suite import Experiment, Plan, Result, Run
from manifold_opt.experiments.suite.drawing import draw_groups
from training_cases import small_images, write_idx_folder


@final
class Tiny(Experiment):
    """Three methods."""

    name = "tiny"
    question = "Does it work?"
    seeds = 2

    def __init__(self, source: str, epochs: int = 3, blocks: int = 1) -> None:
        self.source, self.epochs, self.blocks = source, epochs, blocks

    def runs(self, seeds: Sequence[int]) -> list[Run]:
        """Every method with every seed."""
        return [Run(method, Settings(rival=method, blocks=self.blocks, batch_size=8, epochs=self.epochs, seed=seed,
                                     threads=1))
                for method in ("adam", "momentum", "gradient") for seed in seeds]

    def draw(self, results: list[Result]) -> Figure:
        """Shares and losses."""
        return draw_groups(results)

    def paragraph(self, results: list[Result]) -> str:
        """How many results there are."""
        return f"{len(results)} results."


@pytest.fixture
def images(tmp_path: Path) -> str:
    """A folder of IDX files."""
    folder = tmp_path / "images"
    write_idx_folder(folder, small_images(edge=28))
    return str(folder)


@pytest.fixture
def tiny(images: str) -> Tiny:
    return Tiny(images)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    folder = tmp_path / "results"
    folder.mkdir()
    return Plan(folder, progress=False)
