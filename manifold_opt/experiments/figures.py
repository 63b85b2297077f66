"""The figure of the loss curves."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from manifold_opt.experiments.files import write_whole
from manifold_opt.experiments.records import Record
from manifold_opt.plotting import INK, curve_style, legend, limit_height, new_figure, whole_steps

__all__ = ["draw_curves", "save_figure"]


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
        Left the loss of every batch (thin) and its mean over each epoch (thick), right the test accuracy. Of losses
        above the axis, which ends above the largest mean of an epoch or at three times their median, it is said how
        many there are.

    Examples
    --------
    >>> from manifold_opt.experiments.figures import draw_curves
    >>> from manifold_opt.experiments.records import Record
    >>> figure = draw_curves({"Adam": Record().extended([1.5, 1.0], 0.5, 3.0, 2.0)}, "One epoch")
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['training loss', 'test accuracy in %']
    """
    figure, (left, right) = new_figure(2, size=(4.75, 4.2))
    # the name of a folder may hold what fonts do not have, or what would be read as a formula
    printable = title.encode("ascii", "backslashreplace").decode()
    figure.suptitle(printable, fontsize="medium", color=INK, parse_math=False)
    if one_class is not None:
        left.axhline(one_class, color=INK, linestyle=":", linewidth=1, zorder=0)
        left.annotate(f"one class for every image: {one_class:.3f}", (1, one_class), (0, 3),
                      xycoords=left.get_yaxis_transform(), textcoords="offset points", ha="right", color=INK,
                      fontsize="small")
    for number, (label, record) in enumerate(records.items()):
        epochs = np.arange(1, record.epochs + 1)
        style = curve_style(number) | ({} if record.epochs <= 40 else {"marker": None})
        steps = np.concatenate([k + (np.arange(len(losses)) + 0.5) / len(losses)
                                for k, losses in enumerate(record.losses)])
        left.plot(steps, np.concatenate(record.losses), color=style["color"], linewidth=0.7, alpha=0.35)
        left.plot(epochs - 0.5, record.epoch_losses, label=label, **style)
        right.plot(epochs, 100 * np.array(record.accuracies), label=label, **style)
    last = max(record.epochs for record in records.values())
    means = np.concatenate([record.epoch_losses for record in records.values()])
    limit = 1.12 * max(min(means.max(), 3 * float(np.median(means))), one_class or 0.0)
    limit_height(left, np.concatenate([np.concatenate(record.losses) for record in records.values()]), limit)
    left.set(xlabel="epoch", ylabel="training loss", xlim=(0, last))
    right.set(xlabel="epoch", ylabel="test accuracy in %", xlim=(0, last + 0.1), ylim=(0, 100))
    legend(left, loc="lower left")
    whole_steps(left)
    whole_steps(right)
    return figure


def save_figure(path: Path, figure: Figure) -> None:
    """Write a figure as PNG, as a whole."""
    write_whole(path, lambda file: figure.savefig(file, format="png", dpi=150))
