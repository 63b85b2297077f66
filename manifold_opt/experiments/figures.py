"""The figure of the loss curves."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from manifold_opt.experiments.files import write_whole
from manifold_opt.experiments.records import Record

__all__ = ["draw_curves", "save_figure"]

STYLES = (("#D55E00", "-"), ("#0072B2", "-"), ("#009E73", "--"), ("#CC79A7", ":"), ("#E69F00", "-."), ("#56B4E9", "-"),
          ("#000000", "--"))
"""Colours that every kind of colour vision tells apart (M. Okabe, K. Ito, "Color universal design"), and lines."""


def draw_curves(records: Mapping[str, Record], title: str, one_class: float | None = None) -> Figure:
    """Draw training loss and test accuracy over the epochs.

    Parameters
    ----------
    records : mapping of str to Record
        Records of at least one epoch each, by the name in the legend.
    title : str
        Title of the figure.
    one_class : float, optional
        Loss of a network that answers one class for every image, drawn as a line.

    Returns
    -------
    matplotlib.figure.Figure
        Left the loss of every batch (thin) and its mean over each epoch (thick), right the test accuracy.

    Examples
    --------
    >>> from manifold_opt.experiments.figures import draw_curves
    >>> from manifold_opt.experiments.records import Record
    >>> figure = draw_curves({"Adam": Record().extended([1.5, 1.0], 0.5, 3.0, 2.0)}, "One epoch")
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['training loss', 'test accuracy in %']
    """
    figure = Figure(figsize=(9.5, 4.2), layout="constrained")
    # the name of a folder may hold what fonts do not have, or what would be read as a formula
    printable = title.encode("ascii", "backslashreplace").decode()
    figure.suptitle(printable, fontsize="medium", parse_math=False)
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    if one_class is not None:
        left.axhline(one_class, color="0.6", linewidth=1, zorder=0)
        left.annotate(f"one class for every image: {one_class:.3f}", (1, one_class), (0, 3),
                      xycoords=left.get_yaxis_transform(), textcoords="offset points", ha="right", color="0.4",
                      fontsize="small")
    for (label, record), (color, line) in zip(records.items(), STYLES * len(records)):
        epochs = np.arange(1, record.epochs + 1)
        steps = np.concatenate([k + (np.arange(len(losses)) + 0.5) / len(losses)
                                for k, losses in enumerate(record.losses)])
        left.plot(steps, np.concatenate(record.losses), color=color, linewidth=0.7, alpha=0.35)
        left.plot(epochs - 0.5, record.epoch_losses, line, color=color, marker=".", label=label)
        right.plot(epochs, 100 * np.array(record.accuracies), line, color=color, marker=".", label=label)
    last = max(record.epochs for record in records.values())
    highest = max(max(record.epoch_losses) for record in records.values())
    left.set(xlabel="epoch", ylabel="training loss", xlim=(0, last), ylim=(0, 1.12 * max(highest, one_class or 0)))
    right.set(xlabel="epoch", ylabel="test accuracy in %", xlim=(0, last + 0.1), ylim=(0, 100))
    left.legend(frameon=False, loc="lower left", fontsize="small")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.get_major_locator().set_params(integer=True)
    return figure


def save_figure(path: Path, figure: Figure) -> None:
    """Write a figure as PNG, as a whole."""
    write_whole(path, lambda file: figure.savefig(file, format="png", dpi=150))
