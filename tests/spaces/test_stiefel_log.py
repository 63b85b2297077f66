"""Logarithm and distance on the Stiefel manifold: round trips, closed forms, mpmath, what is refused."""
import warnings

import mpmath as mp
import numpy as np
import pytest
from scipy.linalg import logm

from manifold_opt import Stiefel
from manifold_opt.arrays.checks import tolerance
from manifold_opt.spaces import CutLocusWarning

SPACES = [Stiefel(5, 2), Stiefel(6, 3), Stiefel(6, 4), Stiefel(5, 4), Stiefel(4, 4), Stiefel(7, 1), Stiefel(2, 1),
          Stiefel(20, 5)]


def pair(space, length, seed=0, batch=(), dtype=np.float64):
    rng = np.random.default_rng(seed)
    Y = space.random_point(rng, batch)
    X = space.tangent_space.random(rng, batch)
    section = space.global_section(Y)
    Delta = section.push(X * 1.0) * (length / np.maximum(X.norm(), 1e-30))[..., None, None]
    return (M.astype(dtype) for M in (Y, Delta, space.geodesic(Y, Delta)))


@pytest.mark.parametrize("length", [0.0, 1e-8, 1e-3, 0.5, 1.0, 2.0, 2.5])
@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_round_trip(space, length):
    Y, Delta, Q = pair(space, length, batch=(3, 2))
    result = space.log(Y, Q)
    assert np.linalg.norm(result - Delta, axis=(-2, -1)).max() < tolerance(20, float, space.shape[0])
    assert np.abs(space.distance(Y, Q) - length).max() < tolerance(20, float, space.shape[0])
    assert space.tangent_defect(Y, result).max() < tolerance(20, float, space.shape[0])


@pytest.mark.parametrize("space", SPACES[:3], ids=repr)
def test_up_to_the_injectivity_radius(space):
    """The linear rate nears 1 there, and the error is a multiple of 1/(1 - rate)."""
    Y, Delta, Q = pair(space, 0.89 * np.pi, batch=(20,))
    assert np.linalg.norm(space.log(Y, Q) - Delta, axis=(-2, -1)).max() < tolerance(1000, float, space.shape[0])


def test_float32_and_one_point_against_a_stack():
    space = Stiefel(6, 3)
    Y, Delta, Q = pair(space, 1.0, batch=(4,), dtype=np.float32)
    result = space.log(Y, Q)
    assert result.dtype == np.float32 and space.distance(Y, Q).dtype == np.float32
    assert np.abs(result - Delta).max() < tolerance(10, np.float32, 6)
    near = np.stack([space.geodesic(Y[0], t * Delta[0]) for t in (0.2, 0.9)])
    assert np.abs(space.distance(Y[0], near) - [0.2, 0.9]).max() < tolerance(20, np.float32, 6)


def test_against_mpmath():
    """Points from an exponential of 40 digits."""
    space = Stiefel(5, 2)
    rng = np.random.default_rng(1)
    X = space.tangent_space.random(rng)
    X = X * (1.7 / float(X.norm()))
    with mp.workdps(40):
        rotation = mp.expm(mp.matrix(X.to_dense().tolist()))
        Q = np.array([[float(rotation[i, j]) for j in range(2)] for i in range(5)])
    Delta = X.to_dense()[:, :2]
    assert np.abs(space.log(space.canonical_point(), Q) - Delta).max() < tolerance(10, float, 5)


def test_closed_forms():
    # the sphere: the angle
    x, y = np.array([[1.0], [0.0], [0.0]]), np.array([[-0.6], [0.8], [0.0]])
    assert abs(Stiefel(3, 1).distance(x, y) - np.arccos(-0.6)) < tolerance(10, float, 3)
    # the rotations: the principal logarithm
    space = Stiefel(4, 4)
    Y, _, Q = pair(space, 2.0, seed=2)
    assert np.abs(space.log(Y, Q) - Y @ logm(Y.T @ Q).real).max() < tolerance(50, float, 4)
    # two planes turned by one angle each: sqrt(theta1^2 + theta2^2)
    Y, Q = np.eye(4)[:, :2], np.zeros((4, 2))
    for k, angle in enumerate((0.3, 1.1)):
        Q[k, k], Q[k + 2, k] = np.cos(angle), np.sin(angle)
    assert abs(Stiefel(4, 2).distance(Y, Q) - np.hypot(0.3, 1.1)) < tolerance(10, float, 4)


def test_what_is_not_known_to_be_shortest():
    # four orthogonal planes, each turned by a right angle: length sqrt(4) pi/2
    space, I = Stiefel(8, 4), np.eye(8)
    Y, Q = I[:, :4], I[:, 4:]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Delta = space.log(Y, Q)
    assert [w.category for w in caught] == [CutLocusWarning] and "length 1.00 pi" in str(caught[0].message)
    assert np.abs(space.geodesic(Y, Delta) - Q).max() < tolerance(100, float, 8)
    with pytest.raises(ValueError, match="Q must be nearer to Y than 0.894 pi"):
        space.distance(Y, Q)
    # beyond the injectivity radius a shorter geodesic is found
    space = Stiefel(5, 2)
    Y, _, Q = pair(space, 5.0, seed=3)
    assert space.distance(Y, Q) < 0.8 * np.pi


def test_what_has_no_logarithm():
    with pytest.raises(ValueError, match="no angle of pi"):
        Stiefel(3, 1).log(np.eye(3, 1), -np.eye(3, 1))
    with pytest.raises(ValueError, match="Q must be in the component of Y"):
        Stiefel(3, 3).log(np.eye(3), np.diag([1.0, 1.0, -1.0]))
    with pytest.raises(ValueError, match="Q must satisfy"):
        Stiefel(3, 1).distance(np.eye(3, 1), np.ones((3, 1)))


def test_components():
    rng = np.random.default_rng(4)
    space = Stiefel(4, 4)
    Y = space.random_point(rng, (50,))
    signs = space.component(Y)
    assert np.array_equal(signs, np.sign(np.linalg.det(Y))) and set(signs) == {-1.0, 1.0}
    moved = space.geodesic(Y, 10 * space.random_tangent(rng, Y))
    assert np.array_equal(space.component(moved), signs)
    assert np.array_equal(Stiefel(4, 3).component(Y[..., :3]), np.ones(50))
