"""Coordinates of the global tangent space: orthonormal, independent, as many as the dimension."""
import numpy as np
import pytest
from geometry_cases import Case, cases

from manifold_opt.arrays import coordinates, from_coordinates


def lifted(case: Case):
    section = case.space.global_section(case.Y)
    return section.lift(case.Delta), section.lift(case.Delta2), getattr(case.space, "is_grassmann", False)


@pytest.mark.parametrize("case", cases(), ids=str)
def test_number_is_the_dimension_of_the_space(case):
    X, _, grassmann = lifted(case)
    assert coordinates(X, grassmann=grassmann).shape == (*case.batch, case.space.dimension)


@pytest.mark.parametrize("case", cases(), ids=str)
def test_inner_product_of_coordinates_is_that_of_elements(case):
    X1, X2, grassmann = lifted(case)
    c1, c2 = coordinates(X1, grassmann=grassmann), coordinates(X2, grassmann=grassmann)
    eps = np.finfo(case.dtype).eps
    np.testing.assert_allclose(np.sum(c1 * c2, axis=-1), X1.inner(X2), rtol=0,
                               atol=20 * eps * np.max(X1.norm() * X2.norm(), initial=1.0))


@pytest.mark.parametrize("case", cases(), ids=str)
def test_round_trip_keeps_every_entry(case):
    X, _, grassmann = lifted(case)
    back = from_coordinates(coordinates(X, grassmann=grassmann), X, grassmann=grassmann)
    eps = np.finfo(case.dtype).eps
    np.testing.assert_allclose(back.A, X.A, rtol=2 * eps, atol=0)
    np.testing.assert_array_equal(back.B, X.B)
    assert back.A.dtype == back.B.dtype == case.dtype


@pytest.mark.parametrize("case", cases(seeds=[0]), ids=str)
def test_every_coordinate_vector_is_an_element_of_the_algebra(case):
    X, _, grassmann = lifted(case)
    c = case.rng.standard_normal((*case.batch, case.space.dimension)).astype(case.dtype)
    element = from_coordinates(c, X, grassmann=grassmann)
    if element.adjoint is not None:
        np.testing.assert_array_equal(element.adjoint(element.A), -element.A)
    np.testing.assert_allclose(coordinates(element, grassmann=grassmann), c, rtol=4 * np.finfo(case.dtype).eps)
