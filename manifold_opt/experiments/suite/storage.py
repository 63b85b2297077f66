"""Results on disk: what follows from the settings in one file, what the machine took in another."""
from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from manifold_opt.experiments.files import write_whole
from manifold_opt.experiments.records import Record
from manifold_opt.experiments.settings import Settings
from manifold_opt.experiments.suite.experiment import Result, Run

__all__ = ["first_epochs", "load_results", "result_from_entry", "result_to_entry", "stored_results",
           "write_results"]


def write_results(folder: Path, name: str, header: Mapping[str, Any], machine: Mapping[str, Any],
                  results: Iterable[Result]) -> None:
    """Write ``NAME.json``, whose bytes follow from settings and versions alone, and ``NAME.times.json``.

    Parameters
    ----------
    folder : pathlib.Path
        Where to.
    name : str
        Name of the experiment.
    header, machine : mapping
        What is said at the beginning of the two files.
    results : iterable of Result
        The results, in the order of the experiment.
    """
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    seconds: dict[tuple[str, str], dict[str, Any]] = {}
    for result in results:
        key = (result.run.group, result.run.measure)
        settings = result.run.settings.to_dict()
        seed = settings.pop("seed")
        group = groups.setdefault(key, {"name": key[0], "measure": key[1], "settings": settings, "results": []})
        entry = result_to_entry(result)
        times: dict[str, Any] = {"seed": seed}
        times |= {part: entry.pop(part) for part in ("seconds", "times") if part in entry}
        group["results"].append({"seed": seed, **entry})
        seconds.setdefault(key, {"name": key[0], "measure": key[1], "results": []})["results"].append(times)
    _write(folder / f"{name}.json", {**header, "groups": list(groups.values())})
    _write(folder / f"{name}.times.json", {**machine, "groups": list(seconds.values())})


def load_results(path: Path) -> list[Result]:
    """The results of an experiment, with the times if their file is beside it.

    Parameters
    ----------
    path : pathlib.Path
        ``NAME.json``; ``NAME.times.json`` is looked for beside it.

    Returns
    -------
    list of Result
        Of the losses only the means of epochs are stored.

    Raises
    ------
    ValueError
        If the file is damaged, or of another version; the message names it.
    """
    return stored_results(path)[1]


def stored_results(path: Path) -> tuple[str, list[Result]]:
    """SHA-256 of the images, and the results; as :func:`load_results`."""
    try:
        stored = json.loads(path.read_text())
        beside = path.with_name(f"{path.stem}.times.json")
        groups = json.loads(beside.read_text())["groups"] if beside.exists() else []
        seconds = {(group["name"], group["measure"], entry["seed"]): entry for group in groups
                   for entry in group["results"]}
        results = []
        for group in stored["groups"]:
            for entry in group["results"]:
                settings = Settings.from_dict({**group["settings"], "seed": entry["seed"]})
                times = seconds.get((group["name"], group["measure"], entry["seed"]), {})
                results.append(result_from_entry(Run(group["name"], settings, group["measure"]), {**entry, **times}))
        return str(stored["sha256"]), results
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} must hold the results of an experiment of this version: {error}; move it away to "
                         "make them anew") from error


def result_to_entry(result: Result) -> dict[str, Any]:
    """A result as JSON can hold it, without its run; losses as means of epochs, with six digits."""
    entry: dict[str, Any] = {"commit": result.commit}
    if result.run.measure:
        measured = dict(result.measured)
        times = {"times": measured.pop("times")} if "times" in measured else {}
        return {**entry, "measured": measured, **times}
    record = result.record
    if result.ended:
        entry["ended"] = result.ended
    # what is infinite is null in JSON
    return {**entry, "losses": [round(loss, 6) if loss < np.inf else None for loss in record.epoch_losses],
            "accuracies": list(record.accuracies), "defects": [round(defect, 2) for defect in record.defects],
            "seconds": [round(seconds, 2) for seconds in record.seconds]}


def result_from_entry(run: Run, entry: Mapping[str, Any]) -> Result:
    """The result from :func:`result_to_entry`."""
    if run.measure:
        times = {"times": entry["times"]} if "times" in entry else {}
        return Result(run, Record(), {**entry["measured"], **times}, entry["commit"])
    losses = tuple((np.inf if loss is None else loss,) for loss in entry["losses"])
    record = Record(losses, tuple(entry["accuracies"]), tuple(entry["defects"]), tuple(entry.get("seconds", ())))
    return Result(run, record, {}, entry["commit"], entry.get("ended", ""))


def first_epochs(record: Record, epochs: int) -> Record:
    """The record of the first epochs of a training, which does not depend on how many follow."""
    return replace(record, losses=record.losses[:epochs], accuracies=record.accuracies[:epochs],
                   defects=record.defects[:epochs], seconds=record.seconds[:epochs])


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON with one line a result, which keeps files and their differences readable."""
    def line(value: Any) -> str:
        return json.dumps(value, allow_nan=False)

    head = [f" {line(key)}: {line(value)}" for key, value in content.items() if key != "groups"]
    groups = []
    for group in content["groups"]:
        parts = [f"   {line(key)}: {line(value)}" for key, value in group.items() if key != "results"]
        inner = ",\n".join(f"    {line(entry)}" for entry in group["results"])
        groups.append("  {\n" + ",\n".join([*parts, f'   "results": [\n{inner}\n   ]']) + "\n  }")
    text = "{\n" + ",\n".join([*head, ' "groups": [\n' + ",\n".join(groups) + "\n ]"]) + "\n}\n"
    write_whole(path, lambda file: file.write(text.encode()))
