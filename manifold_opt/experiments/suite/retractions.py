"""Cayley against geodesic, transported against reflector section."""
from __future__ import annotations

from typing import final

from matplotlib.figure import Figure

from manifold_opt.experiments.settings import Settings
from manifold_opt.experiments.suite.experiment import Experiment, Result, Run
from manifold_opt.experiments.suite.spaces import draw_groups

__all__ = ["RetractionsExperiment"]


@final
class RetractionsExperiment(Experiment):
    """Adam with each retraction and each section.

    Paper: v4, section 4 (retractions, global sections).
    """

    name = "retractions"
    question = "Do the retractions and the sections give the same curves, and at which cost?"

    def runs(self) -> list[Run]:
        """The four combinations."""
        return [Run(f"{retraction}, {section}",
                    Settings(retraction=retraction, section=section, epochs=4, threads=1))
                for retraction in ("cayley", "geodesic") for section in ("transported", "reflector")]

    def draw(self, results: list[Result]) -> Figure:
        """Loss and accuracy."""
        return draw_groups(results, "MNIST, Adam on St(7, 49), L = 16")
