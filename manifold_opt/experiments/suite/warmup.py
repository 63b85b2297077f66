"""How long the warm-up must be."""
from __future__ import annotations

from typing import final

from manifold_opt.experiments.suite.cases import WARMUP
from manifold_opt.experiments.suite.claims import compare
from manifold_opt.experiments.suite.experiment import Result
from manifold_opt.experiments.suite.sweep import Sweep

__all__ = ["WarmupExperiment"]


@final
class WarmupExperiment(Sweep):
    """The share that trains over the number of steps in which the rate rises from zero."""

    name = "warmup"
    question = "How long must the warm-up be?"
    setting = "warmup"
    values = (0, 64, 16, 32)
    label = "warm-up steps"

    def introduction(self) -> str:
        """What is varied."""
        return ("The rate rises linearly from zero over so many steps, of which an epoch has 32; four epochs at L = "
                "16, all else as in the main table.")

    def paragraph(self, results: list[Result]) -> str:
        """Where each rival trains, and whether the warm-up of the main table makes a difference to it."""
        said = [super().paragraph(results)]
        curves = self.curves(results)
        for name, groups in curves.items():
            if 0.0 in groups and float(WARMUP) in groups:
                said.append(compare(f"{name}, with {WARMUP} steps", groups[WARMUP], "without", groups[0], len(curves)))
        return " ".join(said)
