"""All code on the pages of the documentation."""
import doctest
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
