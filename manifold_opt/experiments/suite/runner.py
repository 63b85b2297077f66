"""Running an experiment: every training is resumable, finished ones are not repeated."""
from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

from tqdm import tqdm

from manifold_opt.experiments.checkpoint import load_checkpoint, save_checkpoint
from manifold_opt.experiments.data import ImageData
from manifold_opt.experiments.figures import save_figure
from manifold_opt.experiments.files import write_json, write_whole
from manifold_opt.experiments.records import Record, versions
from manifold_opt.experiments.settings import Settings
from manifold_opt.experiments.suite.experiment import Experiment, Result, Run, first_images, quick_settings
from manifold_opt.experiments.suite.report import results_table

__all__ = ["load_results", "run_experiment"]


def run_experiment(experiment: Experiment, folder: Path, command: str, *, source: str | None = None,
                   quick: bool = False, progress: bool = True) -> list[Result]:
    """Do the trainings of an experiment that are not done yet, and write its figure and its results.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    folder : pathlib.Path
        Where ``NAME.json``, ``NAME.txt`` (the table), ``NAME.png`` and, below ``runs``, checkpoints and records of
        the trainings are.
    command : str
        The command line, for the record.
    source : str, optional
        Data set or folder of IDX files in place of the experiment's own.
    quick : bool
        One short training of each group, to see that everything works.
    progress : bool
        Whether a progress bar is shown.

    Returns
    -------
    list of Result

    Raises
    ------
    ValueError
        If the data are unreadable, or a checkpoint is damaged.
    """
    data = experiment.images(source)
    runs = experiment.runs()
    if quick:
        data = first_images(data, 512, 256)
        first = {run.group: run for run in reversed(runs)}
        runs = [Run(run.group, quick_settings(run.settings)) for run in reversed(first.values())]
    # before the trainings: the checkout may change while they run
    origin = _origin()
    store = folder / "runs"
    store.mkdir(parents=True, exist_ok=True)
    results: list[Result] = []
    skipped: dict[str, str] = {}
    with tqdm(total=sum(run.settings.epochs for run in runs), desc=experiment.name, unit="epoch",
              disable=not progress) as bar:
        for run in runs:
            reason = experiment.missing(run)
            if reason:
                skipped[run.group] = reason
                bar.update(run.settings.epochs)
                continue
            bar.set_postfix_str(f"{run.group}, seed {run.settings.seed}")
            results.append(_result(experiment, run, data, store, bar))
    write_json(folder / f"{experiment.name}.json", {
        "experiment": experiment.name, "question": experiment.question, "command": command, "quick": quick,
        "data": data.source, **origin, "skipped": skipped, "results": [_to_dict(result) for result in results]})
    write_whole(folder / f"{experiment.name}.txt", lambda file: file.write(f"{results_table(results)}\n".encode()))
    save_figure(folder / f"{experiment.name}.png", experiment.draw(results))
    return results


def load_results(path: Path) -> list[Result]:
    """The results of an experiment from its JSON file; of the losses only the means of epochs are stored.

    Parameters
    ----------
    path : pathlib.Path
        ``NAME.json``.

    Returns
    -------
    list of Result
    """
    return [_from_dict(entry) for entry in json.loads(path.read_text())["results"]]


def _result(experiment: Experiment, run: Run, data: ImageData, store: Path, bar: tqdm[Any]) -> Result:
    """The result of a run: from its record if it is finished, from its checkpoint if it has begun."""
    key = _key(experiment, run, data)
    finished, checkpoint = store / f"{key}.json", store / f"{key}.npz"
    if finished.exists():
        bar.update(run.settings.epochs)
        return _from_dict(json.loads(finished.read_text()))
    training = experiment.training(run, data)
    first = training.start()
    progress = load_checkpoint(checkpoint, training) if checkpoint.exists() else first
    bar.update(progress.record.epochs)
    while progress.record.epochs < run.settings.epochs:
        progress = training.epoch(progress)
        save_checkpoint(checkpoint, training, progress)
        bar.update()
    result = Result(run, progress.record, experiment.diagnostics(training, first, progress))
    write_json(finished, _to_dict(result))
    checkpoint.unlink()
    return _from_dict(_to_dict(result))


def _key(experiment: Experiment, run: Run, data: ImageData) -> str:
    """What identifies a run: all that its numbers follow from, and what is measured of it."""
    identity = json.dumps([experiment.name, run.group, run.settings.to_dict(), data.digest], sort_keys=True)
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def _to_dict(result: Result) -> dict[str, Any]:
    """A result as JSON can hold it; losses as means of epochs, with six digits."""
    record = replace(result.record, losses=tuple((round(loss, 6),) for loss in result.record.epoch_losses),
                     defects=tuple(round(defect, 2) for defect in result.record.defects),
                     seconds=tuple(round(seconds, 2) for seconds in result.record.seconds))
    return {"group": result.run.group, "settings": result.run.settings.to_dict(), "record": asdict(record),
            "diagnostics": result.diagnostics}


def _from_dict(entry: dict[str, Any]) -> Result:
    return Result(Run(entry["group"], Settings.from_dict(entry["settings"])), Record.from_dict(entry["record"]),
                  entry["diagnostics"])


def _origin() -> dict[str, Any]:
    """Commit, date, machine and versions."""
    checkout = Path(__file__).resolve().parents[3]
    commit = None
    if (checkout / ".git").exists():
        answer = subprocess.run(["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"], capture_output=True,
                                text=True, check=False)
        commit = answer.stdout.strip() or None
    return {"commit": commit, "date": date.today().isoformat(), "versions": versions(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores"}
