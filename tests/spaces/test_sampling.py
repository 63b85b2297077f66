"""Sampling: the Haar measure on the O(N) spaces, the condition number on the symplectic ones."""
import numpy as np
import pytest
from geometry_cases import SPACES

from manifold_opt import Euclidean, Grassmann, OrthogonalGroup, Stiefel, SymplecticGrassmann, SymplecticStiefel

COUNT = 20_000


@pytest.mark.parametrize("space", [Stiefel(5, 2), Stiefel(3, 3), Stiefel(4, 1), Grassmann(5, 2)], ids=str)
def test_moments_of_the_haar_measure(space):
    N = space.shape[0]
    Y = space.random_point(np.random.default_rng(0), (COUNT,))
    # standard errors: y^2 has variance below 3/N^2, y below 1/N
    np.testing.assert_allclose(Y.mean(axis=0), 0, atol=5 / np.sqrt(N * COUNT))
    np.testing.assert_allclose((Y**2).mean(axis=0), 1 / N, atol=5 * np.sqrt(3 / COUNT) / N)
    np.testing.assert_allclose((Y**4).mean(axis=0), 3 / (N * (N + 2)), atol=5 * np.sqrt(105 / COUNT) / N**2)


@pytest.mark.parametrize("space", [Stiefel(5, 2), Stiefel(3, 3), Stiefel(1, 1), Grassmann(5, 2)], ids=str)
def test_first_entry_has_both_signs(space):
    Y = space.random_point(np.random.default_rng(0), (COUNT,))
    assert np.mean(Y[:, 0, 0] < 0) == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(COUNT))


def test_haar_measure_is_invariant():
    """The trace of a Haar matrix of O(N) has the moments of a standard normal number, rotated or not."""
    M = OrthogonalGroup(4).random(np.random.default_rng(0), (COUNT,))
    rotation = OrthogonalGroup(4).random(np.random.default_rng(1))
    for sample in (M, rotation @ M, M @ rotation):
        traces = np.trace(sample, axis1=-2, axis2=-1)
        assert np.mean(traces) == pytest.approx(0, abs=5 / np.sqrt(COUNT))
        assert np.mean(traces**2) == pytest.approx(1, abs=5 * np.sqrt(2 / COUNT))


@pytest.mark.parametrize("space", [SymplecticStiefel(10, 4), SymplecticStiefel(6, 6), SymplecticGrassmann(10, 4),
                                   SymplecticStiefel(12, 2)], ids=str)
@pytest.mark.parametrize("condition", [1.0, 2.0, 100.0, 1000.0])
def test_condition_number_hits_its_target(space, condition):
    Y = space.random_point(np.random.default_rng(0), (20,), condition=condition)
    np.testing.assert_allclose(np.linalg.cond(Y), condition, rtol=1e-9 * condition)
    space.check_point(Y)


def test_vector_spaces_are_normal():
    x = Euclidean(3).random_point(np.random.default_rng(0), (COUNT,))
    np.testing.assert_allclose(np.cov(x.T), np.eye(3), atol=5 * np.sqrt(2 / COUNT))


@pytest.mark.parametrize("space", [Stiefel(5, 2), Stiefel(3, 3), SymplecticStiefel(8, 4)], ids=str)
def test_random_tangents_move_off_and_within_the_span(space):
    rng = np.random.default_rng(0)
    Y = space.random_point(rng)
    X = space.global_section(Y).lift(space.random_tangent(rng, Y))
    assert np.linalg.norm(X.A) > 0.1 and (space.shape[0] == space.shape[1] or np.linalg.norm(X.B) > 0.1)


def test_the_generator_alone_decides():
    for space in (Stiefel(5, 2), SymplecticStiefel(8, 4), Euclidean(3)):
        first, second = (space.random_point(np.random.default_rng(7), (2,)) for _ in range(2))
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_only_real_floating_point_numbers(space):
    rng = np.random.default_rng(0)
    for dtype in (int, np.float16, complex, ">f8", "U3"):
        with pytest.raises(TypeError, match="dtype must be"):
            space.random_point(rng, (), dtype)
        with pytest.raises(TypeError, match="dtype must be"):
            space.canonical_point(dtype)
    Y = space.random_point(rng)
    for wrong in (Y.astype(complex), Y.astype(">f8"), np.ma.masked_array(Y), Y.astype(object)):
        for method in (lambda Z: space.check_point(Z), lambda Z: space.metric(Y, Z, Y), space.point_defect,
                       lambda Z: space.global_section(Z), lambda Z: space.riemannian_gradient(Y, Z),
                       lambda Z: space.project_tangent(Y, Z), lambda Z: space.random_tangent(rng, Z)):
            with pytest.raises(TypeError, match="(Y|Delta1|dL|Z) must be"):
                method(wrong)


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_sampling_names_what_it_cannot_take(space):
    for arguments, message in (((0,), "rng must be a numpy.random.Generator: got int"),
                               ((np.random.default_rng(0), 3), "batch must be a tuple of integers: got int")):
        with pytest.raises(TypeError, match=message):
            space.random_point(*arguments)
    with pytest.raises(TypeError, match="rng must be"):
        space.random_tangent(0, space.canonical_point())
