"""Colours, lines and figures that all pictures share."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from manifold_opt.arrays.checks import check_integer
from manifold_opt.plotting.border import check_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["COLORS", "INK", "LINES", "MARKERS", "curve_style", "legend", "luminance", "new_figure", "note",
           "whole_steps"]

INK = "#767676"
"""Text and axes: a grey with a contrast of at least 4.5 to white and to black."""

COLORS = ("#1F86E5", "#CC5200", "#278A7A", "#D957AD", "#A68A42", INK)
"""Blue, orange, green, pink, ochre, grey: each with a contrast of at least 3 to white and to black, and the first five
told apart by every kind of colour vision (simulated after F. Vienot, H. Brettel and J. Mollon, 1999)."""

LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
"""Line styles in the order of the colours, so that nothing is said by colour alone."""

MARKERS = ("o", "s", "^", "D", "v", "P")
"""Markers in the order of the colours."""


def curve_style(number: int) -> dict[str, Any]:
    """Color, line and marker of a curve; of 36 curves no two have the same three.

    Parameters
    ----------
    number : int
        Number of the curve, from 0 on.

    Returns
    -------
    dict
        Arguments of :meth:`matplotlib.axes.Axes.plot`.

    Examples
    --------
    The colors repeat after six curves, with another line and another marker:

    >>> from manifold_opt.plotting import curve_style
    >>> [curve_style(number)["color"] for number in (0, 6)], [curve_style(number)["linestyle"] for number in (0, 6)]
    (['#1F86E5', '#1F86E5'], ['-', '--'])
    """
    turn, color = divmod(check_integer("number", number, 0), len(COLORS))
    return {"color": COLORS[color], "linestyle": LINES[(color + turn) % len(LINES)],
            "marker": MARKERS[(color + 2 * turn) % len(MARKERS)], "markersize": 4}


def luminance(color: str) -> float:
    """The relative luminance of a colour, from 0 (black) to 1 (white).

    Parameters
    ----------
    color : str
        Hexadecimal colour such as "#1F86E5".

    Returns
    -------
    float

    References
    ----------
    Web Content Accessibility Guidelines 2.1, "relative luminance".

    Examples
    --------
    >>> from manifold_opt.plotting.style import luminance
    >>> luminance("#000000"), luminance("#FFFFFF")
    (0.0, 1.0)
    """
    channels = [int(color[k:k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(round(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2], 12))


def new_figure(columns: int = 1, rows: int = 1, *, size: tuple[float, float] = (4.2, 3.4),
               kinds: str | Sequence[str] = "plain") -> tuple[Figure, Any]:
    """A transparent figure with one or several axes, apart from pyplot and its global state.

    Parameters
    ----------
    columns, rows : int
        Number of axes.
    size : (float, float)
        Width and height of each of the axes in inches.
    kinds : {"plain", "space", "picture"}, or one of them for each of the axes
        Coordinate axes with a light grid; the three-dimensional space without axes; no axes at all.

    Returns
    -------
    figure : matplotlib.figure.Figure
        Show it by naming it at the end of a notebook's cell.
    axes : matplotlib.axes.Axes or list of them
        Row by row, if there is more than one.

    Raises
    ------
    ValueError
        If a kind is unknown, or there are not as many kinds as axes.

    Examples
    --------
    >>> from manifold_opt import plotting
    >>> figure, (left, right) = plotting.new_figure(2, kinds=("space", "plain"))
    >>> left.name, right.name, figure.get_facecolor()[3]
    ('3d', 'rectilinear', 0.0)
    """
    from matplotlib.figure import Figure
    columns, rows = check_integer("columns", columns, 1), check_integer("rows", rows, 1)
    count = columns * rows
    kinds = [kinds] * count if isinstance(kinds, str) else list(kinds)
    if len(kinds) != count or not set(kinds) <= {"plain", "space", "picture"}:
        raise ValueError(f"kinds must name {count} of 'plain', 'space', 'picture': got {kinds}")
    figure = Figure(figsize=(size[0] * columns, size[1] * rows), facecolor="none", layout="constrained")
    axes = [_new_axes(figure, (rows, columns, number + 1), kind) for number, kind in enumerate(kinds)]
    return figure, axes[0] if count == 1 else axes


def legend(axes: Any, **options: Any) -> Any:
    """A legend without frame, in the colour of the text.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes.
    **options
        What :meth:`matplotlib.axes.Axes.legend` takes.

    Returns
    -------
    matplotlib.legend.Legend or None
        None where nothing has a name.

    Examples
    --------
    >>> from manifold_opt import plotting
    >>> figure, axes = plotting.new_figure()
    >>> line = axes.plot([0, 1], label="a line")
    >>> bool(plotting.legend(axes).get_frame_on())
    False
    """
    if not check_axes(axes).get_legend_handles_labels()[0] and "handles" not in options:
        return None
    return axes.legend(**{"frameon": False, "labelcolor": INK, "fontsize": "small", **options})


def note(axes: Any, text: str) -> Any:
    """Say in small letters at the upper edge of a picture what it does not show.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes.
    text : str
        What to say; nothing is drawn for an empty text, and a further note stands below the one before.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from manifold_opt import plotting
    >>> figure, axes = plotting.new_figure()
    >>> [line.get_text() for line in plotting.note(axes, "2 zeros are not shown").texts]
    ['2 zeros are not shown']
    """
    if text:
        lines = sum(line.get_gid() == "note" for line in axes.texts)
        axes.annotate(text, (1, 1), (-3, -3 - 11 * lines), xycoords="axes fraction", textcoords="offset points",
                      ha="right", va="top", color=INK, fontsize="x-small", gid="note")
    return axes


def whole_steps(axes: Any) -> Any:
    """Ticks at integers only on a linear horizontal axis: there are no half epochs.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from manifold_opt import plotting
    >>> figure, axes = plotting.new_figure()
    >>> lines = axes.plot([1, 2, 3], [0, 1, 0])
    >>> all(float(tick).is_integer() for tick in plotting.whole_steps(axes).get_xticks())
    True
    """
    from matplotlib.ticker import MaxNLocator
    if axes.get_xscale() == "linear":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    return axes


def _new_axes(figure: Figure, place: tuple[int, int, int], kind: str) -> Any:
    if kind == "space":
        axes: Any = figure.add_subplot(*place, projection="3d", computed_zorder=False, facecolor="none")
        axes.set_axis_off()
        axes.set_box_aspect((1, 1, 1), zoom=1.35)
        axes.view_init(elev=22, azim=38)
    else:
        axes = figure.add_subplot(*place, facecolor="none")
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(INK)
        axes.tick_params(which="both", colors=INK, labelsize="small")
        axes.grid(color=INK, alpha=0.2, linewidth=0.6)
        axes.set_axisbelow(True)
        if kind == "picture":
            axes.set_axis_off()
            axes.set_aspect("equal")
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
    axes.title.set_color(INK)
    axes.title.set_fontsize("medium")
    return axes
