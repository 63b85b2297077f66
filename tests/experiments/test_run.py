"""One run: to its end, from its checkpoint, with what it calls on the way."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from manifold_opt.arrays.trees import leaves
from manifold_opt.experiments import RIVALS, Settings, Training, load_checkpoint, train_run
from training_cases import small_images

DATA = small_images()


def training(**given: Any) -> Training:
    return Training(Settings(**{"blocks": 1, "batch_size": 16, "epochs": 3, **given}), DATA)


@pytest.mark.parametrize("rival", RIVALS)
def test_every_rival_goes_on_bit_for_bit(tmp_path: Path, rival: str) -> None:
    """Interrupted in its second epoch, with a warm-up that ends in the third."""
    run, steps = training(rival=rival, warmup=8), list[float]()
    whole = train_run(run)

    def interrupt(loss: float, *_: Any) -> None:
        steps.append(loss)
        if len(steps) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_run(run, tmp_path / "run.npz", interrupt)
    assert load_checkpoint(tmp_path / "run.npz", run).record.epochs == 1
    again = train_run(training(rival=rival, warmup=8), tmp_path / "run.npz")
    assert replace(again.record, seconds=()) == replace(whole.record, seconds=())
    for (path, Y), (_, Z) in zip(leaves(run.params(again.state)), leaves(run.params(whole.state))):
        np.testing.assert_array_equal(Y, Z, err_msg=path)
    assert tuple(steps) == sum(whole.record.losses, ())[:5]


def test_calls_and_checkpoints(tmp_path: Path) -> None:
    path, seen = tmp_path / "run.npz", list[Any]()
    run = training()
    train_run(run, path, on_epoch=lambda progress: seen.append(
        (progress.record.epochs, load_checkpoint(path, run).record.epochs)))
    assert seen == [(1, 1), (2, 2), (3, 3)]
    assert train_run(run, path, on_epoch=seen.append).record.epochs == 3 and len(seen) == 3
    assert train_run(training(epochs=9), epochs=2).record.epochs == 2
    assert [file.name for file in tmp_path.iterdir()] == ["run.npz"]
