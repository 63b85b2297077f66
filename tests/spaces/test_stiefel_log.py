"""Logarithm and distance on the Stiefel manifolds: round trips, closed forms, mpmath, what is refused."""
import warnings
from itertools import product

import mpmath as mp
import numpy as np
import pytest
from scipy.linalg import logm
from scipy.optimize import brentq

from manifold_opt import ComplexStiefel, Stiefel
from manifold_opt.arrays.checks import dtype_of_field, tolerance
from manifold_opt.spaces import CutLocusWarning

SPACES = [Stiefel(5, 2), Stiefel(6, 3), Stiefel(6, 4), Stiefel(5, 4), Stiefel(4, 4), Stiefel(7, 1), Stiefel(2, 1),
          Stiefel(20, 5)]
COMPLEX = [ComplexStiefel(5, 2), ComplexStiefel(6, 3), ComplexStiefel(6, 4), ComplexStiefel(5, 4), ComplexStiefel(4, 4),
           ComplexStiefel(7, 1), ComplexStiefel(1, 1), ComplexStiefel(20, 5)]
LENGTHS = [0.0, 1e-8, 1e-3, 0.5, 1.0, 1.5]


def pair(space, length, seed=0, batch=(), dtype=np.float64):
    rng, dtype = np.random.default_rng(seed), dtype_of_field(dtype, space.group.field)
    Y = space.random_point(rng, batch)
    X = space.tangent_space.random(rng, batch)
    section = space.global_section(Y)
    Delta = section.push(X * 1.0) * (length / np.maximum(X.norm(), 1e-30))[..., None, None]
    return (M.astype(dtype) for M in (Y, Delta, space.geodesic(Y, Delta)))


@pytest.mark.parametrize(("space", "length"), [*product(SPACES, [*LENGTHS, 2.0, 2.5]), *product(COMPLEX, LENGTHS)],
                         ids=repr)
def test_round_trip(space, length):
    Y, Delta, Q = pair(space, length, batch=(3, 2))
    result = space.log(Y, Q)
    assert np.linalg.norm(result - Delta, axis=(-2, -1)).max() < tolerance(20, float, space.shape[0])
    assert np.abs(space.distance(Y, Q) - length).max() < tolerance(20, float, space.shape[0])
    assert space.tangent_defect(Y, result).max() < tolerance(20, float, space.shape[0])


@pytest.mark.parametrize("space", SPACES[:3] + COMPLEX[:3], ids=repr)
def test_up_to_where_geodesics_are_known_to_be_shortest(space):
    """In real numbers the linear rate nears 1 there, and the error is a multiple of 1/(1 - rate)."""
    Y, Delta, Q = pair(space, 0.995 * space.sure_length, batch=(20,))
    assert np.linalg.norm(space.log(Y, Q) - Delta, axis=(-2, -1)).max() < tolerance(1000, float, space.shape[0])


@pytest.mark.parametrize("space", [SPACES[1], COMPLEX[1]], ids=repr)
def test_float32_and_one_point_against_a_stack(space):
    Y, Delta, Q = pair(space, 1.0, batch=(4,), dtype=np.float32)
    result = space.log(Y, Q)
    assert result.dtype == Y.dtype and space.distance(Y, Q).dtype == np.float32
    assert np.abs(result - Delta).max() < tolerance(10, np.float32, 6)
    near = np.stack([space.geodesic(Y[0], t * Delta[0]) for t in (0.2, 0.9)])
    assert np.abs(space.distance(Y[0], near) - [0.2, 0.9]).max() < tolerance(20, np.float32, 6)


@pytest.mark.parametrize("space", [SPACES[0], COMPLEX[0]], ids=repr)
def test_against_mpmath(space):
    """Points from an exponential of 40 digits."""
    rng = np.random.default_rng(1)
    X = space.tangent_space.random(rng)
    X = X * (1.7 / float(X.norm()))
    with mp.workdps(40):
        rotation = mp.expm(mp.matrix(X.to_dense().tolist()))
        number = type(X.A.flat[0].item())
        Q = np.array([[number(rotation[i, j]) for j in range(2)] for i in range(5)])
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


@pytest.mark.parametrize("alpha", [0.0, 0.3, -2.2])
@pytest.mark.parametrize("beta", [0.0, 0.4, 1.1])
def test_closed_form_of_one_complex_column(alpha, beta):
    """exp of [[i alpha, -beta], [beta, 0]] is exp(i alpha/2) times a rotation by omega."""
    omega = np.hypot(alpha / 2, beta)
    a = np.exp(0.5j * alpha) * (np.cos(omega) + 0.5j * alpha * np.sinc(omega / np.pi))
    b = np.exp(0.5j * alpha) * beta * np.sinc(omega / np.pi)
    space, direction = ComplexStiefel(4, 1), np.array([0.6, 0.0, 0.8j])
    Q = np.concatenate([[a], b * direction])[:, None]
    Delta = np.concatenate([[1j * alpha], beta * direction])[:, None]
    E = space.canonical_point()
    assert np.abs(space.log(E, Q) - Delta).max() < tolerance(10, float, 4)
    assert abs(space.distance(E, Q) - np.sqrt(alpha**2 / 2 + beta**2)) < tolerance(10, float, 4)


def test_logarithm_of_unitary_matrices():
    space = ComplexStiefel(4, 4)
    Y, _, Q = pair(space, 2.0, seed=2)
    expected = logm(Y.conj().T @ Q)
    assert np.abs(space.log(Y, Q) - Y @ expected).max() < tolerance(50, float, 4)
    assert abs(space.distance(Y, Q) - np.linalg.norm(expected) / np.sqrt(2)) < tolerance(50, float, 4)


@pytest.mark.parametrize("space", COMPLEX[:3], ids=repr)
def test_complex_numbers_as_pairs_of_real_ones(space):
    """The complex Stiefel manifold is totally geodesic in the real one of twice the size, lengths times sqrt(2)."""
    N, n = space.shape
    Y, _, Q = pair(space, 1.5)
    real = Stiefel(2 * N, 2 * n)
    as_reals = [np.block([[M.real, -M.imag], [M.imag, M.real]]) for M in (Y, Q, space.log(Y, Q))]
    assert np.abs(real.log(*as_reals[:2]) - as_reals[2]).max() < tolerance(100, float, 2 * N)
    assert abs(real.distance(*as_reals[:2]) - np.sqrt(2) * space.distance(Y, Q)) < tolerance(100, float, 2 * N)


@pytest.mark.parametrize("space", [ComplexStiefel(3, 1), ComplexStiefel(2, 1), ComplexStiefel(6, 3)], ids=repr)
def test_conjugate_points_bound_the_injectivity_radius_in_complex_numbers(space):
    """Turning both the phase and the direction of one column moves the end of its geodesic by cos t + sin t / t."""
    E, n, h = space.canonical_point(), space.shape[1], 1e-5

    def end(t, alpha):
        Delta = np.zeros_like(E)
        Delta[0, 0], Delta[n, 0] = 1j * alpha, t * np.exp(-0.5j * alpha)
        return space.geodesic(E, Delta)

    def speed(t):
        return np.linalg.norm(end(t, h) - end(t, -h)) / (2 * h)

    conjugate = brentq(lambda t: np.cos(t) + np.sin(t) / t, 1.0, 3.0)
    assert abs(conjugate / np.pi - 0.6458) < 1e-4 and space.sure_length < conjugate
    assert abs(speed(1.0) - 0.5 * (np.cos(1) + np.sin(1))) < h**2 + tolerance(10, float, 6) / h
    assert speed(conjugate) < h**2 + tolerance(10, float, 6) / h


def test_beyond_conjugate_points_a_shorter_geodesic_is_found():
    space = ComplexStiefel(5, 1)
    Y, _, Q = pair(space, 0.7 * np.pi, batch=(20,))
    with pytest.warns(CutLocusWarning, match="which it is below 0.632 pi"):
        Delta = space.log(Y, Q)
    assert np.abs(space.geodesic(Y, Delta) - Q).max() < tolerance(100, float, 5)
    assert np.sqrt(space.metric(Y, Delta, Delta)).max() < 0.69 * np.pi


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
    # the same in complex numbers, where less is known
    with pytest.raises(ValueError, match="Q must be nearer to Y than 0.632 pi"):
        ComplexStiefel(8, 4).distance(Y.astype(complex), Q.astype(complex))
    # beyond the injectivity radius a shorter geodesic is found
    space = Stiefel(5, 2)
    Y, _, Q = pair(space, 5.0, seed=3)
    assert space.distance(Y, Q) < 0.8 * np.pi


def test_what_has_no_logarithm():
    with pytest.raises(ValueError, match="no angle of pi"):
        Stiefel(3, 1).log(np.eye(3, 1), -np.eye(3, 1))
    with pytest.raises(ValueError, match="no angle of pi"):
        ComplexStiefel(3, 3).log(np.eye(3, dtype=complex), np.diag([1j, 1.0, -1.0]))
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


@pytest.mark.parametrize("space", [ComplexStiefel(4, 4), ComplexStiefel(4, 2)], ids=repr)
def test_complex_spaces_are_connected(space):
    Y, Q = space.random_point(np.random.default_rng(4), (2, 50))
    assert np.array_equal(space.component(Y), np.ones(50)) and space.component(Y).dtype == np.float64
    if space.shape == (4, 4):
        assert space.distance(Y, Q).max() <= np.sqrt(2) * np.pi + tolerance(20, float, 4)
