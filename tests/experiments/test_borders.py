"""Whatever is put into the functions of the experiments: TypeError or ValueError that names the argument."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from manifold_opt.experiments import (Job, Settings, Training, load_images, load_shares, paper_curves, read_idx,
                                      train_run)
from manifold_opt.experiments.rivals import EmbeddedAdam, Muon, PenalizedAdam, ProjectedAdam, ScalarAdam
from training_cases import small_images

DATA = small_images()
CALLS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "images": ("source", load_images), "settings": ("settings", lambda v: Training(v, DATA)),
    "data": ("data", lambda v: Training(Settings(blocks=1), v)), "curves": ("names", paper_curves),
    "training": ("training", train_run), "rival": ("rival", lambda v: Settings(rival=v)),
    "dtype": ("dtype", lambda v: Settings(dtype=v)), "space": ("space", lambda v: Settings(space=v)),
    "retraction": ("retraction", lambda v: Settings(retraction=v)),
    "section": ("section", lambda v: Settings(section=v)),
    "loss": ("loss", lambda v: Settings(loss=v)), "constrained": ("constrained", lambda v: Settings(constrained=v)),
    "skip": ("skip", lambda v: Settings(skip=v)),
    "learning rate": ("learning_rate", lambda v: Settings(learning_rate=v)),
    "jobs": ("jobs", lambda v: Job(Path("nowhere"), {"adam": Settings()}).run(jobs=v)),
    "projection": ("projection", lambda v: ProjectedAdam(projection=v)),
    "penalty": ("weight", lambda v: PenalizedAdam(1, v)),
    "momentum": ("momentum", lambda v: Muon(1, v)), "rho1": ("rho1", lambda v: ScalarAdam(1, v)),
    **{rule.__name__: ("learning_rate", rule)
       for rule in (EmbeddedAdam, Muon, PenalizedAdam, ProjectedAdam, ScalarAdam)}}


@pytest.mark.parametrize("case", CALLS)
@pytest.mark.parametrize("value", [None, -1, "abc", [1.5], np.nan, object()], ids=repr)
def test_other_things(case: str, value: Any) -> None:
    name, call = CALLS[case]
    with pytest.raises((TypeError, ValueError), match=rf"\b({name}|rivals|folder)\b"):
        call(value)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        read_idx(tmp_path / "nowhere")
    assert load_shares(tmp_path / "nowhere") is None
