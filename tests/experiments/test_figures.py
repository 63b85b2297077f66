"""The figure shows the records."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from manifold_opt.experiments import Record, draw_curves, save_figure

RECORDS = {"first": Record().extended([3.0, 1.0], 0.25, 1.0, 1.0).extended([1.0, 0.0], 0.5, 1.0, 1.0),
           "second": Record().extended([2.0, 2.0], 0.1, 0.0, 1.0)}


def test_lines_are_the_records() -> None:
    left, right = draw_curves(RECORDS, "title", one_class=1.25).axes
    batches, means = left.lines[1:3]
    np.testing.assert_allclose(batches.get_xydata(), [[0.25, 3], [0.75, 1], [1.25, 1], [1.75, 0]])
    np.testing.assert_allclose(means.get_xydata(), [[0.5, 2], [1.5, 0.5]])
    np.testing.assert_allclose(right.lines[0].get_xydata(), [[1, 25], [2, 50]])
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["first", "second"]
    assert left.lines[0].get_ydata()[0] == 1.25 and left.get_ylim()[1] > 2


def test_curves_differ_in_color_line_and_marker() -> None:
    records = {str(index): RECORDS["first"] for index in range(13)}
    left, right = draw_curves(records, "many").axes
    for lines in (left.lines[1::2], right.lines):
        assert len(lines) == 13
        assert len({(line.get_color(), line.get_linestyle(), line.get_marker()) for line in lines}) == 13


def test_epochs_are_integers() -> None:
    for axes in draw_curves(RECORDS, "title").axes:
        assert all(float(tick).is_integer() for tick in axes.get_xticks())


def test_outliers_are_clipped_and_said() -> None:
    """One curve that diverges does not flatten the others."""
    wild = Record().extended([2.0, 50.0], 0.1, 1.0, 1.0).extended([1e6, 1e6], 0.1, 1.0, 1.0)
    left, _ = draw_curves({**RECORDS, "wild": wild}, "title").axes
    assert left.get_ylim()[1] < 10
    assert [text.get_text() for text in left.texts] == ["3 of 10 values above, up to 1e+06"]
    assert not draw_curves({"second": RECORDS["second"]}, "title").axes[0].texts


def test_png(tmp_path: Path) -> None:
    save_figure(tmp_path / "losses.png", draw_curves(RECORDS, "title"))
    assert (tmp_path / "losses.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("text", ["title", "one class for every image: 1.342"])
def test_notes(text: str) -> None:
    figure = draw_curves(RECORDS, "title", one_class=np.sqrt(1.8))
    texts = [figure.get_suptitle(), *(note.get_text() for note in figure.axes[0].texts)]
    assert text in texts
