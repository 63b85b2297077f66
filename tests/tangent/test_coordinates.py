"""Coordinates of the global tangent spaces: their number, isometry, inverse, and the algebra they give."""
import numpy as np
import pytest
from geometry_cases import cases


def lifted(case):
    section = case.space.global_section(case.Y)
    return section.lift(case.Delta), section.lift(case.Delta2), case.space.tangent_space


@pytest.mark.parametrize("case", cases(stacks=[(), (2, 1), (0,)]), ids=str)
def test_their_number_is_the_dimension(case):
    X, _, space = lifted(case)
    assert space.coordinates(X).shape == (*case.batch, case.space.dimension) and X.space == space


@pytest.mark.parametrize("case", cases(stacks=[(), (3,)]), ids=str)
def test_inner_product_is_that_of_the_elements(case):
    X1, X2, space = lifted(case)
    c1, c2 = space.coordinates(X1), space.coordinates(X2)
    bound = float(20 * np.finfo(case.dtype).eps * np.max(X1.norm() * X2.norm(), initial=1.0))
    np.testing.assert_allclose(np.sum(c1 * c2, axis=-1), X1.inner(X2), rtol=0, atol=bound)


@pytest.mark.parametrize("case", cases(), ids=str)
def test_inverse(case):
    X, _, space = lifted(case)
    back = space.element(space.coordinates(X))
    np.testing.assert_array_equal(back.B, X.B)
    np.testing.assert_allclose(back.A, X.A, rtol=0, atol=4 * np.finfo(case.dtype).eps * np.max(np.abs(X.A), initial=0))
    assert back.dtype == case.dtype


@pytest.mark.parametrize("case", cases(stacks=[(), (3,)], seeds=[0]), ids=str)
def test_every_vector_gives_an_element(case):
    X, _, space = lifted(case)
    c = case.rng.standard_normal((*case.batch, case.space.dimension)).astype(case.dtype)
    element = space.element(c)
    np.testing.assert_array_equal(space.project_frame(element.A), element.A)
    np.testing.assert_allclose(space.coordinates(element), c, rtol=4 * np.finfo(case.dtype).eps)
