"""A run on disk, after any epoch."""
from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.experiments.files import write_arrays
from manifold_opt.experiments.records import Record
from manifold_opt.experiments.settings import MAY_CHANGE
from manifold_opt.experiments.training import Progress, Training

__all__ = ["load_checkpoint", "save_checkpoint"]

PREFIX = "optimizer/"


def save_checkpoint(path: Path, training: Training, progress: Progress) -> None:
    """Write settings, record and optimizer state to one npz file, as a whole and without pickle.

    Parameters
    ----------
    path : pathlib.Path
        Where to; a checkpoint that is there is replaced in one step.
    training : Training
        The training.
    progress : Progress
        How far it has come.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from manifold_opt.experiments import Settings, Training, load_checkpoint, load_images, save_checkpoint
    >>> training = Training(Settings(blocks=1), load_images("fashion"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "adam.npz")
    ...     save_checkpoint(path, training, training.start())
    ...     load_checkpoint(path, training).state.t
    0
    """
    header = {"settings": training.settings.to_dict(), "data": training.data.digest,
              "record": progress.record.to_dict()}
    arrays = {PREFIX + key: value for key, value in training.optimizer.save_state(progress.state).items()}
    write_arrays(path, {"header": np.array(json.dumps(header)), **arrays})


def load_checkpoint(path: Path, training: Training) -> Progress:
    """Read a checkpoint of this training; it goes on bit for bit like one that was never interrupted.

    Parameters
    ----------
    path : pathlib.Path
        File that :func:`save_checkpoint` wrote.
    training : Training
        The training; its numbers of epochs and threads may have changed since.

    Returns
    -------
    Progress

    Raises
    ------
    ValueError
        If the file is unreadable, truncated or damaged, or belongs to another training; the message names it.
    """
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as stack:
            arrays = {key: stack[key] for key in stack}
        header = json.loads(str(arrays.pop("header")))
        stored = {**header["settings"], "data": header["data"]}
        record = Record.from_dict(header["record"])
    except (OSError, EOFError, ValueError, KeyError, TypeError, NotImplementedError, AttributeError,
            zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} must be a complete checkpoint, but it is damaged ({error}); remove it to train this "
                         "curve anew") from error
    for name, value in {**training.settings.to_dict(), "data": training.data.digest}.items():
        if name not in MAY_CHANGE and stored.get(name) != value:
            raise ValueError(f"{path} must be a checkpoint of this training: {name} is {stored.get(name)!r} in the "
                             f"file and {value!r} now")
    if record.epochs > training.settings.epochs:
        raise ValueError(f"{path} has {record.epochs} epochs behind it: epochs must be at least as many, got "
                         f"{training.settings.epochs}")
    state = {key.removeprefix(PREFIX): value for key, value in arrays.items()}
    _check_layout(path, state, training)
    return Progress(training.optimizer.load_state(state), record)


def _check_layout(path: Path, state: dict[str, Array], training: Training) -> None:
    """Whether names, shapes and types of the arrays are those of a state of this training."""
    expected = training.optimizer.save_state(training.start().state)
    for key in sorted(expected.keys() | state.keys()):
        got, needed = (_layout(arrays.get(key)) for arrays in (state, expected))
        if got != needed:
            raise ValueError(f"{path} must hold the state of this training: {key} is {got}, not {needed}")


def _layout(array: Array | None) -> str:
    return "missing" if array is None else f"{array.dtype}{array.shape}"
