"""The axioms of a vector space for every global tangent space, its coordinates, and the linearity of the dense form."""
import numpy as np
import pytest
from axioms import failures, vector_space_axioms
from geometry_cases import SPACES

from manifold_opt import Stiefel
from manifold_opt.tangent import HorizontalElement


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("batch", [(), (3,), (2, 1), (0,)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("space", SPACES, ids=str)
def test_axioms(space, dtype, batch, seed):
    assert failures(vector_space_axioms(space.tangent_space, np.random.default_rng(seed), batch, dtype)) == []


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_dimension_and_algebra(space):
    """The dense forms lie in the Lie algebra, and span as many dimensions as the space has."""
    tangent_space = space.tangent_space
    basis = tangent_space.element(np.eye(tangent_space.dimension))
    assert np.all(space.group.algebra_defect(basis.to_dense()) == 0)
    flat = basis.to_dense().reshape(tangent_space.dimension, max(1, space.group.identity().size))
    assert (np.linalg.matrix_rank(flat) if flat.size else 0) == space.dimension


def test_a_wrong_space_is_noticed():
    class Wrong:
        """A Stiefel kind that forgets the weights of its coordinates."""

        def __getattr__(self, name):
            return getattr(Stiefel(5, 3).tangent_space, name)

        def coordinates(self, X):
            return 2 * Stiefel(5, 3).tangent_space.coordinates(X)

    assert [name for name, _, _ in failures(vector_space_axioms(Wrong(), np.random.default_rng(0)))] == [
        "coordinates are orthonormal", "coordinates and back"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("exponent", [-0.99, -0.8, -0.5, 0.0, 0.5, 0.8, 0.99])
@pytest.mark.parametrize("batch", [(), (3,)])
def test_norms_neither_overflow_nor_underflow(dtype, exponent, batch):
    """Relative to the largest number 2^e, entries of 2^(e times exponent)."""
    power = np.ldexp(1.0, int(exponent * (np.finfo(dtype).maxexp - 4)))
    X = Stiefel(5, 2).tangent_space.random(np.random.default_rng(0), batch, dtype)
    expected = X.norm().astype(float) * power
    scaled = X.map(lambda block: block * dtype(power))
    np.testing.assert_allclose(scaled.norm().astype(float) / power, expected / power, rtol=8 * np.finfo(dtype).eps)
    assert scaled.norm().dtype == dtype


def test_norms_of_a_stack_are_rescued_one_by_one():
    space = Stiefel(3, 1).tangent_space
    X = space.element(np.array([[3e200, 4e200], [3e-200, 4e-200], [3.0, 4.0], [0.0, 0.0], [np.inf, 1.0]]))
    np.testing.assert_allclose(X.norm(), [5e200, 5e-200, 5.0, 0.0, np.inf], rtol=1e-15)
    assert np.isnan(space.element(np.array([np.nan, 1.0])).norm())


@pytest.mark.parametrize("number", [0.3, np.float64(0.3), np.float32(0.3), np.asarray(0.3), 2])
def test_numbers_keep_the_dtype(number):
    X = Stiefel(4, 2).tangent_space.random(np.random.default_rng(0), (2,), np.float32)
    for result in (X * number, number * X, X / number, X.shift(number), X.scale(np.array([0.3, 2.0])), X**2):
        assert isinstance(result, HorizontalElement) and result.A.dtype == result.B.dtype == np.float32


@pytest.mark.parametrize("operate", [lambda X, a: a * X, lambda X, a: X * a, lambda X, a: X / a, lambda X, a: a + X])
def test_arrays_are_no_numbers(operate):
    """One number for each member is `scale`; an array of elements is nobody's wish."""
    X = Stiefel(4, 2).tangent_space.random(np.random.default_rng(0), (2,))
    with pytest.raises(TypeError):
        operate(X, np.array([1.0, 2.0]))


def test_entrywise_operations():
    X = Stiefel(4, 2).tangent_space.random(np.random.default_rng(0))
    np.testing.assert_array_equal((X**2).B, X.B * X.B)
    np.testing.assert_array_equal((X / X.shift(3.0)).B, X.B / (X.B + 3))
    np.testing.assert_array_equal((X**2).sqrt().B, np.abs(X.B))


@pytest.mark.parametrize("dtype", [int, np.float16, complex, ">f8"])
def test_only_real_floating_point_numbers(dtype):
    space = Stiefel(4, 2).tangent_space
    for function in (lambda: space.zero((), dtype), lambda: space.random(np.random.default_rng(0), (), dtype)):
        with pytest.raises(TypeError, match="dtype must be"):
            function()
