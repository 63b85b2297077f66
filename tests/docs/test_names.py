"""Names in the texts exist, and public names are spelled in one way."""
import inspect
import json
import re
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import manifold_opt

ROOT = Path(__file__).parents[2]
GENERATED = {"_build", "_tutorials", "_ext", "generated"}
TEXTS = [ROOT / "README.rst", *sorted(path for path in (ROOT / "docs").rglob("*.rst")
                                      if not GENERATED & set(path.relative_to(ROOT / "docs").parts)),
         *sorted((ROOT / "tutorials").glob("*.ipynb"))]
BRITISH = re.compile(r"colour|centre|behaviour|neighbour|grey|fibre|metre|modell|travell|[^wnx]is(e|ed|er|ation)$|yse$")
RIGHT = {"noise", "otherwise", "precise", "raise", "rise", "exercise", "pairwise", "piecewise", "elementwise", "wise"}


def text(path):
    """The text of a page; of a notebook the sources of its cells."""
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        return "\n".join("".join(cell["source"]) for cell in json.loads(content)["cells"])
    return content


def exists(dotted):
    """Whether a dotted path leads to an object (of instances only the class can be followed)."""
    found, name = manifold_opt, "manifold_opt"
    for part in dotted.split(".")[1:]:
        name = f"{name}.{part}"
        if hasattr(found, part):
            found = getattr(found, part)
            continue
        try:
            found = import_module(name)
        except ModuleNotFoundError:
            return False
    return True


def imports(source):
    """Dotted paths of what a text imports from the package."""
    for module, names in re.findall(r"from (manifold_opt[\w.]*) import (\([^)]*\)|[^\n]*)", source):
        for name in re.sub(r"[()\n>]|\.\.\. |#.*", " ", names).split(","):
            if name.strip():
                yield f"{module}.{name.split()[0]}"


@pytest.mark.parametrize("path", TEXTS, ids=[str(path.relative_to(ROOT)) for path in TEXTS])
def test_names_in_texts_exist(path):
    source = text(path)
    assert [name for name in imports(source) if not exists(name)] == []
    mentioned = set(re.findall(r"(?<![\w/.])manifold_opt(?:\.[A-Za-z_]\w*)+(?!\w*[/(]?\.(?:rst|py))", source))
    assert sorted(name for name in mentioned if not exists(name)) == []


def test_a_wrong_name_is_noticed():
    assert list(imports("from manifold_opt.spaces import (Stiefel,\n... Grasmann)")) == [
        "manifold_opt.spaces.Stiefel", "manifold_opt.spaces.Grasmann"]
    assert exists("manifold_opt.Optimizer.step") and not exists("manifold_opt.spaces.Grasmann")


def public_words():
    """Words of the names of public modules, functions, classes, methods and parameters."""
    for module in walk_packages(manifold_opt.__path__, "manifold_opt."):
        if module.name.endswith("__main__"):
            continue
        exported = import_module(module.name)
        names = [module.name.rpartition(".")[2], *getattr(exported, "__all__", [])]
        for name in list(names):
            value = getattr(exported, name, None)
            if inspect.isclass(value):
                names += [attribute for attribute in vars(value) if not attribute.startswith("_")]
            if inspect.isfunction(value) or inspect.isclass(value) and inspect.isfunction(value.__init__):
                names += inspect.signature(value).parameters
        for name in names:
            yield from re.findall(r"[A-Z]?[a-z]+", name)


def test_public_names_have_american_spelling():
    assert sorted({word for word in public_words() if BRITISH.search(word.lower()) and word.lower() not in RIGHT}) == []
    assert BRITISH.search("normalise") and BRITISH.search("colours") and not BRITISH.search("optimizer")
