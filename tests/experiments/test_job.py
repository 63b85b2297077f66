"""A job writes what it says, and goes on where it stopped."""
from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from manifold_opt import __version__
from manifold_opt.arrays.trees import leaves
from manifold_opt.experiments import Job, Record, Settings, Training, load_images, paper_curves
from training_cases import small_images, write_idx_folder

SMALL = {"blocks": 1, "batch_size": 16, "epochs": 3}


@pytest.fixture
def data(tmp_path: Path) -> str:
    write_idx_folder(tmp_path / "data", small_images())
    return str(tmp_path / "data")


def parameters(job: Job) -> dict[str, Any]:
    found = {}
    for path in sorted(job.folder.glob("parameters-*.npz")):
        with np.load(path, allow_pickle=False) as file:
            found.update({f"{path.name}/{key}": file[key] for key in file})
    return found


def assert_same_results(first: Job, second: Job) -> None:
    curves = [json.loads((job.folder / "curves.json").read_text())["curves"] for job in (first, second)]
    for name in first.curves:
        one, two = (replace(Record.from_dict(part[name]), seconds=()) for part in curves)
        assert one == two
    one, two = parameters(first), parameters(second)
    assert one.keys() == two.keys() and len(one) == 6 * len(first.curves)
    for key in one:
        np.testing.assert_array_equal(one[key], two[key], err_msg=key)


def interrupt_after(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the training stop like by Ctrl-C after so many steps."""
    epoch, left = Training.epoch, [steps]

    def interrupted(self: Training, progress: Any, on_step: Callable[..., object] | None = None) -> Any:
        def count(*step: object) -> None:
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1
        return epoch(self, progress, count)
    monkeypatch.setattr(Training, "epoch", interrupted)


def test_writes_curves_settings_versions_and_parameters(tmp_path: Path, data: str) -> None:
    job = Job(tmp_path / "deep" / "job", paper_curves(["free_adam", "adam"], **SMALL), data)
    records = job.run(show=False)
    written = json.loads((job.folder / "curves.json").read_text())
    assert {name: Record.from_dict(record) for name, record in written["curves"].items()} == records
    assert {name: Settings.from_dict(part) for name, part in written["settings"].items()} == job.curves
    assert written["versions"]["manifold_opt"] == __version__ and written["versions"]["numpy"] == np.__version__
    assert written["data"] == {"source": data, "sha256": load_images(data).digest}
    assert (job.folder / "losses.png").read_bytes().startswith(b"\x89PNG")
    training = Training(job.curves["adam"], load_images(data))
    progress = training.start()
    while progress.record.epochs < 3:
        progress = training.epoch(progress)
    with np.load(job.folder / "parameters-adam.npz", allow_pickle=False) as file:
        expected = dict(leaves(training.params(progress.state)))
        assert set(file) == set(expected)
        for path, Y in expected.items():
            np.testing.assert_array_equal(file[path], Y, err_msg=path)


@pytest.mark.parametrize("steps", [0, 1, 3, 7, 9, 14, 17])
def test_interrupted_job_goes_on_bit_for_bit(tmp_path: Path, data: str, steps: int,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    curves = paper_curves(["adam", "momentum"], **SMALL)
    whole, parts = Job(tmp_path / "whole", curves, data), Job(tmp_path / "parts", curves, data)
    whole.run(show=False)
    with monkeypatch.context() as context, pytest.raises(KeyboardInterrupt):
        interrupt_after(steps, context)
        parts.run(show=False)
    assert not (parts.folder / "curves.json").exists()
    resumed = Job.load(parts.folder)
    assert resumed == parts
    resumed.run(show=False)
    assert_same_results(whole, resumed)


def test_the_same_results_side_by_side(tmp_path: Path, data: str) -> None:
    """Two processes with one thread each, of which one takes up a checkpoint: the bytes of one after the other."""
    pytest.importorskip("joblib")
    curves = paper_curves(["adam", "free_adam_same_start", "projected_adam"], **SMALL)
    one, two = Job(tmp_path / "one", curves, data), Job(tmp_path / "two", curves, data)
    one.run(show=False)
    replace(two, curves={"adam": replace(curves["adam"], epochs=1)}).run(show=False)
    two.run(show=False, jobs=2)
    assert_same_results(one, two)
    for path in one.folder.glob("parameters-*.npz"):
        assert path.read_bytes() == (two.folder / path.name).read_bytes()


def test_finished_epochs_are_not_trained_again(tmp_path: Path, data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    job = Job(tmp_path / "job", paper_curves(["adam"], **SMALL), data)
    records = job.run(show=False)
    interrupt_after(0, monkeypatch)
    assert Job.load(job.folder).run(show=False) == records


def test_more_epochs(tmp_path: Path, data: str) -> None:
    curves = paper_curves(["adam", "gradient"], **SMALL)
    short, long = Job(tmp_path / "short", curves, data), Job(tmp_path / "long", {
        name: replace(settings, epochs=5) for name, settings in curves.items()}, data)
    long.run(show=False)
    short.run(show=False)
    longer = Job.load(short.folder).changed({"epochs": 5})
    longer.run(show=False)
    assert_same_results(long, longer)
    assert Job.load(short.folder) == longer


def test_settings_cannot_change(tmp_path: Path, data: str) -> None:
    job = Job(tmp_path / "job", paper_curves(["adam"], **SMALL), data)
    assert job.changed({"blocks": 1, "batch_size": 16}) == job
    with pytest.raises(ValueError, match="job was begun with blocks = 1: a resumed job cannot change it, got 2"):
        job.changed({"blocks": 2})


@pytest.mark.parametrize("damage, message", [
    (lambda text: text[:-20], "job.json must be the plan of a job, but it is damaged"),
    (lambda text: text.replace("epochs", "ages"), "damaged.*'ages', 'epochs'"),
    (lambda text: "[]", "damaged"),
    (lambda text: text.replace('"adam"', '"Adam"'), "damaged: rival must be one of"),
])
def test_damaged_plan(tmp_path: Path, data: str, damage: Callable[[str], str], message: str) -> None:
    job = Job(tmp_path / "job", paper_curves(["adam"], **{**SMALL, "epochs": 1}), data)
    job.run(show=False)
    plan = job.folder / "job.json"
    plan.write_text(damage(plan.read_text()))
    with pytest.raises(ValueError, match=message):
        Job.load(job.folder)


def test_nothing_to_resume(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must hold a job to resume: there is no job.json"):
        Job.load(tmp_path)


def test_damaged_checkpoint_stops_the_job_before_it_trains(tmp_path: Path, data: str,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    job = Job(tmp_path / "job", paper_curves(["adam", "momentum"], **SMALL), data)
    job.run(show=False)
    (job.folder / "checkpoint-adam.npz").unlink()
    path = job.folder / "checkpoint-momentum.npz"
    path.write_bytes(path.read_bytes()[:1000])
    interrupt_after(0, monkeypatch)
    with pytest.raises(ValueError, match="checkpoint-momentum.npz must be a complete checkpoint"):
        job.run(show=False)


def test_bad_data_leave_no_folder(tmp_path: Path) -> None:
    job = Job(tmp_path / "job", paper_curves(["adam"], **SMALL), str(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match="there is no folder"):
        job.run(show=False)
    assert not job.folder.exists()


def test_progress_bar_shows_loss_and_time_left(tmp_path: Path, data: str, capsys: pytest.CaptureFixture[str]) -> None:
    Job(tmp_path / "job", paper_curves(["adam"], **SMALL), data).run()
    bar = capsys.readouterr().err
    assert "9/9" in bar and "loss" in bar and "<00:00" in bar and "Adam on St(7, 49), epoch 3/3" in bar
