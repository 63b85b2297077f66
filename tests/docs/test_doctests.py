"""All code on the pages of the documentation."""
import doctest
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
GENERATED = {"_build", "_tutorials", "_ext", "generated", "tables"}
PAGES = sorted(path for path in DOCS.rglob("*.rst") if not GENERATED & set(path.relative_to(DOCS).parts))


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(DOCS)) for page in PAGES])
def test_page(page):
    result = doctest.testfile(str(page), module_relative=False, encoding="utf-8",
                              optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


def test_the_chapters_have_code():
    for page in (DOCS / "theory").glob("*.rst"):
        assert page.name == "index.rst" or page.read_text(encoding="utf-8").count(">>> ") > 10


@pytest.mark.parametrize("page", sorted((DOCS / "theory").glob("*.rst")), ids=lambda page: page.stem)
def test_chapters_end_in_exercises_with_solutions(page):
    if page.name != "index.rst":
        text, heading, exercises = page.read_text(encoding="utf-8").partition("\nExercises\n---------\n")
        assert heading and text
        asked = re.findall(r"^\*\*\d\.", exercises, flags=re.MULTILINE)
        assert 3 <= len(asked) <= 5 and exercises.count(".. dropdown:: Solution\n") == len(asked)
        assert ">>> " in exercises
