"""The arithmetic of the cases, against mpmath."""
from random import Random

import numpy as np
import pytest

from manifold_opt.oracle import decimals

mpmath = pytest.importorskip("mpmath")


@pytest.fixture(autouse=True)
def digits():
    with decimals.context(), mpmath.workdps(70):
        yield


def as_mpmath(X):
    return mpmath.matrix([[mpmath.mpf(str(x)) for x in row] for row in X])


def distance(X, M):
    return max(abs(mpmath.mpf(str(X[i, j])) - M[i, j]) for i in range(X.shape[0]) for j in range(X.shape[1]))


@pytest.mark.parametrize("size", [1, 4, 7])
def test_solve(size):
    random = Random(size)
    M, X = (decimals.exact(decimals.draw(random, size, size)) for _ in range(2))
    assert distance(X, as_mpmath(M) * as_mpmath(decimals.solve(M, X))) < 1e-50


@pytest.mark.parametrize("norm", [0.0, 1e-8, 1.0, 30.0, 767.0])
def test_exponential_of_a_skew_matrix(norm):
    X = decimals.draw(Random("skew"), 4, 4)
    X = decimals.exact(norm * (X - X.T))
    with mpmath.workdps(100):
        expected = mpmath.expm(as_mpmath(X))
    E = decimals.exponential(X)
    assert distance(E, expected) < 1e-50
    assert decimals.largest(E.T @ E - decimals.identity(4)) < 1e-50


def test_exponential_of_a_growing_matrix():
    X = decimals.exact(20 * decimals.draw(Random("any"), 3, 3))
    expected = mpmath.expm(as_mpmath(X))
    assert distance(decimals.exponential(X), expected) < 1e-50 * mpmath.norm(expected)


def test_exp_and_tanh():
    X = decimals.exact([[-900.0, -1.0, 0.0], [1e-3, 2.0, 900.0]])
    for mine, theirs in ((decimals.exp, mpmath.exp), (decimals.tanh, mpmath.tanh)):
        for x, value in zip(X.ravel(), mine(X).ravel()):
            expected = theirs(mpmath.mpf(str(x)))
            assert abs(mpmath.mpf(str(value)) - expected) <= mpmath.mpf("1e-55") * max(expected, 1)


def test_rounding_is_to_nearest():
    third = decimals.exact([1.0]) / 3
    assert decimals.rounded(third)[0] == 1 / 3
    assert decimals.rounded(third, "float32")[0] == np.float32(1) / np.float32(3)


def test_draws_are_those_of_every_version():
    assert (decimals.draw(Random("stream"), 3) * 2**20).tolist() == [492560.0, -564192.0, 600056.0]
