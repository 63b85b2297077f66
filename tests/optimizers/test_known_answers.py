"""Convergence to optima in closed form, to rounding, with Adam and a decaying rate in 3,000 steps of float64."""
import numpy as np
import pytest

from manifold_opt import (AdamWithDecay, Grassmann, Optimizer, Stiefel, SymplecticGrassmann, SymplecticStiefel)
from manifold_opt.groups import symplectic_form

STEPS = 3000


def descend(space, gradient, Y, **options):
    optimizer = Optimizer(AdamWithDecay(STEPS, 1e-1, 1e-8), space, **options)
    state = optimizer.init(Y)
    for _ in range(STEPS):
        Y, state = optimizer.step(Y, gradient(Y), state)
    return Y


def symmetric(N, seed):
    """A matrix with the eigenvalues 1, ..., N and its eigenvectors."""
    Q = Stiefel(N, N).random_point(np.random.default_rng(seed))
    return Q @ np.diag(np.arange(1.0, N + 1)) @ Q.T, Q


@pytest.mark.parametrize("section", ["transported", "reflector"])
def test_brockett_on_stiefel(section):
    """min Tr(Y^T M Y C) with C = diag(4, 3, 2, 1) sorts the smallest eigenvalues, eigenvectors up to sign."""
    space, C = Stiefel(20, 4), np.diag([4.0, 3.0, 2.0, 1.0])
    M, Q = symmetric(20, 0)
    Y = descend(space, lambda Y: 2 * M @ Y @ C, space.random_point(np.random.default_rng(1)), section=section)
    optimum = 4 * 1 + 3 * 2 + 2 * 3 + 1 * 4
    assert abs(np.trace(Y.T @ M @ Y @ C) - optimum) <= 1e-13 * optimum
    np.testing.assert_allclose(np.abs(Q[:, :4].T @ Y), np.eye(4), atol=1e-7)
    assert space.point_defect(Y) < 1e-14


@pytest.mark.parametrize("section", ["transported", "reflector"])
def test_invariant_subspace_on_grassmann(section):
    space = Grassmann(20, 4)
    M, Q = symmetric(20, 0)
    Y = descend(space, lambda Y: 2 * M @ Y, space.random_point(np.random.default_rng(1)), section=section)
    assert abs(np.trace(Y.T @ M @ Y) - 10) <= 1e-12
    assert space.distance(Y, Q[:, :4]) < 1e-7 and space.point_defect(Y) < 1e-14


def test_truncated_singular_value_decomposition():
    """min |A - Y Y^T A|^2 over the Grassmann manifold: the leading left singular vectors."""
    A = np.random.default_rng(0).normal(size=(15, 30))
    space, sigma = Grassmann(15, 3), np.linalg.svd(A, compute_uv=False)
    Y = descend(space, lambda Y: -2 * A @ (A.T @ Y), space.random_point(np.random.default_rng(1)))
    optimum = np.sum(sigma[3:] ** 2)
    assert abs(np.sum((A - Y @ (Y.T @ A)) ** 2) - optimum) <= 1e-13 * optimum
    assert space.distance(Y, np.linalg.svd(A)[0][:, :3]) < 1e-7


@pytest.mark.parametrize("N, n", [(8, 8), (8, 3)])
def test_orthogonal_procrustes(N, n):
    """min |X Q - Z|^2 over SO(N) (n = N) or St with Z in general position: the polar factor of X^T Z."""
    rng, space = np.random.default_rng(0), Stiefel(N, n)
    if n == N:
        P = rng.normal(size=(N, N))
        U, sigma, Vh = np.linalg.svd(P)
    else:
        P = rng.normal(size=(N, n))
        U, sigma, Vh = np.linalg.svd(P, full_matrices=False)
    Y = space.random_point(rng)
    if n == N and np.linalg.det(Y) * np.linalg.det(U @ Vh) < 0:
        # a step never leaves its component of O(N): start in the one of the solution
        Y[:, 0] *= -1
    Y = descend(space, lambda Y: -P, Y)
    assert abs(np.sum(P * Y) - sigma.sum()) <= 1e-13 * sigma.sum()
    np.testing.assert_allclose(Y, U @ Vh, atol=1e-7)
    assert space.point_defect(Y) < 1e-14


def williamson(M):
    """Symplectic eigenvalues, ascending: the positive ones of i L^T J L with M = L L^T."""
    L = np.linalg.cholesky(M)
    return np.linalg.eigvalsh(1j * L.T @ symplectic_form(len(M)) @ L)[len(M) // 2:]


@pytest.mark.parametrize("N2, n2", [(12, 4), (40, 6)])
@pytest.mark.parametrize("seed", [0, 1])
def test_symplectic_eigenvalues(N2, n2, seed):
    """min Tr(U^T M U) over SpSt(2n, 2N) is twice the sum of the n smallest symplectic eigenvalues of M."""
    rng, space = np.random.default_rng(seed), SymplecticStiefel(N2, n2)
    X = rng.normal(size=(N2, N2))
    M = X @ X.T / N2 + 0.1 * np.eye(N2)
    Y = descend(space, lambda Y: 2 * M @ Y, space.random_point(rng, condition=2.0))
    optimum = 2 * williamson(M)[:n2 // 2].sum()
    assert abs(np.trace(Y.T @ M @ Y) - optimum) <= 1e-13 * optimum
    assert space.point_defect(Y) < 1e-14


def decomposition_gradient(X, U):
    """Euclidean gradient of |X - U U* X|^2 / 2 with the symplectic adjoint U* = J^T U^T J."""
    space = SymplecticGrassmann(*U.shape)
    Us = space.adjoint(U)
    R = X - U @ (Us @ X)
    J, j = symplectic_form(U.shape[0]), symplectic_form(U.shape[1])
    return -R @ (Us @ X).T - J @ X @ (R.T @ U) @ j.T


@pytest.mark.parametrize("seed", [0, 1])
def test_proper_symplectic_decomposition(seed):
    """Data from a symplectic subspace are found again: the residual |X - U U* X| vanishes."""
    rng, space = np.random.default_rng(seed), SymplecticGrassmann(12, 4)
    U0 = space.random_point(rng, condition=2.0)
    X = U0 @ rng.normal(size=(4, 30))
    X /= np.linalg.norm(X)
    U = descend(space, lambda U: decomposition_gradient(X, U), space.random_point(rng, condition=2.0))
    assert np.linalg.norm(X - U @ (space.adjoint(U) @ X)) < 1e-12
    assert space.point_defect(U) < 1e-14
    # the subspaces are the same, that is the projections
    np.testing.assert_allclose(U @ space.adjoint(U), U0 @ space.adjoint(U0), atol=1e-11)


@pytest.mark.parametrize("seed", [0, 1])
def test_nearest_symplectic_matrix(seed):
    """A = Y0 + epsilon J Y0 S with skew S is displaced along the normal space, so that Y0 is nearest to it."""
    rng, space = np.random.default_rng(seed), SymplecticStiefel(8, 4)
    Y0 = space.random_point(rng, condition=2.0)
    S = rng.normal(size=(4, 4))
    normal = symplectic_form(8) @ Y0 @ (S - S.T)
    np.testing.assert_allclose(space.riemannian_gradient(Y0, normal), 0, atol=1e-13)
    A = Y0 + 0.1 * normal / np.linalg.norm(normal)
    start = space.random_point(rng, condition=2.0)
    Y = descend(space, lambda Y: Y - A, start)
    assert abs(np.linalg.norm(Y - A) - 0.1) <= 1e-13
    np.testing.assert_allclose(Y, Y0, atol=1e-7)
    assert space.point_defect(Y) < 1e-14
