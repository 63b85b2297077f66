"""What the figures of the experiments share."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from manifold_opt.experiments.figures import STYLES
from manifold_opt.experiments.suite.experiment import Result

__all__ = ["finish", "plot_band"]


def plot_band(axes: Axes, results: Sequence[Result], label: str, number: int, *, accuracy: bool = False) -> None:
    """Draw the median over the seeds and the band from the smallest to the largest.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    results : sequence of Result
        The results of one group.
    label : str
        Name in the legend.
    number : int
        Which of the styles.
    accuracy : bool
        Whether the test accuracy is drawn in place of the training loss.
    """
    curves = np.array([100 * np.array(result.record.accuracies) if accuracy else result.record.epoch_losses
                       for result in results])
    color, line = STYLES[number % len(STYLES)]
    epochs = np.arange(1, curves.shape[1] + 1)
    axes.plot(epochs, np.median(curves, axis=0), line, color=color, marker=".", label=label)
    axes.fill_between(epochs, curves.min(axis=0), curves.max(axis=0), color=color, alpha=0.2, linewidth=0)


def finish(axes: Axes, **labels: Any) -> None:
    """Labels, a light grid, no frame on top and right.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes.
    **labels
        What :meth:`matplotlib.axes.Axes.set` takes.
    """
    axes.set(**labels)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
