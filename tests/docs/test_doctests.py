"""All code on the pages of the documentation."""
import doctest
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
GENERATED = {"_build", "_tutorials", "_ext", "generated", "tables"}
PAGES = sorted(path for path in DOCS.rglob("*.rst") if not GENERATED & set(path.relative_to(DOCS).parts))


MEASURED = re.compile(r"residual +\S+ += +(\S+) eps(?: of float32)?, allowed +(\S+) eps: holds|"
                      r"residual +(\S+), allowed +(\S+): holds|difference +\S+, at least")


class AnyResidual(doctest.OutputChecker):
    """What `confirm` measures differs from machine to machine: the pages show one of them, and any other will do."""

    def check_output(self, want, got, optionflags):
        """Compare without the residuals; that they are within their bounds is what `confirm` asserts."""
        return super().check_output(MEASURED.sub("measured", want), MEASURED.sub("measured", got), optionflags)


def failures(page):
    """The number of examples of a page that do not print what it says."""
    text = page.read_text(encoding="utf-8")
    examples = doctest.DocTestParser().get_doctest(text, {"__name__": "__main__"}, page.name, str(page), 0)
    runner = doctest.DocTestRunner(checker=AnyResidual(), verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    return runner.run(examples).failed


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(DOCS)) for page in PAGES])
def test_page(page):
    assert failures(page) == 0


def test_what_a_page_says_wrongly_is_noticed(tmp_path):
    page, head = tmp_path / "page.rst", ">>> from manifold_opt.verify import confirm\n"
    line = f"one is one {'.' * 35} residual"
    for output, wrong in ((f"{line} 5.0e-16 = 2.25 eps, allowed 10 eps: holds", 0),
                          (f"{line} 5.0e-16 = 2.25 eps, allowed 10 eps: does not hold", 1),
                          (f"{line.replace('one', 'two')} 0 = 0 eps, allowed 10 eps: holds", 1)):
        page.write_text(f"{head}>>> confirm('one is one', 1.0, 1.0)\n{output}\n", encoding="utf-8")
        assert failures(page) == wrong


@pytest.mark.parametrize("page", sorted((DOCS / "theory").glob("*.rst")), ids=lambda page: page.stem)
def test_shown_residuals_are_within_their_bounds(page):
    found = MEASURED.findall(page.read_text(encoding="utf-8"))
    for residual, bound, other, allowed in found:
        assert float(residual or other or 0) <= float(bound or allowed or 0)
    assert page.name == "index.rst" or len(found) >= 3


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
