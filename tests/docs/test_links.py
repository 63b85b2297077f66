"""Chapters name their notebooks, notebooks their chapters, and what one names names it back."""
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted(path for path in (ROOT / "docs" / "theory").glob("*.rst") if path.stem != "index")
NOTEBOOKS = sorted((ROOT / "tutorials").glob("*.ipynb"))


def named_notebooks(chapter):
    """The notebooks in the line **Notebooks.** of a chapter, with the numbers by which it calls them."""
    line = re.search(r"^\*\*Notebooks?\.\*\* ((?:\S.*\n)+)", chapter.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return re.findall(r":doc:`(\d+) · [^<`]+ </_tutorials/(\w+)>`", line[1]) if line else []


def named_chapters(notebook):
    """The chapters in the line **Chapter.** of the first cell of a notebook."""
    head = "".join(json.loads(notebook.read_text(encoding="utf-8"))["cells"][0]["source"])
    line = re.search(r"^\*\*Chapters?\.\*\* .*", head, flags=re.MULTILINE)
    return re.findall(r"\(\.\./docs/theory/(\w+)\.rst\)", line[0]) if line else []


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_names_notebooks_that_exist(chapter):
    found = named_notebooks(chapter)
    assert found
    for number, stem in found:
        assert (ROOT / "tutorials" / f"{stem}.ipynb").is_file() and int(stem[:2]) == int(number)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_named_by_a_chapter_and_names_chapters_that_name_it(notebook):
    naming = {chapter.stem for chapter in CHAPTERS if notebook.stem in [stem for _, stem in named_notebooks(chapter)]}
    assert naming
    assert set(named_chapters(notebook)) <= naming


def test_index_of_the_chapters_says_the_same():
    index = (ROOT / "docs" / "theory" / "index.rst").read_text(encoding="utf-8")
    for chapter in CHAPTERS:
        entry = re.search(rf"^:doc:`{chapter.stem}`\n    (.*)", index, flags=re.MULTILINE)[1]
        said = re.findall(r"\d+", re.search(r"Notebooks? ([\d, and]+)\.$", entry)[1])
        assert said == [number for number, _ in named_notebooks(chapter)]
