"""Principal angles, distance and logarithm on Grassmann, from tiny angles to the cut locus."""
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifold_opt import Grassmann
from manifold_opt.arrays import tolerance
from manifold_opt.groups.orthogonal import random_orthonormal
from manifold_opt.spaces import CutLocusWarning

ANGLES = st.lists(st.one_of(st.floats(0, np.pi / 2), st.sampled_from([0.0, 1e-15, 1e-9, 1e-4, np.pi / 2 - 1e-9])),
                  min_size=1, max_size=4)


def pair(angles, seed, extra=1, dtype=np.float64):
    """Representatives of two subspaces with given principal angles, in general position."""
    rng, n = np.random.default_rng(seed), len(angles)
    frame = random_orthonormal(rng, (2 * n + extra, 2 * n))
    Y, normal = frame[:, :n], frame[:, n:]
    Q = Y * np.cos(angles) + normal * np.sin(angles)
    rotations = random_orthonormal(rng, (2, n, n))
    return (Y @ rotations[0]).astype(dtype), (Q @ rotations[1]).astype(dtype)


@given(ANGLES, st.integers(0, 2**32 - 1))
def test_angles_and_distance_are_right_to_rounding_everywhere(angles, seed):
    Y, Q = pair(angles, seed)
    space = Grassmann(*Y.shape)
    bound = tolerance(10, float, len(Y))
    np.testing.assert_allclose(space.principal_angles(Y, Q), np.sort(angles), rtol=0, atol=bound)
    assert space.distance(Y, Q) == pytest.approx(np.linalg.norm(angles), rel=1e-14, abs=bound)
    assert space.distance(Q, Y) == pytest.approx(space.distance(Y, Q), rel=1e-14, abs=bound)


@given(ANGLES, st.integers(0, 2**32 - 1))
def test_log_is_tangent_has_the_length_of_the_distance_and_leads_there(angles, seed):
    Y, Q = pair(angles, seed)
    space = Grassmann(*Y.shape)
    bound = tolerance(20, float, len(Y))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CutLocusWarning)
        Delta = space.log(Y, Q)
    assert space.tangent_defect(Y, Delta) <= bound
    assert np.linalg.norm(Delta) == pytest.approx(np.linalg.norm(angles), rel=1e-13, abs=bound)
    assert space.distance(space.geodesic(Y, Delta), Q) <= bound


@pytest.mark.parametrize("norm", [1e-12, 1e-7, 1e-3, 1.0])
def test_log_inverts_the_geodesic(norm):
    space, rng = Grassmann(9, 3), np.random.default_rng(0)
    Y = space.random_point(rng, (5,))
    Delta = space.random_tangent(rng, Y)
    Delta *= norm / np.linalg.norm(Delta, axis=(-2, -1), keepdims=True)
    np.testing.assert_allclose(space.log(Y, space.geodesic(Y, Delta)), Delta, rtol=0, atol=tolerance(20, float, 9))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_orthogonal_planes_have_exactly_a_right_angle(dtype):
    E, space = np.eye(4, dtype=dtype), Grassmann(4, 2)
    angles = space.principal_angles(E[:, :2], E[:, 2:])
    np.testing.assert_array_equal(angles, np.full(2, dtype(np.pi / 2)))
    assert angles.dtype == dtype
    assert space.distance(E[:, :2], E[:, 2:]) == pytest.approx(np.pi / np.sqrt(2), rel=float(np.finfo(dtype).eps))


def test_same_subspace_in_other_coordinates_has_distance_zero():
    Y, Q = pair([0.0, 0.0, 0.0], 0)
    assert Grassmann(7, 3).distance(Y, Q) <= tolerance(3, float, 7)


@pytest.mark.parametrize("exponent", range(-15, 0, 2))
def test_no_floor_at_small_distances(exponent):
    angle = 10.0**exponent
    Y, Q = pair([angle, angle / 2], 1)
    assert Grassmann(5, 2).distance(Y, Q) == pytest.approx(angle * np.sqrt(1.25), abs=tolerance(5, float, 5))


def test_cut_locus_warns_and_returns_a_shortest_geodesic():
    E, space = np.eye(4), Grassmann(4, 2)
    Y, Q = E[:, [0, 1]], E[:, [2, 1]]
    with pytest.warns(CutLocusWarning, match="not unique"):
        Delta = space.log(Y, Q)
    assert np.linalg.norm(Delta) == pytest.approx(np.pi / 2, rel=1e-15)
    assert space.distance(space.geodesic(Y, Delta), Q) < 1e-15


@pytest.mark.parametrize("gap", [1e-3, 1e-6, 1e-9, 1e-12])
def test_near_the_cut_locus_there_is_no_warning_and_no_loss(gap):
    Y, Q = pair([0.3, np.pi / 2 - gap], 2)
    space = Grassmann(5, 2)
    Delta = space.log(Y, Q)
    assert space.distance(space.geodesic(Y, Delta), Q) <= tolerance(10, float, 5)
    assert space.principal_angles(Y, Q)[-1] == pytest.approx(np.pi / 2 - gap, abs=tolerance(5, float, 5))


def test_stack_equals_its_members():
    space, rng = Grassmann(8, 3), np.random.default_rng(0)
    Y, Q = space.random_point(rng, (2, 4))
    for name in ("principal_angles", "distance", "log"):
        singles = [getattr(space, name)(y, q) for y, q in zip(Y, Q)]
        np.testing.assert_allclose(getattr(space, name)(Y, Q), singles, atol=1e-14)


def test_points_off_the_space():
    Y = np.eye(4, 2)
    for name in ("principal_angles", "distance", "log"):
        with pytest.raises(ValueError, match="Q must satisfy"):
            getattr(Grassmann(4, 2), name)(Y, 2 * Y)
