"""The completions of a point to a group element, against what their documentation says in other words."""
import numpy as np
import pytest

from manifold_opt import Stiefel, SymplecticStiefel
from manifold_opt.arrays import tolerance
from manifold_opt.groups import SymplecticAdjoint, TransposeAdjoint, symplectic_form


def householder_complement(Y):
    """Columns n+1..N of H_1 ... H_n; H_k = I - 2vv^T/v^Tv sends column k to a vector with a leading entry of the sign
    opposite to its own.
    """
    N, n = Y.shape
    R, H = Y.astype(float), np.eye(N)
    for k in range(n):
        v = np.zeros(N)
        v[k:] = R[k:, k]
        v[k] += np.copysign(np.linalg.norm(v), v[k])
        reflection = np.eye(N) - 2 * np.outer(v, v) / (v @ v)
        R, H = reflection @ R, H @ reflection
        assert np.allclose(R[k + 1:, k], 0, atol=1e-14)
    return H[:, n:]


@pytest.mark.parametrize("N, n", [(6, 2), (5, 1), (9, 8), (12, 5)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_orthogonal_completion_is_the_product_of_householder_reflections(N, n, dtype):
    Y = Stiefel(N, n).random_point(np.random.default_rng(0), (3,), dtype)
    completed = TransposeAdjoint().complete(Y)
    for point, Y_perp in zip(Y, completed):
        np.testing.assert_allclose(Y_perp, householder_complement(point), rtol=0, atol=tolerance(10, dtype, N))


@pytest.mark.parametrize("N2, n2, condition", [(8, 2, 1.5), (8, 4, 5.0), (12, 4, 20.0)])
def test_symplectic_completion_has_the_documented_phases(N2, n2, condition):
    """In an orthonormal basis K of the complement the columns are sqrt(2/omega) times Im v, then Re v, where the omega
    ascend and the entry of v of largest magnitude is real and positive.
    """
    space, J = SymplecticStiefel(N2, n2), symplectic_form(N2)
    for Y in space.random_point(np.random.default_rng(0), (4,), condition=condition):
        half = (N2 - n2) // 2
        columns = SymplecticAdjoint().complete(Y)
        K = np.linalg.qr(J.T @ Y, mode="complete")[0][:, n2:]
        imaginary, real = np.split(K.T @ columns, 2, axis=1)
        V = real + 1j * imaginary
        omega = 2 / np.linalg.norm(V, axis=0) ** 2
        assert np.all(np.diff(omega) > 0)
        V = V * np.sqrt(omega / 2)
        np.testing.assert_allclose(1j * (K.T @ J @ K) @ V, V * omega, rtol=0, atol=tolerance(20 * condition, float, N2))
        largest = V[np.argmax(np.abs(V), axis=0), np.arange(half)]
        np.testing.assert_allclose(largest.imag, 0, atol=tolerance(20 * condition, float, N2))
        assert np.all(largest.real > 0.5 / np.sqrt(N2 - n2))


@pytest.mark.parametrize("space", [Stiefel(6, 2), SymplecticStiefel(8, 2)], ids=str)
def test_completions_do_not_depend_on_the_memory_layout(space):
    Y = space.random_point(np.random.default_rng(0))
    np.testing.assert_array_equal(space.adjoint.complete(Y), space.adjoint.complete(np.asfortranarray(Y)))


def test_degenerate_form_on_the_complement():
    """A span on which the form vanishes has a complement on which it is degenerate."""
    Y = np.zeros((4, 2))
    Y[0, 0] = Y[1, 1] = 1.0
    with pytest.raises(ValueError, match="symplectic form must be regular on the complement of Y: .* ill-conditioned"):
        SymplecticAdjoint().complete(Y)
