"""Several trainings on one set of images, in one folder."""
from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, final

import numpy as np
from tqdm import tqdm

from manifold_opt.arrays.trees import leaves
from manifold_opt.experiments.checkpoint import load_checkpoint
from manifold_opt.experiments.data import ImageData, load_images
from manifold_opt.experiments.figures import draw_curves, save_figure
from manifold_opt.experiments.files import write_arrays, write_json
from manifold_opt.experiments.records import Record, versions
from manifold_opt.experiments.run import train_run
from manifold_opt.experiments.settings import Settings
from manifold_opt.experiments.training import Progress, Training

__all__ = ["Job"]

PLAN = "job.json"


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
        """The job with settings that were given once more, of which only the number of epochs may differ.

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
                if name != "epochs" and (begun := getattr(settings, name)) != value:
                    raise ValueError(f"{self.folder} was begun with {name} = {begun!r}: a resumed job cannot change "
                                     f"it, got {value!r}")
        epochs = {name: value for name, value in given.items() if name == "epochs"}
        return replace(self, curves={name: replace(curve, **epochs) for name, curve in self.curves.items()})

    def run(self, show: bool = True) -> dict[str, Record]:
        """Train every curve, from its checkpoint if there is one, and write the results.

        Parameters
        ----------
        show : bool
            Whether a progress bar with loss and time left is shown on standard error.

        Returns
        -------
        dict of str to Record

        Raises
        ------
        ValueError
            If images or checkpoints are unreadable or do not fit, or a gradient is not finite.
        OSError
            If the folder cannot be written.
        """
        data = load_images(self.source)
        done = {name: self._progress(name, Training(settings, data)) for name, settings in self.curves.items()}
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(self.folder / PLAN, self._plan())
        with self._bar(data, done, show) as bar:
            for name, settings in self.curves.items():
                done[name] = self._train(name, Training(settings, data), done[name], bar)
        records = {name: progress.record for name, progress in done.items()}
        self._write(data, records)
        return records

    def _progress(self, name: str, training: Training) -> Progress:
        path = self._checkpoint(name)
        return load_checkpoint(path, training) if path.exists() else training.start()

    def _train(self, name: str, training: Training, progress: Progress, bar: Any) -> Progress:
        """Train one curve to its end, with a checkpoint after each epoch; its parameters are written at the end."""
        def show(loss: float, *_: object) -> None:
            bar.set_postfix_str(f"loss {loss:.4f}", refresh=False)
            bar.update()

        def describe(progress: Progress) -> None:
            epoch = min(progress.record.epochs + 1, training.settings.epochs)
            bar.set_description(f"{training.settings.label}, epoch {epoch}/{training.settings.epochs}")

        describe(progress)
        progress = train_run(training, self._checkpoint(name), show, describe)
        write_arrays(self.folder / f"parameters-{name}.npz", dict(leaves(training.params(progress.state))))
        return progress

    def _bar(self, data: ImageData, done: Mapping[str, Progress], show: bool) -> Any:
        """A progress bar over the steps of all curves; where it is no terminal it is renewed every ten seconds only."""
        steps = {name: settings.steps(len(data.train_labels)) for name, settings in self.curves.items()}
        total = sum(steps[name] * settings.epochs for name, settings in self.curves.items())
        initial = sum(steps[name] * progress.record.epochs for name, progress in done.items())
        return tqdm(total=total, initial=initial, unit="step", disable=not show, dynamic_ncols=True,
                    mininterval=0.2 if sys.stderr.isatty() else 10.0)

    def _checkpoint(self, name: str) -> Path:
        return self.folder / f"checkpoint-{name}.npz"

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
