"""Fast steps against their plain twins, on the same spaces, points and velocities."""
import numpy as np
import pytest
from geometry_cases import MATRIX_SPACES, cases

from manifold_opt import Stiefel, SymplecticStiefel
from manifold_opt.arrays import phi1, polar, tolerance
from manifold_opt.sections import RETRACTIONS
from manifold_opt.sections.geodesic import series_step
from manifold_opt.sections.low_rank import low_rank_step
from manifold_opt.tangent import HorizontalElement

LIVE = [space for space in MATRIX_SPACES if space.dimension > 0 and space.shape[0] > space.shape[1]]


def velocity(case, norm):
    section = case.space.global_section(case.Y)
    W = section.lift(case.Delta)
    factor = (norm / W.norm()).astype(case.dtype)[..., None, None]
    W = HorizontalElement(W.A * factor, W.B * factor, W.space)
    return section, W


def columns(step, section):
    """Point and complement of the section after a step."""
    Y, R = step.advance(section.point, section.Y_perp @ step.directions)
    return Y, section.Y_perp - R @ section.adjoint(step.directions)


@pytest.mark.parametrize("case", cases(LIVE, stacks=[(), (3,)]), ids=str)
@pytest.mark.parametrize("norm", [1e-8, 1e-3, 0.4, 1.0])
def test_series_step_is_the_low_rank_step(case, norm):
    section, W = velocity(case, norm)
    fast, plain = (columns(step, section) for step in (series_step(W), low_rank_step(W, phi1)))
    size = max(1.0, float(np.max(np.abs(section.to_dense()), initial=0.0)) ** 2)
    bound = tolerance(20 * size, case.dtype, case.space.shape[0])
    for actual, expected in zip(fast, plain):
        assert actual.dtype == case.dtype
        np.testing.assert_allclose(actual, expected, rtol=0, atol=bound)


@pytest.mark.parametrize("N, n", [(200, 64), (130, 100)])
@pytest.mark.parametrize("norm", [1e-3, 0.3, 1.0])
def test_series_step_of_wide_points_with_fewer_terms(N, n, norm):
    """From n = 64 on the number of terms comes from a sharper bound of the norm."""
    rng, space = np.random.default_rng(0), Stiefel(N, n)
    section = space.global_section(space.random_point(rng))
    signs = section.lift(space.random_tangent(rng, section.point)).map(np.sign)
    for W in (signs, section.lift(section.point @ np.pad([[0.0, -1.0], [1.0, 0.0]], (0, n - 2)))):
        W = W * (norm / float(W.norm()))
        fast, plain = (columns(step, section) for step in (series_step(W), low_rank_step(W, phi1)))
        for actual, expected in zip(fast, plain):
            np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance(2, float, N))
        assert space.point_defect(fast[0]) <= tolerance(20, float, N)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("stack", [1, 20, 100])
@pytest.mark.parametrize("norm", [1e-6, 0.1, 3.0])
def test_cayley_does_not_depend_on_the_stack_size(dtype, stack, norm):
    """A large stack of small matrices takes elimination along the stack, a small one LAPACK."""
    rng, space = np.random.default_rng(0), Stiefel(12, 4)
    Y = space.random_point(rng, (stack,), dtype)
    section = space.global_section(Y)
    W = section.lift(space.random_tangent(rng, Y))
    factor = (norm / W.norm()).astype(dtype)[:, None, None]
    W = HorizontalElement(W.A * factor, W.B * factor, W.space)
    bound = tolerance(20, dtype, 12)
    moved = section.move(W, "cayley").to_dense()
    np.testing.assert_allclose(moved, section.move(W, "cayley_factor").to_dense(), rtol=0, atol=bound)
    last = space.load_section({name: array[-1] for name, array in section.to_arrays().items()}, "transported")
    single = last.move(HorizontalElement(W.A[-1], W.B[-1], W.space), "cayley")
    np.testing.assert_allclose(moved[-1], single.to_dense(), rtol=0, atol=bound)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch", [(), (4,)])
def test_reflector_section_is_the_reflection_of_the_polar_decomposition(dtype, batch):
    """H = I - W(I + S)^-1 W^T with W = Y O^T + E, dense, and Lambda = H diag(-O, I)."""
    rng, space = np.random.default_rng(0), Stiefel(9, 4)
    Y = space.random_point(rng, batch, dtype)
    E = space.canonical_point(dtype)
    S, O = polar(E.T @ Y)
    W = Y @ np.swapaxes(O, -1, -2) + E
    H = np.eye(9, dtype=dtype) - W @ np.linalg.inv(np.eye(4, dtype=dtype) + S) @ np.swapaxes(W, -1, -2)
    dense = H.copy()
    dense[..., :4] = -H[..., :4] @ O
    section = space.global_section(Y, "reflector")
    np.testing.assert_allclose(section.to_dense(), dense, rtol=0, atol=tolerance(10, dtype, 9))


@pytest.mark.parametrize("norm", [0.05, 1.0, 30.0])
@pytest.mark.parametrize("name", sorted(RETRACTIONS))
@pytest.mark.parametrize("case", cases(LIVE, seeds=[0]), ids=str)
def test_frame_coefficients_give_the_point_of_the_step(case, name, norm):
    if not case.space.adjoint.is_compact:
        norm = min(norm, 1.0) / 2
    section, W = velocity(case, norm)
    step = RETRACTIONS[name].step(W)
    V = section.Y_perp @ step.directions
    alpha, beta = step.frame_coefficients()
    expected = step.advance(section.point, V)[0]
    size = float(np.max(np.linalg.norm(case.Y, axis=(-2, -1)), initial=0.0))
    np.testing.assert_allclose(case.Y + case.Y @ alpha + V @ beta, expected, rtol=0,
                               atol=size * tolerance(20, case.dtype, case.space.shape[0]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_move_keeps_the_rotation_of_the_reflector_where_it_serves(dtype):
    """Two members of a stack: one stays near its point, the other turns its frame by pi, where -I serves no more."""
    space, E = Stiefel(9, 4), Stiefel(9, 4).canonical_point(dtype)
    section = space.global_section(np.stack([E, E]), "reflector")
    half_turn = np.zeros((4, 4), dtype)
    half_turn[0, 1], half_turn[1, 0] = np.pi, -np.pi
    W = HorizontalElement(np.stack([0.1 * half_turn, half_turn]), np.zeros((2, 5, 4), dtype), section.tangent_space)
    moved = section.move(W, "geodesic")
    before, after = section.to_arrays()["O"], moved.to_arrays()["O"]
    np.testing.assert_array_equal(before, -np.stack([np.eye(4, dtype=dtype)] * 2))
    np.testing.assert_array_equal(after[0], before[0])
    np.testing.assert_allclose(after[1], np.diag([1.0, 1.0, -1.0, -1.0]), rtol=0, atol=tolerance(10, dtype, 9))
    dense = moved.to_dense()
    np.testing.assert_allclose(dense @ np.swapaxes(dense, -1, -2), np.stack([np.eye(9)] * 2), rtol=0,
                               atol=tolerance(20, dtype, 9))
    np.testing.assert_allclose(dense[..., :4], moved.point, rtol=0, atol=tolerance(20, dtype, 9))
    for i in range(2):
        loaded = space.load_section({name: array[i] for name, array in moved.to_arrays().items()}, "reflector")
        np.testing.assert_allclose(loaded.to_dense(), dense[i], rtol=0, atol=tolerance(20, dtype, 9))


@pytest.mark.parametrize("space", [Stiefel(9, 4), Stiefel(100, 70), SymplecticStiefel(10, 4)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch", [(), (3,)])
def test_a_rotation_that_serves_nowhere_is_chosen_anew(space, dtype, batch):
    """At the canonical point Y*EO - I is zero for O = I."""
    N, n = space.shape
    E = np.broadcast_to(space.canonical_point(dtype), (*batch, N, n)).copy()
    O = np.broadcast_to(np.eye(n, dtype=dtype), (*batch, n, n)).copy()
    section = space.load_section({"Y": E, "O": O}, "reflector")
    np.testing.assert_allclose(section.to_arrays()["O"], -O, rtol=0, atol=tolerance(10, dtype, n))
    np.testing.assert_allclose(section.act(space.canonical_point(dtype)), E, rtol=0, atol=tolerance(20, dtype, N))


def test_the_reflector_is_a_smooth_function_of_the_point_across_singular_frame_blocks():
    """Along a geodesic through a point with singular frame block the kept section moves by no more than the step."""
    space, steps = Stiefel(6, 2), 40
    A, B = np.zeros((2, 2)), np.zeros((4, 2))
    B[0, 0] = 1.3 * (np.pi / 2) / steps
    section = space.global_section(space.canonical_point(), "reflector")
    for _ in range(steps):
        moved = section.move(HorizontalElement(A, B, section.tangent_space), "geodesic")
        assert np.linalg.norm(moved.to_dense() - section.to_dense()) < 4 * np.linalg.norm(B)
        fresh = space.global_section(moved.point, "reflector").to_dense()
        section = moved
    assert np.linalg.det(moved.point[:2]) < 0 and np.linalg.norm(fresh - moved.to_dense()) > 1


@pytest.mark.parametrize("rank", [0, 1, 3])
def test_reflector_section_where_the_frame_block_is_singular(rank):
    space = Stiefel(10, 4)
    Y = np.zeros((10, 4))
    Y[:rank, :rank] = np.eye(rank)
    Y[6 + rank:, rank:] = np.eye(4 - rank)
    section = space.global_section(Y, "reflector")
    dense = section.to_dense()
    assert np.linalg.norm(dense.T @ dense - np.eye(10)) <= tolerance(20, float, 10)
    np.testing.assert_allclose(dense[:, :4], Y, rtol=0, atol=tolerance(10, float, 10))
