"""What is installed, and the promises of setup.cfg."""
from __future__ import annotations

import re
from configparser import ConfigParser
from importlib import metadata, resources
from pathlib import Path

import pytest

import manifold_opt

ROOT = Path(__file__).parents[1]
CONFIG = ConfigParser(comment_prefixes=("#",), interpolation=None)
CONFIG.read(ROOT / "setup.cfg")


def names(requirements: str) -> list[str]:
    return re.findall(r"^[\w-]+", requirements, re.MULTILINE)


def test_version_is_written_once() -> None:
    assert CONFIG["metadata"]["version"] == "attr: manifold_opt.version.__version__"
    places = [path for path in [*ROOT.glob("*.*"), *(ROOT / "manifold_opt").rglob("*.py")]
              if path.is_file() and f'"{manifold_opt.__version__}"' in path.read_text()]
    assert places == [ROOT / "manifold_opt" / "version.py"]


def test_installed_version_is_that_of_the_source() -> None:
    try:
        installed = metadata.version("manifold_opt")
    except metadata.PackageNotFoundError:
        pytest.skip("the package is not installed")
    assert installed == manifold_opt.__version__


def test_run_time_dependencies() -> None:
    assert names(CONFIG["options"]["install_requires"].strip()) == ["numpy", "scipy", "matplotlib", "tqdm"]


def test_pyproject_is_the_build_system_and_nothing_else() -> None:
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    assert lines == ["[build-system]", 'requires = ["setuptools>=64"]', 'build-backend = "setuptools.build_meta"']


def test_public_names_exist() -> None:
    assert sorted(set(manifold_opt.__all__)) == sorted(manifold_opt.__all__)
    for name in manifold_opt.__all__:
        assert (getattr(manifold_opt, name).__doc__ or name == "__version__")


@pytest.mark.parametrize("package, files", [
    ("manifold_opt", ["py.typed"]),
    ("manifold_opt.experiments", ["embedded/mnist_10k.npz", "embedded/fashion_mini.npz", "embedded/NOTICE.rst"]),
])
def test_package_data(package: str, files: list[str]) -> None:
    for file in files:
        assert resources.files(package).joinpath(file).is_file()


def test_notice_names_every_data_file() -> None:
    embedded = ROOT / "manifold_opt" / "experiments" / "embedded"
    notice = (embedded / "NOTICE.rst").read_text()
    for path in embedded.glob("*.npz"):
        assert path.name in notice
    assert "Creative Commons" in notice and "Zalando" in notice


def test_every_package_has_its_floor() -> None:
    layers = set(re.findall(r"\w+", CONFIG["importlinter:contract:layers"]["layers"]))
    packages = {path.parent.name for path in (ROOT / "manifold_opt").glob("*/__init__.py")}
    assert packages <= layers
