"""Draw the figures of the pages again:  python docs/_figures/draw.py [NAME ...]

Each picture is computed by the library and stored in docs/theory/figures, where the pages show it. All are
transparent, in a grey and in colours that are readable on white and on black. Plane pictures are stored as SVG, those
of spheres as PNG, and the algorithm on a page, which is for the printer, as PDF.
"""
import argparse
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(FOLDER.parent), str(FOLDER / "_figures")]

import matplotlib  # noqa: E402
from action import draw_action  # noqa: E402
from attention import draw_head  # noqa: E402
from components import draw_halves  # noqa: E402
from distance import draw_reach  # noqa: E402
from holonomy import draw_carried_vector  # noqa: E402
from leaflet import draw_algorithm  # noqa: E402
from muon import draw_two_sections  # noqa: E402
from noncompact import draw_growth  # noqa: E402
from phases import draw_phases  # noqa: E402
from retractions import draw_retractions  # noqa: E402
from section import draw_section  # noqa: E402
from splitting import draw_blocks  # noqa: E402
from step import draw_step  # noqa: E402

FIGURES = {
    "step": draw_step,
    "action": draw_action,
    "splitting": draw_blocks,
    "section": draw_section,
    "retractions": draw_retractions,
    "attention": draw_head,
    "noncompact": draw_growth,
    "holonomy": draw_carried_vector,
    "components": draw_halves,
    "distance": draw_reach,
    "muon": draw_two_sections,
    "phases": draw_phases,
    "algorithm.pdf": draw_algorithm,
}
"""By name: the function that draws the figure."""

OPTIONS = {"svg.hashsalt": "manifold_opt", "svg.fonttype": "path", "mathtext.fontset": "dejavusans"}
"""So that the same picture is the same file."""


def stored(name, figure):
    """The file in which a figure is stored: pictures of three dimensions have too many parts for SVG."""
    if name.endswith(".pdf"):
        return FOLDER / "theory" / "figures" / name
    suffix = "png" if any(axes.name == "3d" for axes in figure.axes) else "svg"
    return FOLDER / "theory" / "figures" / f"{name}.{suffix}"


def drawn(name):
    """A figure with its final layout, which takes matplotlib a drawing to find."""
    with matplotlib.rc_context(OPTIONS):
        figure = FIGURES[name]()
        if figure.get_layout_engine() is not None:
            figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
        figure.draw_without_rendering()
    return figure


def save(name, path=None):
    """Draw a figure and store it."""
    with matplotlib.rc_context(OPTIONS):
        figure = drawn(name)
        path = path or stored(name, figure)
        metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(path.suffix[1:], {})
        figure.savefig(path, dpi=200, metadata=metadata)
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which figures: {', '.join(FIGURES)}; all by default")
    chosen = parser.parse_args().names or list(FIGURES)
    unknown = sorted(set(chosen) - set(FIGURES))
    if unknown:
        parser.error(f"NAME must be one of {', '.join(FIGURES)}: got {', '.join(unknown)}")
    for chosen_name in chosen:
        print(save(chosen_name))
