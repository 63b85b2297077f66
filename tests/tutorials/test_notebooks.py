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
          "Isometric tensors")


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def source(cell):
    return "".join(cell["source"])


def code(notebook):
    """The code cells as Python, without IPython's magic lines."""
    return [re.sub(r"^%.*$", "", source(cell), flags=re.MULTILINE)
            for cell in notebook["cells"] if cell["cell_type"] == "code"]


def solutions(notebook):
    """The code cells that are solutions of exercises."""
    return [source(cell) for cell in notebook["cells"] if cell["cell_type"] == "code"
            and "exercise" in cell["metadata"].get("tags", [])]


def sections(notebook):
    """The code cells below each heading of the second level."""
    found = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and re.search(r"^## ", source(cell), flags=re.MULTILINE):
            found.append([])
        elif cell["cell_type"] == "code" and found:
            found[-1].append(re.sub(r"^%.*$", "", source(cell), flags=re.MULTILINE))
    return found


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

    def test_has_six_to_nine_code_cells(self, path):
        assert 6 <= len(code(load(path))) - len(solutions(load(path))) <= 9

    def test_exercises_have_solutions_that_assert(self, path):
        notebook = load(path)
        asked = "\n".join(source(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
        numbers = [int(number) for number in re.findall(r"^\*\*(\d)\.\*\* ", asked, flags=re.MULTILINE)]
        assert numbers == list(range(1, len(solutions(notebook)) + 1)) and len(numbers) in (0, 3, 4, 5)
        for solution in solutions(notebook):
            assert any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(solution)))
            assert max(map(len, solution.splitlines())) <= 100 and len(solution.splitlines()) <= 25

    def test_has_two_to_four_figures(self, path):
        figures = sum(cell.count("plotting.new_figure(") for cell in code(load(path)))
        shown = sum(cell.count("display(figure)") + cell.rstrip().endswith("\nfigure") for cell in code(load(path)))
        assert 2 <= figures <= 4 and shown == figures

    def test_every_section_ends_in_an_assertion(self, path):
        for cells in sections(load(path)):
            if cells:
                # the last cell may still show its figure
                assert any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(cells[-1])))

    def test_tolerances_come_from_the_library(self, path):
        text = "\n".join(code(load(path)))
        assert "tolerance(" in text or path.name.startswith("11")       # the oracle brings its own
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


def test_the_package_is_the_one_beside_the_notebooks():
    assert Path(manifold_opt.__file__).parents[1] == FOLDER.parent
