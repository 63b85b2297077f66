"""The main job as users run it: its output, its errors, and processes that are stopped half-way."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from manifold_opt.__main__ import main
from manifold_opt.experiments import Job, command
from training_cases import small_images, write_idx_folder

SMALL = ["--blocks", "1", "--batch-size", "16"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a folder of images."""
    write_idx_folder(tmp_path / "data", small_images())
    monkeypatch.chdir(tmp_path)
    return tmp_path


HOLDING = """
import signal, sys
from manifold_opt.__main__ import main
from manifold_opt.experiments import Training

epoch, left = Training.epoch, int(sys.argv.pop(1))

def held(training, progress, on_step=None):
    def hold(*step):
        global left
        on_step(*step)
        left -= 1
        if left == 0:
            print("holding", flush=True)
            sys.stdin.read()
    return epoch(training, progress, hold)

Training.epoch = held
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(main(sys.argv[1:]))
"""
"""The command, which stops in the middle of an epoch after so many steps, until it is ended from outside: by a signal,
or by the end of its standard input, which closes with the process that started it."""


@contextmanager
def held_after(steps: int, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process of the command that has done so many steps and does no more; none is left behind."""
    process = subprocess.Popen([sys.executable, "-c", HOLDING, str(steps), "train", *arguments], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))})
    try:
        assert process.stdout is not None
        if "holding\n" not in iter(process.stdout.readline, ""):
            raise AssertionError(process.communicate()[1])
        yield process
    finally:
        process.kill()
        process.communicate()


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
    """Three epochs of three steps for each of two methods: killed in the second epoch of the first method, interrupted
    in the second epoch of the second, which the resumed process reaches after two epochs of its own and one of the
    first method that the kill has lost."""
    arguments = ["--data", "data", *SMALL, "--epochs", "3", "--rivals", "adam", "momentum"]
    assert main(["train", "--out", "whole", *arguments]) == 0
    with held_after(4, "--out", "parts", *arguments) as killed:
        killed.kill()
        killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert [path.name for path in Path("parts").glob("*.npz")] == ["checkpoint-adam.npz"]

    with held_after(10, "--out", "parts", "--resume") as interrupted:
        interrupted.send_signal(signal.SIGINT)
        errors = interrupted.communicate()[1]
    assert interrupted.returncode == 130, errors
    assert "go on with: python -m manifold_opt train --resume --out parts" in errors and "Traceback" not in errors
    assert Path("parts/checkpoint-momentum.npz").exists() and not Path("parts/curves.json").exists()

    assert main(["train", "--out", "parts", "--resume"]) == 0
    assert_same_results(Path("whole"), Path("parts"))


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_a_console_that_cannot_encode_a_path(folder: Path, encoding: str) -> None:
    """The job is done, and the path is printed with escapes; names with dollar signs are no formulas in the figure."""
    data, out = folder / "d\u00e4ta $x_$ \udcff", "\u00fcbung $\\frac$"
    write_idx_folder(data, small_images())
    ended = subprocess.run([sys.executable, "-W", "error", "-m", "manifold_opt", "train", "--data", str(data), *SMALL,
                            "--epochs", "1", "--rivals", "adam", "--out", out], capture_output=True, check=False,
                           env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                                "PYTHONIOENCODING": encoding})
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(f"writing to {out}\n".encode(encoding, "backslashreplace"))
    assert (folder / out / "losses.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((folder / out / "curves.json").read_text())["data"]["source"] == str(data)


def test_prints_table_and_places(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--data", "data", "--epochs", "1", *SMALL]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "writing to results/train"
    assert [line.split("  ")[0] for line in lines[2:7]] == [
        "Adam, free weights", "Adam, free weights from St(7, 49)", "Adam on St(7, 49)", "Momentum on St(7, 49)",
        "Gradient on St(7, 49)"]
    for line in lines[7:]:
        assert list(folder.glob(line.partition(": ")[2]))


def test_published_setting(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """60,000 images, batches of 2048, 500 epochs; options that are given win; other images are refused."""
    assert "--paper needs the 60,000 training images of the full MNIST" in error_line(capsys, "--paper")
    assert "data has 40" in error_line(capsys, "--paper", "--data", "data")
    monkeypatch.setattr(command, "PUBLISHED_IMAGES", 40)
    jobs = list[Job]()
    monkeypatch.setattr(Job, "run", lambda job, **_: (jobs.append(job), job.curves)[1])
    monkeypatch.setattr(command, "table", lambda *_: "")
    assert main(["train", "--paper", "--data", "data"]) == main(["train", "--paper", "--data", "data", "--epochs", "3"])
    assert [(settings.batch_size, settings.epochs) for job in jobs for settings in job.curves.values()] == [
        (2048, 500)] * 5 + [(2048, 3)] * 5
    assert "--paper is for a new job" in error_line(capsys, "--paper", "--resume", "--out", "nowhere")


def test_folders_are_never_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    short = ["train", "--data", "data", "--epochs", "1", "--rivals", "adam", *SMALL]
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
                 "--threads", "1", "--warmup", "7", "--rivals", "gradient", "--out", "job"]) == 0
    settings, = json.loads(Path("job/job.json").read_text())["curves"].values()
    assert {name: settings[name] for name in ("blocks", "heads", "batch_size", "learning_rate", "seed", "dtype", "loss",
                                              "skip", "threads", "rival", "warmup")} == {
        "blocks": 2, "heads": 1, "batch_size": 20, "learning_rate": 0.01, "seed": 5, "dtype": "float64",
        "loss": "cross_entropy", "skip": True, "threads": 1, "rival": "gradient", "warmup": 7}


@pytest.mark.parametrize("arguments, message", [
    (["--jobs", "0"], "jobs must be at least 1: got 0"),
    (["--warmup", "-1"], "warmup must be at least 0: got -1"),
    (["--rivals", "sgd"], "rivals must be one of 'free_adam', 'free_adam_same_start', 'adam',"),
    (["--heads", "5"], "heads must divide width"),
    (["--epochs", "0"], "epochs must be at least 1: got 0"),
    (["--learning-rate", "-1"], "learning_rate must be positive and finite"),
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
    assert main(["train", "--data", "data", "--epochs", "2", "--rivals", "adam", *SMALL, "--out", "job"]) == 0
    capsys.readouterr()
    for arguments, message in (
            (["--blocks", "2"], "job was begun with blocks = 1: a resumed job cannot change it, got 2"),
            (["--rivals", "momentum"], "begun with rivals = ['adam']"),
            (["--data", "mnist"], "begun with data = 'data'"),
            (["--epochs", "1"], "checkpoint-adam.npz has 2 epochs behind it")):
        assert message in error_line(capsys, "--resume", "--out", "job", *arguments)
    write_idx_folder(Path("data"), small_images(seed=1))
    assert "data is '" in error_line(capsys, "--resume", "--out", "job")
