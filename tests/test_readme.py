"""README.rst: its two commands, and its example."""
from __future__ import annotations

import doctest
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.rst").read_text()


def test_two_commands() -> None:
    commands = re.findall(r"^    (python3 -m venv .*)$", TEXT, re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith("python -m manifold_opt train") and commands[1].endswith("python -m pytest")


def test_ci_finds_the_test_command() -> None:
    pattern = re.search(r"^command=\$\((sed -n '.*' README.rst)\)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert pattern is not None
    found = subprocess.run(pattern[1], shell=True, cwd=ROOT, text=True, capture_output=True, check=True).stdout
    assert found.startswith("python3 -m venv") and found.endswith("-m pytest\n") and found.count("\n") == 1


def test_example() -> None:
    result = doctest.testfile(str(ROOT / "README.rst"), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted >= 8 and result.failed == 0
