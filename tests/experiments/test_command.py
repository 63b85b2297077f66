"""The main job as users run it: its output, its errors, and processes that are stopped half-way."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from manifold_opt.__main__ import main
from training_cases import small_images, write_idx_folder

SMALL = ["--blocks", "1", "--batch-size", "16"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a folder of images."""
    write_idx_folder(tmp_path / "data", small_images())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-m", "manifold_opt", "train", "--data", "data", *SMALL, *arguments],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))})


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    limit = time.monotonic() + 120
    while not path.exists() and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.001)
    assert path.exists(), process.communicate()[1]


def assert_same_results(first: Path, second: Path) -> None:
    curves = [json.loads((folder / "curves.json").read_text())["curves"] for folder in (first, second)]
    assert curves[0].keys() == curves[1].keys()
    for name in curves[0]:
        for measured in ("losses", "accuracies", "defects"):
            assert curves[0][name][measured] == curves[1][name][measured]
        with np.load(first / f"parameters-{name}.npz") as one, np.load(second / f"parameters-{name}.npz") as two:
            assert set(one) == set(two)
            assert all(np.array_equal(one[key], two[key]) for key in one)


def error_line(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line on standard error of a command that must fail."""
    assert main(["train", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and captured.err.startswith("manifold_opt: error: ")
    return captured.err


def test_killed_and_interrupted_jobs_go_on_bit_for_bit(folder: Path) -> None:
    arguments = ["--epochs", "60", "--methods", "adam", "momentum"]
    whole = start("--out", "whole", *arguments)
    killed = start("--out", "parts", *arguments)
    wait_for(Path("parts/checkpoint-adam.npz"), killed)
    killed.kill()
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL

    interrupted = start("--out", "parts", "--resume")
    wait_for(Path("parts/checkpoint-momentum.npz"), interrupted)
    interrupted.send_signal(signal.SIGINT)
    errors = interrupted.communicate()[1]
    assert interrupted.returncode == 130, errors
    assert "go on with: python -m manifold_opt train --resume --out parts" in errors and "Traceback" not in errors
    assert not Path("parts/curves.json").exists()

    last = start("--out", "parts", "--resume")
    for process in (last, whole):
        output, errors = process.communicate()
        assert process.returncode == 0, errors
    assert_same_results(Path("whole"), Path("parts"))


def test_prints_table_and_places(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--data", "data", "--epochs", "1", *SMALL]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "writing to results/train"
    assert [line.split("  ")[0] for line in lines[2:6]] == [
        "Adam, free weights", "Adam on St(7, 49)", "Momentum on St(7, 49)", "Gradient on St(7, 49)"]
    for line in lines[6:]:
        assert list(folder.glob(line.partition(": ")[2]))


def test_folders_are_never_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    short = ["train", "--data", "data", "--epochs", "1", "--methods", "adam", *SMALL]
    for expected in ("results/train", "results/train-2", "results/train-3"):
        assert main(short) == 0
        assert capsys.readouterr().out.startswith(f"writing to {expected}\n")
    assert main(["train", "--resume", "--epochs", "2"]) == 0
    assert capsys.readouterr().out.startswith("writing to results/train-3\n")
    message = error_line(capsys, *short[1:], "--out", "results/train-2")
    assert "results/train-2 holds a job already: go on with it by --resume, or choose another folder" in message


def test_options_reach_the_settings(folder: Path) -> None:
    assert main(["train", "--data", "data", "--epochs", "1", "--blocks", "2", "--heads", "1", "--batch-size", "20",
                 "--learning-rate", "0.01", "--seed", "5", "--dtype", "float64", "--loss", "cross_entropy", "--skip",
                 "--threads", "1", "--methods", "gradient", "--out", "job"]) == 0
    settings, = json.loads(Path("job/job.json").read_text())["curves"].values()
    assert {name: settings[name] for name in ("blocks", "heads", "batch_size", "learning_rate", "seed", "dtype", "loss",
                                              "skip", "threads", "method")} == {
        "blocks": 2, "heads": 1, "batch_size": 20, "learning_rate": 0.01, "seed": 5, "dtype": "float64",
        "loss": "cross_entropy", "skip": True, "threads": 1, "method": "gradient"}


@pytest.mark.parametrize("arguments, message", [
    (["--methods", "sgd"], "methods must be one of 'free_adam', 'adam', 'momentum', 'gradient': got 'sgd'"),
    (["--heads", "5"], "heads must divide width"),
    (["--epochs", "0"], "epochs must be at least 1: got 0"),
    (["--learning-rate", "-1"], "learning_rate must be positive"),
    (["--dtype", "int8"], "dtype must be one of 'float32', 'float64': got 'int8'"),
    (["--loss", "hinge"], "loss must be one of 'relative', 'cross_entropy': got 'hinge'"),
    (["--data", "nowhere"], "there is no folder nowhere"),
    (["--resume"], "there is no job to resume in results/train"),
    (["--resume", "--out", "nowhere"], "nowhere must hold a job to resume"),
    (["--data", "data", "--epochs", "1", "--out", "data/t10k-labels-idx1-ubyte"], "data/t10k-labels-idx1-ubyte"),
])
def test_errors_are_one_line(folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str],
                             message: str) -> None:
    assert message in error_line(capsys, *arguments)
    assert not Path("results").exists()


def test_resume_with_other_options(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--data", "data", "--epochs", "2", "--methods", "adam", *SMALL, "--out", "job"]) == 0
    capsys.readouterr()
    for arguments, message in (
            (["--blocks", "2"], "job was begun with blocks = 1: a resumed job cannot change it, got 2"),
            (["--methods", "momentum"], "begun with methods = ['adam']"),
            (["--data", "mnist"], "begun with data = 'data'"),
            (["--epochs", "1"], "checkpoint-adam.npz has 2 epochs behind it")):
        assert message in error_line(capsys, "--resume", "--out", "job", *arguments)
    write_idx_folder(Path("data"), small_images(seed=1))
    assert "data is '" in error_line(capsys, "--resume", "--out", "job")
