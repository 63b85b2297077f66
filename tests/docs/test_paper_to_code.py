"""The table from the paper to the code: its objects, tests and chapters exist, and no public name is missing."""
import csv
import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = ("arrays", "groups", "tangent", "sections", "spaces", "network", "optimizers", "verify", "oracle",
          "experiments", "experiments.suite", "plotting")


def rows(name):
    with open(ROOT / "docs" / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


PAPER, FURTHER = rows("paper_to_code.csv"), rows("not_in_the_paper.csv")
OBJECTS = [name for row in PAPER + FURTHER for name in row["objects"].split()]


def find(path):
    """The object of a path below manifold_opt; where a function has the name of its module, the function."""
    found, name = import_module("manifold_opt"), "manifold_opt"
    for part in path.split("."):
        name = f"{name}.{part}"
        found = getattr(found, part) if hasattr(found, part) else import_module(name)
    return found


def public_names():
    """Layer and name of everything that a package exports."""
    for layer in ("", *LAYERS):
        module = import_module(f"manifold_opt.{layer}" if layer else "manifold_opt")
        for name in module.__all__:
            yield layer, name, getattr(module, name)


def missing_names(listed):
    """Exported names that a list of paths does not cover; the path of a package covers what it exports."""
    found = [find(path) for path in listed]
    return [f"{layer}.{name}" for layer, name, value in public_names()
            if layer not in listed and not any(value is one for one in found)]


@pytest.mark.parametrize("path", OBJECTS)
def test_objects_exist(path):
    find(path)


@pytest.mark.parametrize("test", sorted({test for row in PAPER for test in row["tests"].split()}))
def test_tests_exist(test):
    file, _, function = test.partition("::")
    assert (ROOT / file).is_file()
    assert not function or re.search(rf"^def {function}\(", (ROOT / file).read_text(), re.MULTILINE)


@pytest.mark.parametrize("row", PAPER, ids=[row["subject"] for row in PAPER])
def test_places_chapters_and_notebooks(row):
    assert set(row["place"].split(", ")) <= {"2", "3", "4", "5", "6", "A", "B"}
    assert (ROOT / "docs" / f"{row['chapter']}.rst").is_file()
    for number in row["notebooks"].split():
        assert 1 <= int(number) <= 12
        if list((ROOT / "tutorials").glob("12*.ipynb")):
            assert list((ROOT / "tutorials").glob(f"{int(number):02d}*.ipynb"))


def test_every_public_name_is_listed():
    assert missing_names(OBJECTS) == []


def test_a_missing_name_is_noticed():
    assert "sections.Cayley" in missing_names([path for path in OBJECTS if path != "sections.Cayley"])


def test_no_name_is_listed_as_in_the_paper_and_not():
    paper = {name for row in PAPER for name in row["objects"].split()}
    assert paper.isdisjoint(name for row in FURTHER for name in row["objects"].split())
