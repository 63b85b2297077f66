"""What the figures of the experiments share."""
from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from manifold_opt.experiments.suite.claims import summary_of
from manifold_opt.experiments.suite.experiment import Result, by_group, trainings
from manifold_opt.experiments.suite.statistics import trains
from manifold_opt.plotting import COLORS, INK, curve_style, draw_bands, legend, new_figure

__all__ = ["draw_groups", "draw_shares", "plot_band"]

CLIPPED = 4.0
"""Losses above so many times their median are drawn at the edge, and the axis says how many they are."""


def draw_shares(axes: Axes, curves: Mapping[str, Mapping[float, Sequence[Result]]], *, xlabel: str,
                log: bool = False) -> None:
    """Draw the share that trains over a setting, with Wilson intervals, one curve a method.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    curves : mapping of str to mapping of float to sequence of Result
        Results by name and by the value of the setting.
    xlabel : str
        Name of the setting.
    log : bool
        Whether the horizontal axis is logarithmic.
    """
    ticks = sorted({value for groups in curves.values() for value in groups})
    for number, (name, groups) in enumerate(curves.items()):
        values = sorted(groups)
        summaries = [summary_of(groups[value]) for value in values]
        shares = np.array([100 * summary.share for summary in summaries])
        ends = 100 * np.array([summary.interval for summary in summaries]).T
        # neighbors stand side by side, so that equal shares do not hide each other
        shift = 0.02 * (number - (len(curves) - 1) / 2)
        span = (ticks[-1] - ticks[0]) or 1.0
        x = np.array(values) * (1 + shift) if log else np.array(values) + shift * span / 2
        axes.errorbar(x, shares, np.abs(ends - shares), label=name, capsize=2, linewidth=1.4, elinewidth=0.8,
                      **curve_style(number))
    if log:
        axes.set_xscale("log")
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set(xlabel=xlabel, ylabel="share of seeds that train in %", ylim=(-4, 104))
    legend(axes)


def draw_groups(results: Sequence[Result], *, loss: str = "final training loss") -> Figure:
    """Share that trains with its interval, and the final loss of every seed, one row a group.

    Parameters
    ----------
    results : sequence of Result
        Results of all groups.
    loss : str
        Name of the horizontal axis of the losses.

    Returns
    -------
    matplotlib.figure.Figure
    """
    groups = by_group(trainings(results))
    figure, (left, right) = new_figure(2, size=(4.8, 1.2 + 0.3 * len(groups)))
    losses = [result.record.final_loss for group in groups.values() for result in group]
    limit = CLIPPED * float(np.median([loss for loss in losses if loss < np.inf] or [1.0]))
    beyond = sum(value > limit for value in losses)
    for row, group in enumerate(groups.values()):
        summary = summary_of(group)
        share, ends = 100 * summary.share, 100 * np.array(summary.interval)
        left.errorbar([share], [row], xerr=np.abs(ends - share)[:, None], fmt="o", color=COLORS[0], capsize=2,
                      markersize=4)
        for result in group:
            good = trains(result.record, result.run.settings.loss)
            jitter = 0.3 * ((result.run.settings.seed * 0.618) % 1 - 0.5)
            marker = "o" if good else "x" if result.record.final_loss <= limit else ">"
            right.plot(min(result.record.final_loss, limit), row + jitter, linestyle="none", marker=marker,
                       color=COLORS[0] if good else COLORS[1], markersize=3.5)
    left.set_yticks(range(len(groups)), list(groups))
    left.set(xlim=(-4, 104), ylim=(len(groups) - 0.5, -0.5), xlabel="seeds that train in %")
    right.set_yticks(range(len(groups)), [""] * len(groups))
    right.set(ylim=(len(groups) - 0.5, -0.5), xlabel=f"{loss} (cross: fails"
              + (f";\narrow: {beyond} runs above {limit:.2g})" if beyond else ")"))
    return figure


def plot_band(axes: Axes, results: Sequence[Result], label: str, number: int, *, accuracy: bool = False) -> None:
    """Draw the median over the seeds and the band from the smallest to the largest, over the epochs.

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
    count = min(result.record.epochs for result in results)
    curves = np.array([100 * np.array(result.record.accuracies[:count]) if accuracy
                       else result.record.epoch_losses[:count] for result in results])
    draw_bands(axes, {label: curves}, np.arange(1, count + 1), xlabel="epoch",
               ylabel="test accuracy in %" if accuracy else "training loss", first=number, names=False)


def one_class_line(axes: Axes, value: float = 1.8**0.5) -> None:
    """A line at the relative loss of one class for every image."""
    axes.axhline(value, color=INK, linestyle=":", linewidth=1)
