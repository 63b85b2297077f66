"""What an experiment is: a question, the runs that answer it, and a figure and a paragraph made of their records."""
from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, final

from matplotlib.figure import Figure

from manifold_opt.experiments.data import ImageData, load_images
from manifold_opt.experiments.records import Record
from manifold_opt.experiments.settings import Settings
from manifold_opt.experiments.suite.tables import shares_table

__all__ = ["Experiment", "Result", "Run", "by_group", "first_images", "records", "trainings"]


@final
@dataclass(frozen=True)
class Run:
    """One training of an experiment, or one measurement.

    Attributes
    ----------
    group : str
        What the run is an instance of; runs of a group differ in the seed only.
    settings : Settings
        Its settings.
    measure : str
        Name of a measurement (see :data:`~manifold_opt.experiments.suite.measures.MEASURES`) that is done with these
        settings; empty for a training.
    """

    group: str
    settings: Settings
    measure: str = ""


@final
@dataclass(frozen=True)
class Result:
    """A run with what it gave.

    Attributes
    ----------
    run : Run
        The run.
    record : Record
        Its record; empty for a measurement.
    measured : dict
        What a measurement found, as JSON can hold it; empty for a training.
    commit : str or None
        The commit that it was made with, where there is one.
    ended : str
        Why the training ended before its last epoch, if it did: its numbers overflowed. Its loss is infinite from then
        on, so that it counts as failing.
    """

    run: Run
    record: Record
    measured: dict[str, Any] = field(default_factory=dict)
    commit: str | None = None
    ended: str = ""


class Experiment(ABC):
    """One question about the paper's numerical example.

    Attributes
    ----------
    name : str
        Name on the command line.
    question : str
        What it asks.
    seeds : int
        How many seeds it takes unless the caller says otherwise.
    source : str
        The data set that it trains on unless another one is given.

    Examples
    --------
    >>> from manifold_opt.experiments.suite import EXPERIMENTS
    >>> print(", ".join(EXPERIMENTS))
    methods, depth, rates, losses, weights, spaces, failure, warmup, rounding, published, fashion, fashion_long,
    steps
    """

    name: str
    question: str
    seeds: int = 20
    source: str = "mnist"

    @abstractmethod
    def runs(self, seeds: Sequence[int]) -> list[Run]:
        """The runs, in the order in which they are begun."""

    @abstractmethod
    def draw(self, results: list[Result]) -> Figure:
        """The figure."""

    @abstractmethod
    def paragraph(self, results: list[Result]) -> str:
        """What the results say, in reStructuredText; every number comes from them."""

    def table(self, results: list[Result]) -> str:
        """The table, as text: shares and times, one line a group."""
        return shares_table({name: (records(group), group[0].run.settings.loss)
                             for name, group in by_group(trainings(results)).items()})

    def times(self, results: list[Result]) -> str:
        """A table of measured times, as text; none unless a subclass makes one."""
        return ""

    def quick(self, run: Run) -> Run:
        """A run of the same kind that takes less than a second: one epoch, at most two blocks."""
        return replace(run, settings=replace(run.settings, epochs=1, blocks=min(run.settings.blocks, 2),
                                             batch_size=128))

    def seeds_with(self, results: Iterable[Result]) -> int:
        """How many seeds its results are of: its own number, or more if some of the results are."""
        return max([self.seeds, *(result.run.settings.seed + 1 for result in results)])

    def missing(self) -> str | None:
        """Why the experiment cannot be done here with its own images, if it cannot."""
        return None

    def images(self, source: str | None) -> ImageData:
        """The data set; ValueError if it is not there."""
        return load_images(source or self.source)


def first_images(data: ImageData, training: int, test: int) -> ImageData:
    """The first so many images of a data set."""
    return ImageData(f"{data.source}, first {training} + {test}", data.train_images[:training],
                     data.train_labels[:training], data.test_images[:test], data.test_labels[:test])


def by_group(results: Iterable[Result]) -> Mapping[str, list[Result]]:
    """The results by group, in order."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result.run.group, []).append(result)
    return groups


def trainings(results: Iterable[Result]) -> list[Result]:
    """The results of trainings, without those of measurements."""
    return [result for result in results if not result.run.measure]


def records(results: Iterable[Result]) -> list[Record]:
    """The records of results."""
    return [result.record for result in results]
