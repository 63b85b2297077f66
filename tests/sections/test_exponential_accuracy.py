"""The exponential against 50-digit arithmetic: long steps on St(3, 20), symplectic geodesics at condition 900."""
import mpmath
import numpy as np
import pytest

from manifold_opt import Stiefel, SymplecticStiefel
from manifold_opt.arrays import exponential, phi1
from manifold_opt.groups import symplectic_form


def to_mp(M):
    return mpmath.matrix(np.asarray(M, float).tolist())


def to_float(M):
    return np.array([[float(M[i, j]) for j in range(M.cols)] for i in range(M.rows)])


def exact_exponential(X):
    """Scaling and squaring of the Taylor series, in the precision that mpmath is set to."""
    norm = mpmath.mnorm(X, 1)
    doublings = max(0, int(mpmath.ceil(mpmath.log(norm, 2))) + 8) if norm > 0 else 0
    scaled, result = X / 2**doublings, mpmath.eye(X.rows)
    term = mpmath.eye(X.rows)
    for k in range(1, 40):
        term = term * scaled / k
        result += term
    for _ in range(doublings):
        result = result * result
    return result


def lift_of_norm(space, norm, seed):
    """A section over a random point and a velocity whose dense matrix has the given Frobenius norm."""
    rng = np.random.default_rng(seed)
    section = space.global_section(space.random_point(rng))
    W = section.lift(space.random_tangent(rng, section.point))
    return section, W * (norm / np.linalg.norm(W.to_dense()))


@pytest.mark.parametrize("norm, seed", [(361.0, 0), (361.0, 1), (767.0, 2)])
def test_long_geodesics_beat_the_published_figures(norm, seed):
    """Best published for this map: orthogonality 4.8e-15, forward error 2.0e-14, at norm 361."""
    space = Stiefel(20, 3)
    section, W = lift_of_norm(space, norm, seed)
    section = space.global_section(space.canonical_point())
    Y = section.move(W, "geodesic").point
    with mpmath.workdps(50):
        # the velocity that is meant is the rounded one
        exact = to_float(exact_exponential(to_mp(W.to_dense())))[:, :3]
    assert space.point_defect(Y) <= 4.8e-15
    assert np.linalg.norm(Y - exact) <= 2.0e-14


@pytest.mark.parametrize("norm", [1e-9, 1e-3, 0.7, 30.0])
def test_short_geodesics_are_right_to_rounding(norm):
    space = Stiefel(9, 4)
    section, W = lift_of_norm(space, norm, 0)
    Y = space.global_section(space.canonical_point()).move(W, "geodesic").point
    with mpmath.workdps(50):
        exact = to_float(exact_exponential(to_mp(W.to_dense())))[:, :4]
    assert np.linalg.norm(Y - exact) <= 2e-15


@pytest.mark.parametrize("norm", [1e-300, 1e-5, 1.0, 20.0, 500.0])
def test_phi1_of_rotations_against_its_closed_form(norm):
    X = norm * np.array([[0.0, -1.0], [1.0, 0.0]])
    with mpmath.workdps(50):
        c, s = mpmath.cos(norm), mpmath.sin(norm)
        a, b = (float(s / norm), float((1 - c) / norm)) if norm > 1e-100 else (1.0, 0.5 * norm)
        rotation = np.array([[float(c), -float(s)], [float(s), float(c)]])
    np.testing.assert_allclose(phi1(X), [[a, -b], [b, a]], rtol=1e-15, atol=1e-16)
    np.testing.assert_allclose(exponential(X), rotation, rtol=0, atol=4e-16)


@pytest.mark.parametrize("seed", range(3))
def test_riemannian_geodesic_at_an_ill_conditioned_point(seed):
    """Published: an 8k x 8k low-rank form loses nine digits at such a point."""
    space, rng = SymplecticStiefel(8, 4), np.random.default_rng(seed)
    Y = space.random_point(rng, condition=900.0)
    Delta = space.random_tangent(rng, Y)
    Delta *= 0.5 / np.linalg.norm(space.horizontal_lift(Y, Delta))
    J = symplectic_form(8)
    with mpmath.workdps(50):
        y, d, j = to_mp(Y), to_mp(Delta), to_mp(J)
        inverse = (y.T * y) ** -1
        omega = d * inverse * y.T + j * y * inverse * d.T * (mpmath.eye(8) - j.T * y * inverse * y.T * j) * j
        exact = to_float(exact_exponential(omega - omega.T) * (exact_exponential(omega.T) * y))
    assert np.linalg.norm(space.riemannian_geodesic(Y, Delta) - exact) <= 1e-14 * np.linalg.norm(exact)


@pytest.mark.parametrize("seed", range(3))
def test_pseudo_riemannian_geodesic_at_an_ill_conditioned_point(seed):
    space, rng = SymplecticStiefel(8, 4), np.random.default_rng(seed)
    section = space.global_section(space.random_point(rng, condition=900.0))
    W = section.lift(space.random_tangent(rng, section.point))
    W = W * (1 / W.norm())
    with mpmath.workdps(50):
        group_element = to_mp(section.to_dense()) * exact_exponential(to_mp(W.to_dense()))
        exact = to_float(group_element * to_mp(space.canonical_point()))
        y, d = to_mp(section.point), to_mp(section.push(W))
        ys, ds = to_mp(space.adjoint(section.point)), to_mp(space.adjoint(section.push(W)))
        Omega = (d - y * (ys * d) / 2) * ys - y * (ds - (ds * y) * ys / 2)
        without_section = to_float(exact_exponential(Omega) * y)
    moved = section.move(W, "geodesic").point
    assert np.linalg.norm(moved - exact) <= 1e-15 * np.linalg.norm(exact)
    # the formula in Y alone sees that the point itself satisfies Y*Y = I to eps |Y|^2 only
    assert np.linalg.norm(moved - without_section) <= 900**2 * np.finfo(float).eps * np.linalg.norm(exact)
