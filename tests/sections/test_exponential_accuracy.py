"""The exponential against 60-digit arithmetic: long steps on St(3, 20), symplectic geodesics at condition 900."""
import decimals as d
import mpmath
import numpy as np
import pytest

from manifold_opt import Stiefel, SymplecticStiefel
from manifold_opt.arrays import exponential, phi1


@pytest.fixture(autouse=True)
def digits():
    with d.digits():
        yield


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
    # the velocity that is meant is the rounded one
    exact = d.rounded(d.expm(d.big(W.to_dense())))[:, :3]
    assert space.point_defect(Y) <= 4.8e-15
    assert np.linalg.norm(Y - exact) <= 2.0e-14


@pytest.mark.parametrize("norm", [1e-9, 1e-3, 0.7, 30.0])
def test_short_geodesics_are_right_to_rounding(norm):
    space = Stiefel(9, 4)
    section, W = lift_of_norm(space, norm, 0)
    Y = space.global_section(space.canonical_point()).move(W, "geodesic").point
    exact = d.rounded(d.expm(d.big(W.to_dense())))[:, :4]
    assert np.linalg.norm(Y - exact) <= 2e-15


@pytest.mark.parametrize("norm", [1e-300, 1e-5, 1.0, 20.0, 500.0])
def test_phi1_of_rotations_against_its_closed_form(norm):
    X = norm * np.array([[0.0, -1.0], [1.0, 0.0]])
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
    Omega = d.right_invariant_lift(d.big(Y), d.big(Delta))
    exact = d.rounded(d.expm(Omega - Omega.T) @ (d.expm(Omega.T) @ d.big(Y)))
    assert np.linalg.norm(space.riemannian_geodesic(Y, Delta) - exact) <= 1e-14 * np.linalg.norm(exact)


@pytest.mark.parametrize("seed", range(3))
def test_pseudo_riemannian_geodesic_at_an_ill_conditioned_point(seed):
    space, rng = SymplecticStiefel(8, 4), np.random.default_rng(seed)
    section = space.global_section(space.random_point(rng, condition=900.0))
    W = section.lift(space.random_tangent(rng, section.point))
    W = W * (1 / W.norm())
    group_element = d.big(section.to_dense()) @ d.expm(d.big(W.to_dense()))
    exact = d.rounded(group_element @ d.big(space.canonical_point()))
    Omega = d.orthogonal_lift(d.big(section.point), d.big(section.push(W)), True)
    without_section = d.rounded(d.expm(Omega) @ d.big(section.point))
    moved = section.move(W, "geodesic").point
    assert np.linalg.norm(moved - exact) <= 1e-15 * np.linalg.norm(exact)
    # the formula in Y alone sees that the point itself satisfies Y*Y = I to eps |Y|^2 only
    assert np.linalg.norm(moved - without_section) <= 900**2 * np.finfo(float).eps * np.linalg.norm(exact)
