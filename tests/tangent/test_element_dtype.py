"""A number never changes the dtype of an element, whatever type of number it is."""
import numpy as np
import pytest

from manifold_opt import Euclidean, Grassmann, Stiefel

NUMBERS = [2, 0.5, np.float64(0.5), np.float32(0.5), np.int64(2), np.array(0.5), np.longdouble(0.5)]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: type(number).__name__)
@pytest.mark.parametrize("space", [Stiefel(5, 2), Grassmann(5, 2), Euclidean(3)], ids=str)
def test_numbers_keep_float32(space, number):
    X = space.tangent_space.random(np.random.default_rng(0), (3,), np.float32)
    for result in (X * number, number * X, X / number, (X * X.norm()[0]).shift(number)):
        # an array on the left would otherwise take the element apart
        assert type(result) is type(X)
        assert result.A.dtype == result.B.dtype == result.dtype == np.float32
    assert (np.ones(3) * 1.0).dtype == np.float64 and X.scale(np.ones(3)).dtype == np.float32
