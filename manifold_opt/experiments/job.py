"""Several trainings on one set of images, in one folder."""
from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, final

import numpy as np
from tqdm import tqdm

from manifold_opt.arrays.checks import check_integer
from manifold_opt.arrays.trees import leaves
from manifold_opt.experiments.checkpoint import load_checkpoint
from manifold_opt.experiments.data import ImageData, load_images
from manifold_opt.experiments.figures import draw_curves, save_figure
from manifold_opt.experiments.files import write_arrays, write_json
from manifold_opt.experiments.records import Record, versions
from manifold_opt.experiments.run import train_run
from manifold_opt.experiments.settings import MAY_CHANGE, Settings
from manifold_opt.experiments.training import Training

__all__ = ["Job"]

PLAN = "job.json"


@final
@dataclass(frozen=True)
class Curve:
    """One curve of a job as a task for any process: it takes up its checkpoint and leaves its parameters."""

    name: str
    settings: Settings
    source: str
    folder: Path

    @property
    def checkpoint(self) -> Path:
        """Where the training stands."""
        return self.folder / f"checkpoint-{self.name}.npz"

    def begun(self, data: ImageData) -> int:
        """Number of epochs that are trained already; ValueError if the checkpoint does not fit."""
        training = Training(self.settings, data)
        return load_checkpoint(self.checkpoint, training).record.epochs if self.checkpoint.exists() else 0

    def perform(self, on_step: Callable[..., object] | None = None,
                describe: Callable[[str], object] | None = None) -> Record:
        """Train to the end, with a checkpoint after each epoch, and write the parameters."""
        training = Training(self.settings, load_images(self.source))

        def say(epoch: int) -> None:
            if describe is not None:
                last = self.settings.epochs
                describe(f"{self.settings.label}, epoch {min(epoch + 1, last)}/{last}")

        say(self.begun(training.data))
        progress = train_run(training, self.checkpoint, on_step, lambda progress: say(progress.record.epochs))
        write_arrays(self.folder / f"parameters-{self.name}.npz", dict(leaves(training.params(progress.state))))
        return progress.record


@final
@dataclass(frozen=True)
class Job:
    """Curves to train on one set of images, and the folder that everything is written to.

    The folder receives the plan of the job at once (``job.json``), ``checkpoint-CURVE.npz`` after every epoch, and at
    the end ``parameters-CURVE.npz``, ``curves.json`` and ``losses.png``. Every file is written as a whole: whenever the
    process stops, a resumed job goes on from the last complete epoch, to the same numbers bit for bit.

    Attributes
    ----------
    folder : pathlib.Path
        Where everything is written.
    curves : dict of str to Settings
        What to train, by name.
    source : str
        The images, see :func:`manifold_opt.experiments.load_images`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from manifold_opt.experiments import Job, paper_curves
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     job = Job(pathlib.Path(folder, "job"), paper_curves(["adam"], blocks=1, epochs=1), "fashion")
    ...     records = job.run(show=False)
    ...     sorted(path.name for path in job.folder.iterdir())
    ['checkpoint-adam.npz', 'curves.json', 'job.json', 'losses.png', 'parameters-adam.npz']
    """

    folder: Path
    curves: dict[str, Settings]
    source: str = "mnist"

    @staticmethod
    def begun(folder: Path) -> bool:
        """Whether the folder holds a job."""
        return (folder / PLAN).exists()

    @classmethod
    def load(cls, folder: Path) -> Job:
        """The job that was begun in a folder; ValueError if there is none, or its plan is damaged."""
        if not cls.begun(folder):
            raise ValueError(f"{folder} must hold a job to resume: there is no {PLAN}")
        try:
            plan = json.loads((folder / PLAN).read_text())
            curves = {name: Settings.from_dict(settings) for name, settings in plan["curves"].items()}
            return cls(folder, curves, str(plan["source"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{folder / PLAN} must be the plan of a job, but it is damaged: {error}") from error

    def changed(self, given: Mapping[str, Any]) -> Job:
        """The job with settings that were given once more, of which only epochs and threads may differ.

        Parameters
        ----------
        given : mapping of str to object
            Settings by name.

        Returns
        -------
        Job

        Raises
        ------
        ValueError
            If another setting differs from the one that the job was begun with; the message names it.
        """
        for settings in self.curves.values():
            for name, value in given.items():
                if name not in MAY_CHANGE and (begun := getattr(settings, name)) != value:
                    raise ValueError(f"{self.folder} was begun with {name} = {begun!r}: a resumed job cannot change "
                                     f"it, got {value!r}")
        new = {name: value for name, value in given.items() if name in MAY_CHANGE}
        return replace(self, curves={name: replace(curve, **new) for name, curve in self.curves.items()})

    def run(self, show: bool = True, jobs: int = 1) -> dict[str, Record]:
        """Train every curve, from its checkpoint if there is one, and write the results.

        Parameters
        ----------
        show : bool
            Whether a progress bar with loss and time left is shown on standard error.
        jobs : int
            How many curves are trained at a time, in processes of their own with one thread each (extra ``cluster``).
            The results do not depend on it.

        Returns
        -------
        dict of str to Record

        Raises
        ------
        ValueError
            If images or checkpoints are unreadable or do not fit, or a number is not finite.
        OSError
            If the folder cannot be written.
        """
        jobs, data = check_integer("jobs", jobs, 1), load_images(self.source)
        curves = [Curve(name, settings, self.source, self.folder) for name, settings in self.curves.items()]
        begun = {curve.name: curve.begun(data) for curve in curves}
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(self.folder / PLAN, self._plan())
        with self._bar(data, begun, show) as bar:
            trained = self._one_by_one(curves, bar) if jobs == 1 else self._side_by_side(curves, jobs, begun, bar)
        records = {name: trained[name] for name in self.curves}
        self._write(data, records)
        return records

    def _one_by_one(self, curves: Sequence[Curve], bar: Any) -> dict[str, Record]:
        """Train the curves in this process; the bar moves with every step."""
        def show(loss: float, *_: object) -> None:
            bar.set_postfix_str(f"loss {loss:.4f}", refresh=False)
            bar.update()

        return {curve.name: curve.perform(show, bar.set_description) for curve in curves}

    def _side_by_side(self, curves: Sequence[Curve], jobs: int, begun: Mapping[str, int],
                      bar: Any) -> dict[str, Record]:
        """Train the curves in processes; the bar moves with every curve."""
        from manifold_opt.experiments.suite.parallel import side_by_side

        steps, trained = self._steps(load_images(self.source)), dict[str, Record]()
        alone = [replace(curve, settings=replace(curve.settings, threads=1)) for curve in curves]
        # closed whatever happens, so that no process is left behind
        with closing(side_by_side(alone, jobs)) as finished:
            for number, record in finished:
                name = curves[number].name
                trained[name] = record
                bar.update(steps[name] * (record.epochs - begun[name]))
        return trained

    def _bar(self, data: ImageData, begun: Mapping[str, int], show: bool) -> Any:
        """A progress bar over the steps of all curves; where it is no terminal it is renewed every ten seconds only."""
        steps = self._steps(data)
        total = sum(steps[name] * settings.epochs for name, settings in self.curves.items())
        initial = sum(steps[name] * epochs for name, epochs in begun.items())
        return tqdm(total=total, initial=initial, unit="step", disable=not show, dynamic_ncols=True,
                    mininterval=0.2 if sys.stderr.isatty() else 10.0)

    def _steps(self, data: ImageData) -> dict[str, int]:
        """Steps of an epoch of each curve."""
        return {name: settings.steps(len(data.train_labels)) for name, settings in self.curves.items()}

    def _plan(self) -> dict[str, Any]:
        return {"source": self.source, "curves": {name: settings.to_dict() for name, settings in self.curves.items()}}

    def _write(self, data: ImageData, records: Mapping[str, Record]) -> None:
        """Write curves, settings and versions as JSON, and the figure."""
        write_json(self.folder / "curves.json", {
            "command": shlex.join(["python", "-m", "manifold_opt", *sys.argv[1:]]),
            "date": datetime.now(timezone.utc).isoformat(timespec="seconds"), "versions": versions(),
            "data": {"source": self.source, "sha256": data.digest}, "settings": self._plan()["curves"],
            "curves": {name: record.to_dict() for name, record in records.items()}})
        first = next(iter(self.curves.values()))
        title = f"{first.blocks} blocks, {len(data.train_labels)} training images ({self.source})"
        one_class = float(np.sqrt(2 - 2 / data.classes)) if first.loss == "relative" else None
        labelled = {settings.label: records[name] for name, settings in self.curves.items()}
        save_figure(self.folder / "losses.png", draw_curves(labelled, title, one_class))
