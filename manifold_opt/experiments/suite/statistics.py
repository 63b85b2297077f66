"""Statistics that fit a bistable training: shares with intervals, quartiles given success, sign tests of pairs."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import final

import numpy as np
from scipy import stats

from manifold_opt.experiments.records import Record

__all__ = ["MINIMUM_SEEDS", "SignTest", "Summary", "epochs_to", "quartiles", "seconds_to", "sign_test", "summarize",
           "trains", "wilson_interval"]

MINIMUM_SEEDS = 20
"""Fewer seeds than that are no ground for a claim."""

TRAINED = {"relative": 1.1, "cross_entropy": 2.2}
"""A run trains if its final loss is below this. One class for every image has the relative loss 1.342; equal
probabilities for ten classes have the cross-entropy 2.303."""

TARGETS = (1.0, 0.8)
"""Losses of which the time until they are reached is reported."""


def wilson_interval(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    r"""The interval of E. B. Wilson for a share, which holds near 0 and 1 and for few trials.

    It holds the shares p that the observed share :math:`\hat p` is not more than z standard deviations away from,
    that is the roots of :math:`(\hat p - p)^2 = z^2 p(1 - p)/n`.

    Parameters
    ----------
    successes, trials : int
        How often the event came, of so many times.
    confidence : float
        Probability that the interval covers the share, to the normal approximation.

    Returns
    -------
    low, high : float

    Raises
    ------
    ValueError
        If there are no trials, or not 0 <= successes <= trials.

    References
    ----------
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22, 1927, 209-212.

    Examples
    --------
    >>> from manifold_opt.experiments.suite import wilson_interval
    >>> [round(end, 3) for end in wilson_interval(18, 20)]
    [0.699, 0.972]
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(f"successes must be from 0 to trials, and trials at least 1: got {successes} of {trials}")
    z, share = NormalDist().inv_cdf(0.5 + confidence / 2), successes / trials
    middle = share + z**2 / (2 * trials)
    half = z * np.sqrt(share * (1 - share) / trials + (z / (2 * trials))**2)
    low, high = (middle - half) / (1 + z**2 / trials), (middle + half) / (1 + z**2 / trials)
    return (0.0 if successes == 0 else float(low)), (1.0 if successes == trials else float(high))


def trains(record: Record, loss: str = "relative") -> bool:
    """Whether a run has left the answer of one class for every image: its final loss is below ``TRAINED``."""
    return record.final_loss < TRAINED[loss]


def quartiles(values: Sequence[float]) -> tuple[float, float, float] | None:
    """Lower quartile, median and upper quartile; None without values."""
    if not len(values):
        return None
    low, middle, high = np.percentile(values, [25, 50, 75])
    return float(low), float(middle), float(high)


def epochs_to(record: Record, target: float) -> int | None:
    """Number of epochs until the mean loss of an epoch is below the target, or None."""
    return next((epoch for epoch, loss in enumerate(record.epoch_losses, start=1) if loss < target), None)


def seconds_to(record: Record, target: float) -> float | None:
    """Seconds of training until the end of the epoch whose mean loss is below the target, or None."""
    epochs = epochs_to(record, target)
    return None if epochs is None or not record.seconds else float(sum(record.seconds[:epochs]))


@final
@dataclass(frozen=True)
class SignTest:
    """How many pairs favor the first, the second or none, and the probability of a difference so large by chance."""

    first: int
    second: int
    ties: int
    p: float


def sign_test(first: Sequence[float], second: Sequence[float]) -> SignTest:
    """The sign test of pairs: in how many is the first smaller than the second?

    Without a difference, each pair that is no tie has either sign with probability 1/2.

    Parameters
    ----------
    first, second : sequence of float
        Values of the same length, paired.

    Returns
    -------
    SignTest

    Raises
    ------
    ValueError
        If they are not of the same length.

    Examples
    --------
    >>> from manifold_opt.experiments.suite import sign_test
    >>> sign_test([1, 1, 1, 1, 1, 2], [2, 2, 2, 2, 2, 2])
    SignTest(first=5, second=0, ties=1, p=0.0625)
    """
    if len(first) != len(second):
        raise ValueError(f"pairs must be of the same number: got {len(first)} and {len(second)} values")
    smaller = sum(a < b for a, b in zip(first, second))
    larger = sum(b < a for a, b in zip(first, second))
    decided = smaller + larger
    p = float(stats.binomtest(smaller, decided, 0.5).pvalue) if decided else 1.0
    return SignTest(smaller, larger, len(first) - decided, p)


@final
@dataclass(frozen=True)
class Summary:
    """What the runs of one method over several seeds say.

    Attributes
    ----------
    seeds, trained : int
        Number of runs, and how many of them train.
    interval : (float, float)
        Wilson interval of the share that trains.
    loss, accuracy : (float, float, float) or None
        Quartiles of final loss and accuracy over the runs that train.
    epochs, seconds : dict of float to ((float, float, float) or None)
        Quartiles of epochs and seconds to each of ``TARGETS``, over the runs that reach it.
    reached : dict of float to int
        How many runs reach each of the targets.
    defect : float
        Largest defect of any run in units of eps.
    """

    seeds: int
    trained: int
    interval: tuple[float, float]
    loss: tuple[float, float, float] | None
    accuracy: tuple[float, float, float] | None
    epochs: Mapping[float, tuple[float, float, float] | None]
    seconds: Mapping[float, tuple[float, float, float] | None]
    reached: Mapping[float, int]
    defect: float

    @property
    def share(self) -> float:
        """Share of the runs that train."""
        return self.trained / self.seeds


def summarize(records: Sequence[Record], loss: str = "relative") -> Summary:
    """Summary of the runs of one method.

    Parameters
    ----------
    records : sequence of Record
        One record a seed, at least one.
    loss : {"relative", "cross_entropy"}
        The loss they were trained with.

    Returns
    -------
    Summary
    """
    good = [record for record in records if trains(record, loss)]
    epochs = {target: [count for record in records if (count := epochs_to(record, target)) is not None]
              for target in TARGETS}
    seconds = {target: [time for record in records if (time := seconds_to(record, target)) is not None]
               for target in TARGETS}
    return Summary(
        len(records), len(good), wilson_interval(len(good), len(records)),
        quartiles([record.final_loss for record in good]), quartiles([record.accuracies[-1] for record in good]),
        {target: quartiles(values) for target, values in epochs.items()},
        {target: quartiles(values) for target, values in seconds.items()},
        {target: len(values) for target, values in epochs.items()},
        max(max(record.defects) for record in records))
