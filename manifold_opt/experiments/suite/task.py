"""One run as a task for any process on any machine: it takes up its checkpoint and leaves its record in the folder."""
from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import final

import numpy as np

from manifold_opt.experiments.data import ImageData, load_images
from manifold_opt.experiments.files import write_json
from manifold_opt.experiments.records import Record
from manifold_opt.experiments.run import train_run
from manifold_opt.experiments.suite.blas import one_blas_thread
from manifold_opt.experiments.suite.experiment import Result, Run, first_images
from manifold_opt.experiments.suite.measures import MEASURES
from manifold_opt.experiments.suite.storage import first_epochs, result_from_entry, result_to_entry
from manifold_opt.experiments.training import DivergedError, Progress, Training

__all__ = ["Task", "task_images"]

QUICK = (512, 256)
"""Training and test images of a quick run."""


@final
@dataclass(frozen=True)
class Task:
    """A run, the images that it is for, and the folder where its checkpoint and its record are.

    Attributes
    ----------
    run : Run
        What to do.
    source : str
        The images, see :func:`manifold_opt.experiments.load_images`.
    quick : bool
        Whether the first few images suffice.
    digest : str
        SHA-256 of the images, so that all processes train on the same ones.
    folder : pathlib.Path
        Where checkpoints and records are; every process must see it under this path.
    commit : str or None
        Commit of the source, for the record.
    """

    run: Run
    source: str
    quick: bool
    digest: str
    folder: Path
    commit: str | None

    @property
    def key(self) -> str:
        """What identifies the run: all that its numbers follow from, but for the number of epochs."""
        settings = self.run.settings.to_dict()
        settings.pop("epochs")
        identity = json.dumps([self.run.measure, settings, self.digest], sort_keys=True)
        return hashlib.sha256(identity.encode()).hexdigest()[:16]

    @property
    def path(self) -> Path:
        """The record of the finished run."""
        return self.folder / f"{self.key}.json"

    @property
    def checkpoint(self) -> Path:
        """The checkpoint of the unfinished run."""
        return self.folder / f"{self.key}.npz"

    def stored(self) -> Result | None:
        """The result, if its record is there and long enough."""
        try:
            entry = json.loads(self.path.read_text())
            result = result_from_entry(self.run, entry)
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{self.path} must be the record of a run, but it is damaged ({error}); remove it to make "
                             "the run anew") from error
        return self.fitted(result)

    def fitted(self, result: Result) -> Result | None:
        """The result of a run with the same key as one of this run, if it is long enough."""
        epochs, record = self.run.settings.epochs, result.record
        if result.ended:
            record = record.padded(epochs)
        elif not self.run.measure and record.epochs < epochs:
            return None
        record = first_epochs(record, epochs)
        return replace(result, run=self.run, record=record, ended=result.ended if np.inf in record.epoch_losses else "")

    def perform(self, on_epoch: Callable[[int], object] | None = None) -> Result:
        """Do the run, or what is left of it; afterwards its record is in the folder.

        Parameters
        ----------
        on_epoch : callable, optional
            Called with the number of complete epochs after each.

        Returns
        -------
        Result

        Raises
        ------
        ValueError
            If the images are other ones here, or a checkpoint is damaged.
        """
        if (result := self.stored()) is not None:
            return result
        data = task_images(self.source, self.quick)
        if data.digest != self.digest:
            raise ValueError(f"the images of {self.source} must be the same for all processes: SHA-256 is "
                             f"{data.digest[:12]} here and {self.digest[:12]} where the command runs")
        with one_blas_thread():
            result = self._measure(data) if self.run.measure else self._train(data, on_epoch)
        entry = result_to_entry(result)
        write_json(self.path, entry)
        self.checkpoint.unlink(missing_ok=True)
        # as it is stored: what is written must not depend on where the run was done
        return result_from_entry(self.run, entry)

    def _measure(self, data: ImageData) -> Result:
        measured = MEASURES[self.run.measure](Training(self.run.settings, data))
        return Result(self.run, Record(), measured, self.commit)

    def _train(self, data: ImageData, on_epoch: Callable[[int], object] | None) -> Result:
        def show(progress: Progress) -> None:
            if on_epoch is not None:
                on_epoch(progress.record.epochs)

        training = Training(self.run.settings, data)
        try:
            return Result(self.run, train_run(training, self.checkpoint, on_epoch=show).record, {}, self.commit)
        except DivergedError as error:
            return Result(self.run, error.record.padded(self.run.settings.epochs), {}, self.commit, str(error))


@lru_cache(maxsize=2)
def task_images(source: str, quick: bool) -> ImageData:
    """The images of a task; a process that does many tasks reads them once."""
    data = load_images(source)
    return first_images(data, *QUICK) if quick else data
