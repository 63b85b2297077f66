"""The command line as a whole."""
from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from manifold_opt import __version__
from manifold_opt.__main__ import COMMANDS, main


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    text = capsys.readouterr().out
    assert end.value.code == 0 and all(name in text for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_own_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert end.value.code == 0
    assert f"python -m manifold_opt {name}" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0 and capsys.readouterr().out == f"manifold_opt {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["trian"], ["train", "--epoch", "many"], ["train", "--unknown"]])
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2 and "usage: python -m manifold_opt" in capsys.readouterr().err


@pytest.mark.parametrize("error, code, line", [
    (ValueError("heads must divide width"), 2, "manifold_opt: error: heads must divide width\n"),
    (FileNotFoundError(2, "No such file or directory", "x.npz"), 2,
     "manifold_opt: error: [Errno 2] No such file or directory: 'x.npz'\n"),
    (KeyboardInterrupt(), 130, "\ninterrupted\n"),
])
def test_errors_of_the_user_are_one_line(error: BaseException, code: int, line: str, monkeypatch: pytest.MonkeyPatch,
                                         capsys: pytest.CaptureFixture[str]) -> None:
    def fail(arguments: object) -> int:
        raise error
    command = importlib.import_module("manifold_opt.experiments.command")
    monkeypatch.setattr(command, "run", fail)
    assert main(["train"]) == code
    assert capsys.readouterr() == ("", line)


def test_errors_of_the_library_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(arguments: object) -> int:
        raise KeyError("bug")
    monkeypatch.setattr(importlib.import_module("manifold_opt.experiments.command"), "run", fail)
    with pytest.raises(KeyError):
        main(["train"])


def test_a_command_imports_no_other() -> None:
    code = ("import sys; from manifold_opt.__main__ import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
            "assert not any(name.startswith('manifold_opt.' + part) for name in sys.modules "
            "for part in ('experiments', 'verify', 'oracle')), sys.modules.keys()")
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL,
                   env={"PYTHONPATH": ":".join(filter(None, sys.path))})
