"""Draw the figures of the pages again:  python docs/_figures/draw.py [NAME ...]

Each picture is computed by the library and stored in docs/theory/figures, where the pages show it. All are
transparent, in a grey and in colours that are readable on white and on black. Plane pictures are stored as SVG, those
of spheres as PNG.
"""
import argparse
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(FOLDER.parent), str(FOLDER / "_figures")]

import matplotlib  # noqa: E402
from holonomy import draw_carried_vector  # noqa: E402
from step import draw_step  # noqa: E402

FIGURES = {
    "step": draw_step,
    "holonomy": draw_carried_vector,
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


def save(name, path=None):
    """Draw a figure and store it."""
    with matplotlib.rc_context(OPTIONS):
        figure = FIGURES[name]()
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
