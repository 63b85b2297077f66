"""Statistics against closed forms and SciPy."""
from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from manifold_opt.experiments import Record
from manifold_opt.experiments.suite.statistics import (epochs_to, quartiles, seconds_to, sign_test, summarize, trains,
                                                       wilson_interval)


def record(*losses: float, accuracy: float = 0.5, seconds: float = 2.0) -> Record:
    made = Record()
    for loss in losses:
        made = made.extended([loss], accuracy, 3.0, seconds)
    return made


@pytest.mark.parametrize("trials", [1, 2, 5, 20, 137])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_wilson_is_that_of_scipy(trials, confidence):
    for successes in range(trials + 1):
        expected = stats.binomtest(successes, trials).proportion_ci(confidence, method="wilson")
        np.testing.assert_allclose(wilson_interval(successes, trials, confidence), expected, atol=1e-12)


def test_wilson_ends_are_the_roots_of_its_equation():
    z, share, n = stats.norm.ppf(0.975), 7 / 20, 20
    for p in wilson_interval(7, 20):
        assert math.isclose((share - p)**2, z**2 * p * (1 - p) / n, rel_tol=1e-9)
    assert wilson_interval(20, 20) == (pytest.approx(20 / (20 + z**2)), 1.0)


@pytest.mark.parametrize("successes, trials", [(0, 0), (-1, 3), (4, 3)])
def test_wilson_refuses_impossible_counts(successes, trials):
    with pytest.raises(ValueError, match=f"got {successes} of {trials}"):
        wilson_interval(successes, trials)


def test_sign_test_has_the_closed_form():
    test = sign_test([0.0] * 12 + [1.0] * 3 + [2.0], [0.5] * 12 + [0.5] * 3 + [2.0])
    expected = 2 * sum(math.comb(15, k) for k in range(4)) / 2**15
    assert (test.first, test.second, test.ties) == (12, 3, 1)
    assert math.isclose(test.p, expected, rel_tol=1e-12)


def test_sign_test_of_equal_pairs_shows_nothing():
    assert sign_test([1.0, 2.0], [1.0, 2.0]).p == 1.0


def test_sign_test_needs_pairs():
    with pytest.raises(ValueError, match="got 1 and 2 values"):
        sign_test([1.0], [1.0, 2.0])


def test_sign_test_is_calibrated():
    rng = np.random.default_rng(0)
    found = [sign_test(*rng.random((2, 20))).p for _ in range(500)]
    assert np.mean(np.array(found) < 0.05) < 0.07


def test_time_to_a_loss():
    curve = record(1.3, 0.99, 0.9, 0.79, seconds=2.5)
    assert epochs_to(curve, 1.0) == 2 and epochs_to(curve, 0.8) == 4 and epochs_to(curve, 0.5) is None
    assert seconds_to(curve, 1.0) == 5.0 and seconds_to(curve, 0.8) == 10.0 and seconds_to(curve, 0.5) is None


def test_what_trains():
    assert trains(record(1.09)) and not trains(record(1.1)) and not trains(record(0.7, 1.342))
    assert trains(record(1.9), "cross_entropy") and not trains(record(2.3), "cross_entropy")


def test_summary_of_success_only():
    good = [record(1.2, 0.75 + 0.1 * k, accuracy=0.5 + 0.1 * k) for k in range(3)]
    summary = summarize([*good, record(1.34, 1.342, accuracy=0.1)])
    assert (summary.seeds, summary.trained, summary.share) == (4, 3, 0.75)
    assert summary.interval == wilson_interval(3, 4)
    np.testing.assert_allclose(summary.loss, np.percentile([0.75, 0.85, 0.95], [25, 50, 75]))
    np.testing.assert_allclose(summary.accuracy, np.percentile([0.5, 0.6, 0.7], [25, 50, 75]))
    assert summary.reached == {1.0: 3, 0.8: 1} and summary.epochs[0.8] == (2.0, 2.0, 2.0)
    assert summary.defect == 3.0


def test_summary_of_failures():
    summary = summarize([record(1.342)])
    assert summary.trained == 0 and summary.loss is None and summary.epochs == {1.0: None, 0.8: None}
    assert quartiles([]) is None
