"""The figures of the pages: each is drawn again, is stored, is shown with a description, and is readable."""
import importlib.util
import io
import re
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from unittest.mock import patch

import matplotlib
import numpy as np
import pytest

from manifold_opt.plotting import COLORS, INK
from manifold_opt.plotting.matrices import PRINT

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [path for path in DOCS.rglob("*.rst") if "_build" not in path.parts]


def load_command():
    """The module of the command that draws the figures."""
    specification = importlib.util.spec_from_file_location("draw", DOCS / "_figures" / "draw.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


draw = load_command()
NAMES = pytest.mark.parametrize("name", draw.FIGURES)


@lru_cache(maxsize=None)
def drawn(name):
    """The figure, and for each text that is drawn the text, its box in pixels, and its color."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    original, texts = matplotlib.text.Text.draw, []

    def record(text, renderer):
        original(text, renderer)
        if text.get_text().strip() and text.get_visible():
            texts.append((text.get_text(), text.get_window_extent(renderer), text.get_color()))

    figure = draw.drawn(name)
    with matplotlib.rc_context(draw.OPTIONS), patch.object(matplotlib.text.Text, "draw", record):
        FigureCanvasAgg(figure).draw()
    return figure, texts


@NAMES
def test_drawn_again_and_stored(name, tmp_path):
    figure, _ = drawn(name)
    stored = draw.stored(name, figure)
    assert stored.is_file() and stored.stat().st_size < 600_000
    again = draw.save(name, tmp_path / stored.name)
    assert again.read_bytes()[:16] == stored.read_bytes()[:16] and again.stat().st_size > 5_000
    buffer = io.BytesIO()
    figure.savefig(buffer, format="rgba", dpi=40)
    assert len(np.unique(np.frombuffer(buffer.getvalue(), np.uint8))) > 20


@NAMES
def test_labels_do_not_collide_and_are_inside(name):
    figure, texts = drawn(name)
    width, height = figure.canvas.get_width_height()
    for text, box, _ in texts:
        assert box.x0 > -1 and box.y0 > -1 and box.x1 < width + 1 and box.y1 < height + 1, text
    for (one, box, _), (other, another, _) in combinations(texts, 2):
        assert not box.overlaps(another), (one, other)


@NAMES
def test_texts_are_readable_on_white_and_on_black(name):
    figure, texts = drawn(name)
    if name.endswith(".pdf"):
        assert figure.get_facecolor()[:3] == (1, 1, 1)          # a sheet to be printed
        return
    assert figure.get_facecolor()[3] == 0
    assert texts or name == "holonomy"
    assert {matplotlib.colors.to_hex(color).upper() for _, _, color in texts} <= {INK, *COLORS, PRINT}


@NAMES
def test_shown_on_a_page_with_a_description(name):
    file = draw.stored(name, drawn(name)[0]).name
    shown = [text for text in (page.read_text(encoding="utf-8") for page in PAGES) if f"figures/{file}" in text]
    assert shown
    for text in shown if not name.endswith(".pdf") else ():
        options = re.search(rf"figures/{re.escape(file)}\n((?:   +\S[^\n]*\n)+)", text)[1]
        assert re.search(r":alt: .{30}", options) and ":class: dark-light" in options


def test_stored_figures_are_drawn_by_the_command():
    stored = {path.name for path in (DOCS / "theory" / "figures").iterdir()}
    assert stored == {draw.stored(name, drawn(name)[0]).name for name in draw.FIGURES}
