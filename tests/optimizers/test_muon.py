"""Muon: the steepest step of given spectral norm, tangent, certified, and independent of the section."""
import numpy as np
import pytest
from scipy.optimize import minimize as scipy_minimize

from manifold_opt import Adam, Euclidean, Grassmann, Optimizer, Stiefel, SymplecticStiefel
from manifold_opt.arrays import orthogonal_factor, tangent_orthogonal_factor
from manifold_opt.arrays.checks import tolerance
from manifold_opt.optimizers import Cosine, Muon
from manifold_opt.sections import TransportedSection
from manifold_opt.spaces import ComplexGrassmann, ComplexStiefel

SPACES = [Stiefel(7, 3), Stiefel(6, 1), Stiefel(4, 4), Grassmann(7, 3), Euclidean(5, 3), Euclidean(4), Euclidean()]


def first_step(space, seed=0, rate=0.1, batch=(), dtype=np.float64):
    rng = np.random.default_rng(seed)
    section, dL = space.global_section(space.random_point(rng, batch, dtype)), rng.normal(size=(*batch, *space.shape))
    method = Muon(rate)
    G = method.global_gradient(section, dL.astype(dtype))
    return section, G, method.update(G, method.init(G), 1)[0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch", [(), (3,)], ids=str)
@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_the_step_is_tangent_and_as_long_as_the_rate(space, batch, dtype):
    section, G, W = first_step(space, batch=batch, dtype=dtype)
    Delta = section.push(W)
    N = space.shape[0] if space.shape else 1
    assert W.dtype == G.dtype == np.dtype(dtype)
    assert space.tangent_defect(section.point, Delta).max() < 0.1 * tolerance(20, dtype, N)
    columns = Delta.reshape(*batch, N, -1)
    assert np.abs(np.linalg.norm(columns, ord=2, axis=(-2, -1)) - 0.1).max() < tolerance(20, dtype, N)


@pytest.mark.parametrize("shape", [(5, 2), (8, 3), (20, 5), (12, 6), (60, 20)], ids=str)
@pytest.mark.parametrize("ratio", [1e-3, 1.0, 10.0])
def test_the_gap_is_rounding_where_the_dual_is_smooth(shape, ratio):
    N, n = shape
    M = np.random.default_rng(1).normal(size=(N, n))
    A, B = ratio * (M[:n] - M[:n].T), M[n:]
    W_A, W_B, gap = tangent_orthogonal_factor(A, B)
    assert np.array_equal(W_A, -W_A.T)
    assert gap < tolerance(50, float, N)
    assert np.linalg.norm(np.concatenate([W_A, W_B]), 2) < 1 + tolerance(10, float, N)
    # what projecting the orthogonal factor gives is not as good
    plain = orthogonal_factor(np.concatenate([A, B]))
    top = 0.5 * (plain[:n] - plain[:n].T)
    norm = max(1.0, np.linalg.norm(np.concatenate([top, plain[n:]]), 2))
    best = np.vdot(A, W_A) + np.vdot(B, W_B)
    assert (np.vdot(A, top) + np.vdot(B, plain[n:])) / norm <= best * (1 + tolerance(10, float, N))


@pytest.mark.parametrize("shape", [(9, 7), (5, 4), (3, 2), (5, 5), (14, 12)], ids=str)
@pytest.mark.parametrize("imaginary", [0, 1j])
def test_the_gap_is_small_where_it_is_not(shape, imaginary):
    """With fewer complement rows than columns the minimum may have no full rank; the smoothing leaves a gap."""
    N, n = shape
    real, imag = np.random.default_rng(2).normal(size=(2, 40, N, n))
    M = real + imaginary * imag
    W_A, W_B, gap = tangent_orthogonal_factor(M[:, :n] - np.conj(np.swapaxes(M[:, :n], -1, -2)), M[:, n:])
    assert np.quantile(gap, 0.9) < 1e-6 and gap.max() < 1e-2
    norms = np.linalg.norm(np.concatenate([W_A, W_B], axis=-2), ord=2, axis=(-2, -1))
    assert norms.max() < 1 + tolerance(10, float, N)


def test_against_a_general_solver():
    """The dual by BFGS with differences of the nuclear norm: its value is that of the primal."""
    M = np.random.default_rng(3).normal(size=(6, 2))
    A, B = M[:2] - M[:2].T, M[2:]
    rows, columns = np.triu_indices(2)

    def nuclear(s):
        S = np.zeros((2, 2))
        S[rows, columns] = S[columns, rows] = s
        return np.linalg.svd(np.concatenate([A + S, B]), compute_uv=False).sum()

    W_A, W_B, _ = tangent_orthogonal_factor(A, B)
    assert abs(scipy_minimize(nuclear, np.zeros(3), tol=1e-9).fun - np.vdot(A, W_A) - np.vdot(B, W_B)) < 1e-9


@pytest.mark.parametrize("space", [ComplexStiefel(7, 3), ComplexGrassmann(7, 3)], ids=repr)
def test_complex_numbers(space):
    rng = np.random.default_rng(6)
    section = space.global_section(space.random_point(rng))
    G = section.lift_gradient(rng.normal(size=(7, 3)) + 1j * rng.normal(size=(7, 3)))
    W, _ = Muon(0.1).update(G, Muon(0.1).init(G), 1)
    Delta = section.push(W)
    assert space.tangent_defect(section.point, Delta) < tolerance(10, float, 7)
    assert np.abs(np.linalg.svd(Delta, compute_uv=False) - 0.1).max() < tolerance(10, float, 7)
    *_, gap = tangent_orthogonal_factor(0.5 * G.A, G.B)
    assert gap < tolerance(50, float, 7)
    # no tangent direction of the same norm descends faster
    for _ in range(20):
        other = space.tangent_space.random(rng, (), np.complex128)
        other = other * (0.1 / np.linalg.norm(np.concatenate([other.A, other.B]), 2))
        assert G.inner(W) < -abs(float(G.inner(other)))


@pytest.mark.parametrize("shape", [(12, 4), (7, 5)], ids=str)
def test_members_of_a_stack_do_not_see_each_other(shape):
    """A zero, a nearly singular and long gradients among others, which take different numbers of steps."""
    N, n = shape
    M = np.random.default_rng(7).normal(size=(2, 3, N, n))
    M[0, 1], M[1, 2], M[1, 0] = 0.0, 1e8 * M[1, 2], M[1, 0] @ np.diag([1.0] * (n - 1) + [1e-9])
    A, B = M[..., :n, :] - np.swapaxes(M[..., :n, :], -1, -2), M[..., n:, :]
    W_A, W_B, gap = tangent_orthogonal_factor(A, B)
    assert gap.shape == (2, 3) and not W_A[0, 1].any() and not W_B[0, 1].any() and gap[0, 1] == 0
    for member in np.ndindex(2, 3):
        alone_A, alone_B, alone_gap = tangent_orthogonal_factor(A[member], B[member])
        assert np.abs(alone_A - W_A[member]).max() < tolerance(20, float, N)
        assert np.abs(alone_B - W_B[member]).max() < tolerance(20, float, N)
        assert alone_gap.shape == () and abs(alone_gap - gap[member]) < tolerance(20, float, N)
    shapes = [block.shape for block in tangent_orthogonal_factor(A[:0], B[:0])]
    assert shapes == [(0, 3, n, n), (0, 3, N - n, n), (0, 3)]


def test_zero_and_skew_symmetric_gradients():
    W_A, W_B, gap = tangent_orthogonal_factor(np.zeros((2, 2)), np.zeros((3, 2)))
    assert not W_A.any() and not W_B.any() and gap == 0
    # n = N: the orthogonal factor of a skew-symmetric matrix is skew-symmetric
    A = np.array([[0.0, -3.0], [3.0, 0.0]])
    W_A, _, gap = tangent_orthogonal_factor(A, np.zeros((0, 2)))
    assert np.abs(W_A - A / 3).max() < tolerance(10, float, 2) and gap < tolerance(10, float, 2)


@pytest.mark.parametrize("space", [Grassmann(7, 3), Stiefel(7, 3)], ids=repr)
def test_it_does_not_depend_on_the_section_and_adam_does(space):
    rng = np.random.default_rng(4)
    section, dL = space.global_section(space.random_point(rng)), rng.normal(size=space.shape)
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    turned = TransportedSection(section.point, section.Y_perp @ turn, space.tangent_space)
    apart = []
    for method in (Muon(0.1), Adam(0.1)):
        zero = space.tangent_space.zero()
        one, other = (over.move(method.step(over, dL, method.init(zero), 1)[0], "geodesic").point
                      for over in (section, turned))
        apart.append(np.linalg.norm(one - other))
    assert apart[0] < tolerance(20, float, 7) and apart[1] > 0.01


@pytest.mark.parametrize("section", ["transported", "reflector"])
@pytest.mark.parametrize("space", [Stiefel(8, 2), Grassmann(8, 2)], ids=repr)
def test_it_finds_eigenvectors(space, section):
    M = np.diag(np.arange(1.0, 9.0))
    optimizer = Optimizer(Muon(Cosine(300, eta1=0.3), alpha=0.5), space, section=section)
    Y = space.random_point(np.random.default_rng(5))
    state = optimizer.init(Y)
    for _ in range(300):
        Y, state = optimizer.step(Y, -2 * M @ Y, state)
    assert 15.0 - np.trace(Y.T @ M @ Y) < 1e-3
    assert space.point_defect(Y) < tolerance(20, float, 8)


def test_borders():
    with pytest.raises(ValueError, match="Muon must be given parameters in vector spaces"):
        Optimizer(Muon(), SymplecticStiefel(4, 2)).init(SymplecticStiefel(4, 2).canonical_point())
    with pytest.raises(ValueError, match="alpha"):
        Muon(alpha=1.0)
