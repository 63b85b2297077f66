"""How long all experiments take, from the seconds that were measured."""
from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import numpy as np

from manifold_opt.experiments.settings import Settings
from manifold_opt.experiments.suite.experiment import Experiment, Result, trainings

__all__ = ["budget", "size_of"]

IMAGES = {"mnist": 8000, "fashion": 1000}
"""Training images of the embedded sets; those of a folder are taken for the 60,000 of the full sets."""

FULL = 60000


def size_of(settings: Settings, images: int = 8000) -> float:
    """Work of a training in epochs of 8,000 images at L = 16 in single precision.

    Examples
    --------
    >>> from manifold_opt.experiments import Settings
    >>> from manifold_opt.experiments.suite.budget import size_of
    >>> size_of(Settings(epochs=4, blocks=8)), size_of(Settings(epochs=4, dtype="float64"))
    (2.0, 8.0)
    """
    precision = 2 if settings.dtype == "float64" else 1
    return settings.epochs * settings.blocks / 16 * images / 8000 * precision


def budget(experiments: Iterable[Experiment], results: Sequence[Result]) -> str:
    """A sentence on how long all experiments take on two cores.

    Parameters
    ----------
    experiments : iterable of Experiment
        All experiments; a run that several of them have is counted once.
    results : sequence of Result
        Trainings with their seconds, at L = 16 on the embedded images.

    Returns
    -------
    str
    """
    sizes: dict[str, float] = {}
    for experiment in experiments:
        for run in experiment.runs(range(experiment.seeds)):
            settings = run.settings.to_dict()
            settings.pop("epochs")
            key = json.dumps([experiment.source, run.measure, settings], sort_keys=True)
            size = 0.5 if run.measure else size_of(run.settings, IMAGES.get(experiment.source, FULL))
            sizes[key] = max(size, sizes.get(key, 0.0))
    epochs = sum(sizes.values())
    seconds = [value for result in trainings(results) for value in result.record.seconds]
    said = (f"All experiments together are {len(sizes)} runs, as much work as {epochs:,.0f} epochs of the embedded "
            "images at L = 16.")
    if not seconds:
        return f"{said} How long that takes has not been measured."
    best, middle = float(np.min(seconds)), float(np.median(seconds))
    return (f"{said} Such an epoch took {best:.1f} seconds at best and {middle:.1f} seconds in the median of the "
            "stored runs, which shared their machine with other work: "
            f"{_hours(epochs * best)} to {_hours(epochs * middle)} hours on two cores.")


def _hours(seconds: float) -> str:
    """Hours on two cores."""
    return f"{seconds / 3600 / 2:.1f}"
