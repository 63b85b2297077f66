"""Checkpoints: bit for bit, and no damage goes unnoticed."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from manifold_opt.experiments import Progress, Settings, Training, load_checkpoint, paper_curves, save_checkpoint
from manifold_opt.experiments.rivals import RIVALS
from training_cases import small_images

DATA = small_images()
SMALL = {"blocks": 1, "batch_size": 16, "epochs": 3}


def trained(training: Training, epochs: int) -> Progress:
    progress = training.start()
    for _ in range(epochs):
        progress = training.epoch(progress)
    return progress


def assert_same(training: Training, first: Progress, second: Progress) -> None:
    states = [training.optimizer.save_state(progress.state) for progress in (first, second)]
    assert states[0].keys() == states[1].keys()
    for key in states[0]:
        assert states[0][key].dtype == states[1][key].dtype
        np.testing.assert_array_equal(states[0][key], states[1][key], err_msg=key)
    records = [replace(progress.record, seconds=()) for progress in (first, second)]
    assert records[0] == records[1]


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, Training]:
    training = Training(Settings(**SMALL), DATA)
    save_checkpoint(tmp_path / "checkpoint.npz", training, trained(training, 1))
    return tmp_path / "checkpoint.npz", training


@pytest.mark.parametrize("given", [*({"rival": rival} for rival in RIVALS),
                                   {"section": "reflector"}, {"retraction": "geodesic"},
                                   {"space": "grassmann"}, {"restore": 2}, {"restore": None},
                                   {"constrained": ("query",)}, {"warmup": 8},
                                   {"rival": "projected_adam", "warmup": 8}], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_goes_on_bit_for_bit(tmp_path: Path, given: dict[str, Any], dtype: str) -> None:
    settings = Settings(**SMALL, **given, dtype=dtype)
    training = Training(settings, DATA)
    save_checkpoint(tmp_path / "c.npz", training, trained(training, 1))
    again = Training(settings, small_images())
    progress = load_checkpoint(tmp_path / "c.npz", again)
    assert progress.record.epochs == 1
    assert_same(training, again.epoch(again.epoch(progress)), trained(training, 3))


def test_no_pickle_and_no_other_file(saved: tuple[Path, Training]) -> None:
    path, _ = saved
    assert [file.name for file in path.parent.iterdir()] == ["checkpoint.npz"]
    with np.load(path, allow_pickle=False) as file:
        assert all(file[key].dtype != object for key in file)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_truncated(saved: tuple[Path, Training], share: float) -> None:
    path, training = saved
    content = path.read_bytes()
    path.write_bytes(content[:int(share * len(content))])
    with pytest.raises(ValueError, match="must be a complete checkpoint, but it is damaged") as error:
        load_checkpoint(path, training)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("place", [0.02, 0.3, 0.6, 0.9])
def test_one_wrong_bit(saved: tuple[Path, Training], place: float) -> None:
    path, training = saved
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 4
    path.write_bytes(content)
    with pytest.raises(ValueError, match="checkpoint.npz"):
        load_checkpoint(path, training)


def test_another_kind_of_file(saved: tuple[Path, Training]) -> None:
    path, training = saved
    np.savez(path, weights=np.zeros(3))
    with pytest.raises(ValueError, match="damaged.*header"):
        load_checkpoint(path, training)
    path.write_bytes(b"not at all")
    with pytest.raises(ValueError, match="damaged"):
        load_checkpoint(path, training)


def test_missing_array(saved: tuple[Path, Training]) -> None:
    path, training = saved
    with np.load(path) as file:
        arrays = {key: file[key] for key in file if "classifier" not in key}
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match="classifier.* is missing, not float32"):
        load_checkpoint(path, training)


@pytest.mark.parametrize("given", [{"learning_rate": 2e-3}, {"seed": 1}, {"dtype": "float64"}, {"blocks": 2},
                                   {"batch_size": 8}, {"loss": "cross_entropy"}, {"rival": "momentum"},
                                   {"warmup": 8}, {"pieces": 2},
                                   {"constrained": ()}, {"retraction": "geodesic"}], ids=str)
def test_other_settings(saved: tuple[Path, Training], given: dict[str, Any]) -> None:
    path, training = saved
    (name, value), = given.items()
    other = Training(replace(training.settings, **given), DATA)
    with pytest.raises(ValueError, match=f"checkpoint of this training: {name} is .* in the file and"):
        load_checkpoint(path, other)


def test_threads_may_change(saved: tuple[Path, Training]) -> None:
    """A run that goes on with other threads goes on bit for bit."""
    path, training = saved
    other = Training(replace(training.settings, threads=1), DATA)
    progress = other.epoch(other.epoch(load_checkpoint(path, other)))
    assert training.settings.threads == 2
    assert_same(training, progress, trained(training, 3))


def test_other_data(saved: tuple[Path, Training]) -> None:
    path, training = saved
    with pytest.raises(ValueError, match="checkpoint of this training: data is"):
        load_checkpoint(path, Training(training.settings, small_images(seed=1)))


def test_number_of_epochs(saved: tuple[Path, Training]) -> None:
    path, training = saved
    more = Training(replace(training.settings, epochs=9), DATA)
    assert load_checkpoint(path, more).record.epochs == 1
    save_checkpoint(path, training, trained(training, 2))
    with pytest.raises(ValueError, match="has 2 epochs behind it: epochs must be at least as many, got 1"):
        load_checkpoint(path, Training(replace(training.settings, epochs=1), DATA))


def test_curves_do_not_mix(tmp_path: Path) -> None:
    curves = paper_curves(**SMALL)
    training = Training(curves["adam"], DATA)
    save_checkpoint(tmp_path / "c.npz", training, training.start())
    with pytest.raises(ValueError, match="c.npz must be a checkpoint of this training: rival is"):
        load_checkpoint(tmp_path / "c.npz", Training(curves["free_adam"], DATA))
