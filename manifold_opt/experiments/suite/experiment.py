"""What an experiment is: a list of trainings, and a figure and a table made of their records."""
from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from matplotlib.figure import Figure

from manifold_opt.experiments.data import ImageData, load_images
from manifold_opt.experiments.records import Record
from manifold_opt.experiments.settings import Settings
from manifold_opt.experiments.training import Progress, Training

__all__ = ["Experiment", "Result", "Run", "by_group", "first_images", "quick_settings"]


@final
@dataclass(frozen=True)
class Run:
    """One training of an experiment.

    Attributes
    ----------
    group : str
        What the run is an instance of; runs of a group differ in the seed only.
    settings : Settings
        Its settings.
    """

    group: str
    settings: Settings


@final
@dataclass(frozen=True)
class Result:
    """A run with what it measured.

    Attributes
    ----------
    run : Run
        The run.
    record : Record
        Its record.
    diagnostics : dict
        What the experiment measures besides, as JSON can hold it.
    """

    run: Run
    record: Record
    diagnostics: dict[str, Any]


class Experiment(ABC):
    """One question of the paper's numerical example, answered by trainings.

    Attributes
    ----------
    name : str
        Name on the command line.
    question : str
        What it asks.
    source : str
        The data set that it trains on unless another one is given.

    Examples
    --------
    >>> from manifold_opt.experiments.suite import EXPERIMENTS
    >>> print("\\n".join(EXPERIMENTS))
    mnist
    fashion
    depth
    spaces
    optimizers
    retractions
    """

    name: str
    question: str
    source: str = "mnist"

    @abstractmethod
    def runs(self) -> list[Run]:
        """The trainings, in the order in which they are done."""

    @abstractmethod
    def draw(self, results: list[Result]) -> Figure:
        """The figure."""

    def diagnostics(self, training: Training, first: Progress, last: Progress) -> dict[str, Any]:
        """What is measured of a finished training besides its record; nothing, unless a subclass says so."""
        return {}

    def training(self, run: Run, data: ImageData) -> Training:
        """The training of a run; a subclass may give it another optimizer."""
        return Training(run.settings, data)

    def missing(self, run: Run) -> str | None:
        """Why a run cannot be done here, if it cannot."""
        return None

    def images(self, source: str | None) -> ImageData:
        """The data set."""
        return load_images(source or self.source)


def quick_settings(settings: Settings) -> Settings:
    """A training of the same kind that takes a second: one epoch, at most two blocks.

    Parameters
    ----------
    settings : Settings
        Settings of the full training.

    Returns
    -------
    Settings
    """
    return replace(settings, epochs=1, blocks=min(settings.blocks, 2), batch_size=128)


def first_images(data: ImageData, training: int, test: int) -> ImageData:
    """The first images of a data set.

    Parameters
    ----------
    data : ImageData
        The data set.
    training, test : int
        Number of images that are kept.

    Returns
    -------
    ImageData
    """
    return ImageData(f"{data.source}, first {training} + {test}", data.train_images[:training],
                     data.train_labels[:training], data.test_images[:test], data.test_labels[:test])


def by_group(results: list[Result]) -> Mapping[str, list[Result]]:
    """The results by group, in order.

    Parameters
    ----------
    results : list of Result
        Results of all groups.

    Returns
    -------
    dict of str to list of Result
    """
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result.run.group, []).append(result)
    return groups


def spread(values: list[float]) -> tuple[float, float, float]:
    """Minimum, median and maximum.

    Parameters
    ----------
    values : list of float
        At least one number.

    Returns
    -------
    tuple of float
    """
    return float(np.min(values)), float(np.median(values)), float(np.max(values))
