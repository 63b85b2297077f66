"""What the figures of the pages share: a transparent sheet measured in inches, matrices on it, arrows, labels."""
from __future__ import annotations

from matplotlib.figure import Figure

from manifold_opt import plotting
from manifold_opt.plotting import INK

ARROW = {"arrowstyle": "-|>,head_width=0.22,head_length=0.45", "color": INK, "linewidth": 1.2,
         "shrinkA": 0, "shrinkB": 0}
"""The arrows of diagrams."""


def new_sheet(width, height):
    """A transparent figure, and axes over the whole of it whose coordinates are inches from the lower left corner."""
    figure = Figure(figsize=(width, height), facecolor="none")
    axes = figure.add_axes((0, 0, 1, 1), facecolor="none")
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.set_axis_off()
    return figure, axes


def put_matrix(axes, M, center, cell, **options):
    """Draw a matrix with squares of `cell` inches around a place of the sheet."""
    rows, columns = M.shape
    width, height = columns * cell, rows * cell
    inner = axes.inset_axes((center[0] - width / 2, center[1] - height / 2, width, height), transform=axes.transData)
    inner.set_axis_off()
    return plotting.draw_matrix(inner, M, **options)


def put_text(axes, place, text, **options):
    """Write a text around a place of the sheet, in the ink that is readable on white and on black."""
    return axes.text(*place, text, **{"color": INK, "ha": "center", "va": "center", "fontsize": 10} | options)


def put_arrow(axes, start, end, **options):
    """An arrow from one place of the sheet to another."""
    axes.annotate("", end, start, arrowprops=ARROW | options)
