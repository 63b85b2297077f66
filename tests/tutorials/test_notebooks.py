"""The form of the notebooks; that they run is tested by running them (see .ci/run)."""
import ast
import importlib.util
import json
import re
from pathlib import Path

import pytest

import manifold_opt

FOLDER = Path(__file__).resolve().parents[2] / "tutorials"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
TITLES = ("sphere", "metric", "global section", "Adam in", "Retractions", "Procrustes", "Symplectic", "by hand",
          "with and without", "Drift", "oracle", "your own space",
          "Isometric tensors", "Muon")


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def source(cell):
    return "".join(cell["source"])


def code(notebook):
    """The code cells as Python, without IPython's magic lines."""
    return [re.sub(r"^%.*$", "", source(cell), flags=re.MULTILINE)
            for cell in notebook["cells"] if cell["cell_type"] == "code"]


def tagged(notebook, tag):
    """The code cells with a tag: "exercise" for the solutions, "drawing" for the figures."""
    return [source(cell) for cell in notebook["cells"] if cell["cell_type"] == "code"
            and tag in cell["metadata"].get("tags", [])]


def sections(notebook):
    """The code cells below each heading of the second level, without those that draw."""
    found = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and re.search(r"^## ", source(cell), flags=re.MULTILINE):
            found.append([])
        elif cell["cell_type"] == "code" and found and "drawing" not in cell["metadata"].get("tags", []):
            found[-1].append(re.sub(r"^%.*$", "", source(cell), flags=re.MULTILINE))
    return found


def calls(cell):
    """The names of the functions that a cell calls, without what is before a dot."""
    functions = [node.func for node in ast.walk(ast.parse(cell)) if isinstance(node, ast.Call)]
    return {function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            for function in functions}


def asserts(cell):
    """Whether a cell states something that is an error if it does not hold."""
    return (any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(cell)))
            or bool(calls(cell) & {"confirm", "confirm_differs"}))


def test_they_are_in_order():
    assert [path.name[:3] for path in NOTEBOOKS] == [f"{number:02d}_" for number in range(1, len(TITLES) + 1)]
    for number, (path, title) in enumerate(zip(NOTEBOOKS, TITLES), start=1):
        first = source(load(path)["cells"][0]).splitlines()[0]
        assert first.startswith(f"# {number} · ") and title in first


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestNotebook:
    def test_holds_no_outputs(self, path):
        specification = importlib.util.spec_from_file_location("strip_outputs", FOLDER / "strip_outputs.py")
        script = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(script)
        notebook = load(path)
        assert script.stripped(notebook) == notebook

    def test_says_what_one_does_learns_and_needs(self, path):
        head = source(load(path)["cells"][0])
        for promise in ("**What you will do.**", "**What you will learn.**", "**What you need.**", "2305.16901v4"):
            assert promise in head

    def test_has_six_to_fourteen_code_cells_in_sight(self, path):
        notebook = load(path)
        folded = tagged(notebook, "exercise") + tagged(notebook, "drawing")
        assert 6 <= len(code(notebook)) - len(folded) <= 14

    def test_exercises_have_solutions_that_assert(self, path):
        notebook = load(path)
        asked = "\n".join(source(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
        numbers = [int(number) for number in re.findall(r"^\*\*(\d)\.\*\* ", asked, flags=re.MULTILINE)]
        solutions = tagged(notebook, "exercise")
        assert numbers == list(range(1, len(solutions) + 1)) and 3 <= len(numbers) <= 5
        for solution in solutions:
            assert asserts(solution)
            assert max(map(len, solution.splitlines())) <= 100 and len(solution.splitlines()) <= 25

    def test_has_two_to_four_figures(self, path):
        figures = sum(cell.count("plotting.new_figure(") for cell in code(load(path)))
        shown = sum(cell.count("display(figure)") + cell.rstrip().endswith("\nfigure") for cell in code(load(path)))
        assert 2 <= figures <= 4 and shown == figures

    def test_every_section_ends_in_an_assertion(self, path):
        for cells in sections(load(path)):
            if cells:
                # the last cell may still show its figure
                assert asserts(cells[-1])

    def test_tolerances_come_from_the_library(self, path):
        text = "\n".join(code(load(path)))
        assert "tolerance(" in text or "confirm(" in text or path.name.startswith("11")  # there the oracle does
        assert not re.search(r"(atol|np\.allclose\([^)]*\)$)", text)

    def test_public_names_exist(self, path):
        for cell in code(load(path)):
            for node in ast.walk(ast.parse(cell)):
                if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("manifold_opt"):
                    module = importlib.import_module(node.module)
                    missing = [alias.name for alias in node.names if not hasattr(module, alias.name)
                               and importlib.util.find_spec(f"{node.module}.{alias.name}") is None]
                    assert not missing

    def test_draws_from_no_global_seed(self, path):
        assert "np.random.seed" not in "\n".join(code(load(path)))

    def test_links_lead_to_notebooks(self, path):
        text = "\n".join(source(cell) for cell in load(path)["cells"])
        for target in re.findall(r"\]\((\d\d_[^)]*)\)", text):
            assert (FOLDER / target).is_file()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestNumbersInSight:
    def test_cells_fit_on_a_screen(self, path):
        for cell in code(load(path)):
            assert len(cell.splitlines()) <= 20
            assert max(map(len, cell.splitlines())) <= 100

    def test_identities_are_confirmed_with_their_numbers(self, path):
        notebook = load(path)
        folded = tagged(notebook, "exercise") + tagged(notebook, "drawing")
        confirming = [cell for cell in code(notebook) if cell not in folded and "confirm" in calls(cell)]
        assert len(confirming) >= 3

    def test_drawing_is_folded_and_nothing_else(self, path):
        notebook = load(path)
        drawings = tagged(notebook, "drawing")
        for cell in code(notebook):
            draws = "plotting." in cell
            assert draws == (cell in drawings)
            assert not draws or not asserts(cell)

    def test_folded_cells_are_folded_in_pages_and_editors(self, path):
        for cell in load(path)["cells"]:
            tags = cell["metadata"].get("tags", [])
            if "drawing" in tags:
                assert "hide-input" in tags and cell["metadata"]["jupyter"] == {"source_hidden": True}

    def test_head_leads_to_the_chapter(self, path):
        line = next(line for line in source(load(path)["cells"][0]).splitlines() if line.startswith("**Chapter.** "))
        targets = re.findall(r"\]\(([^)]*)\)", line)
        assert targets and all((FOLDER / target).is_file() and target.endswith(".rst") for target in targets)

    def test_chapters_lead_back(self, path):
        line = next(line for line in source(load(path)["cells"][0]).splitlines() if line.startswith("**Chapter.** "))
        for target in re.findall(r"\]\(([^)]*/theory/[^)]*)\)", line):
            assert f"</_tutorials/{path.stem}>" in (FOLDER / target).read_text(encoding="utf-8")


def test_names_of_calls_are_found():
    cell = "verify.confirm('x', f(1))\nspace.metric(Y)(2)"
    assert calls(cell) == {"confirm", "f", "metric", ""} and asserts(cell) and not asserts("print(1)")
    assert asserts("assert True") and not asserts("confirm = 1")


def test_the_package_is_the_one_beside_the_notebooks():
    assert Path(manifold_opt.__file__).parents[1] == FOLDER.parent
