"""Other constraints: Grassmann, some of the weights only, heads jointly orthonormal."""
from __future__ import annotations

from typing import Any, final

from matplotlib.figure import Figure

from manifold_opt.experiments.settings import Settings
from manifold_opt.experiments.suite.drawing import finish, plot_band
from manifold_opt.experiments.suite.experiment import Experiment, Result, Run, by_group

__all__ = ["SpacesExperiment", "draw_groups"]

CASES: dict[str, dict[str, Any]] = {
    "free weights": {"constrained": ()},
    "Q, K, V on St(7, 49)": {},
    "Q, K, V on Gr(7, 49)": {"space": "grassmann"},
    "Q only": {"constrained": ("query",)},
    "K only": {"constrained": ("key",)},
    "V only": {"constrained": ("value",)},
    "Q and K": {"constrained": ("query", "key")},
    "heads jointly, St(49, 49)": {"joint_heads": True},
}
"""Settings of each group."""


@final
class SpacesExperiment(Experiment):
    """Adam with other constraints on P^Q, P^K and P^V.

    Paper: v4, section 5, which constrains all three to the Stiefel manifold, head by head.
    """

    name = "spaces"
    question = "Which of the constraints matters, and is it the Stiefel manifold that does?"

    def runs(self) -> list[Run]:
        """Every case, two seeds."""
        return [Run(name, Settings(seed=seed, epochs=4, threads=1, **settings))
                for seed in (0, 1) for name, settings in CASES.items()]

    def draw(self, results: list[Result]) -> Figure:
        """Loss and accuracy."""
        return draw_groups(results, "MNIST, Adam, L = 16")


def draw_groups(results: list[Result], title: str) -> Figure:
    """Loss and accuracy of all groups side by side.

    Parameters
    ----------
    results : list of Result
        The results.
    title : str
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = Figure(figsize=(10, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    for number, (name, group) in enumerate(by_group(results).items()):
        plot_band(left, group, name, number)
        plot_band(right, group, name, number, accuracy=True)
    finish(left, xlabel="epoch", ylabel="training loss", ylim=(0, None), title=title)
    finish(right, xlabel="epoch", ylabel="test accuracy in %", ylim=(0, 100))
    left.legend(frameon=False, fontsize="small")
    return figure
