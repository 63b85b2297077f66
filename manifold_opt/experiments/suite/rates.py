"""At which rate each of the four rivals trains."""
from __future__ import annotations

from typing import final

from manifold_opt.experiments.suite.sweep import Sweep

__all__ = ["RatesExperiment"]


@final
class RatesExperiment(Sweep):
    """The share that trains over the learning rate, the same three rates for each of the rivals."""

    name = "rates"
    question = "Does another learning rate change who trains?"
    setting = "learning_rate"
    values = (1e-3, 3e-4, 3e-3)
    label = "learning rate"
    log = True

    def introduction(self) -> str:
        """What is varied."""
        return "Four epochs at L = 16, without warm-up; only the learning rate differs from the main table."
