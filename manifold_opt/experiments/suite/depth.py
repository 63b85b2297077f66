"""At which depth each of the four rivals trains."""
from __future__ import annotations

from typing import final

from manifold_opt.experiments.suite.sweep import Sweep

__all__ = ["DepthExperiment"]


@final
class DepthExperiment(Sweep):
    """The share that trains over the number of blocks.

    Paper: v4, section 5, which has L = 16 only.
    """

    name = "depth"
    question = "At which depth does training break down, for each of the four rivals?"
    setting = "blocks"
    values = (16, 8, 4, 2, 12, 24, 6, 10, 32)
    label = "L"
    log = True

    def introduction(self) -> str:
        """What is varied."""
        return "Four epochs tell whether a run trains. Only the number of blocks L differs from the main table."
