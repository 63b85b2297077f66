"""Retractions against their dense twins, and where they are undefined."""
import numpy as np
import pytest
from geometry_cases import MATRIX_SPACES, cases

from manifold_opt import Euclidean, Stiefel, SymplecticStiefel, minimize
from manifold_opt.arrays import tolerance
from manifold_opt.sections import RETRACTIONS, Cayley, Geodesic, Retraction, RetractionError, get_retraction
from manifold_opt.tangent import HorizontalElement

LIVE = [space for space in MATRIX_SPACES if space.dimension > 0]


def velocity(case, norm):
    section = case.space.global_section(case.Y)
    W = section.lift(case.Delta)
    factor = (norm / W.norm()).astype(case.dtype)[..., None, None]
    return section, HorizontalElement(W.A * factor, W.B * factor, W.space)


def size(section):
    """Powers of the size of the group elements: one on the O(N) spaces."""
    return max(1.0, float(np.max(np.abs(section.to_dense()), initial=0.0)) ** 2)


@pytest.mark.parametrize("case", cases(LIVE, stacks=[(3,)]), ids=str)
@pytest.mark.parametrize("norm", [1e-8, 0.3, 1.5])
def test_geodesic_is_the_dense_exponential(case, norm):
    section, W = velocity(case, norm)
    dense = section.to_dense() @ case.space.group.exp(W.to_dense())
    moved = section.move(W, "geodesic")
    bound = tolerance(20 * size(section) * np.exp(norm), case.dtype, case.space.shape[0])
    np.testing.assert_allclose(moved.to_dense(), dense, rtol=0, atol=bound)


@pytest.mark.parametrize("case", cases(LIVE, stacks=[(3,)]), ids=str)
@pytest.mark.parametrize("norm", [1e-8, 0.3, 1.0])
@pytest.mark.parametrize("name", ["cayley", "cayley_factor"])
def test_both_cayley_forms_are_the_dense_transform(case, norm, name):
    section, W = velocity(case, norm)
    dense = section.to_dense() @ case.space.group.cayley(W.to_dense())
    bound = tolerance(40 * size(section), case.dtype, case.space.shape[0])
    np.testing.assert_allclose(section.move(W, name).to_dense(), dense, rtol=0, atol=bound)


@pytest.mark.parametrize("N, n", [(8, 3), (20, 10), (20, 15), (6, 6), (9, 1)])
@pytest.mark.parametrize("norm", [9.0, 11.0, 361.0, 767.0, 1e5])
def test_long_cayley_steps_have_an_orthonormal_result_near_the_dense_one(N, n, norm):
    rng, space = np.random.default_rng(0), Stiefel(N, n)
    section = space.global_section(space.random_point(rng, (5,)))
    W = section.lift(space.random_tangent(rng, section.point))
    W = HorizontalElement(*(block * (norm / np.maximum(W.norm(), 1e-3))[:, None, None] for block in (W.A, W.B)),
                          W.space)
    moved = section.move(W, "cayley").point
    # n > N/2 leaves directions in which the step is pure rotation, whose inverse is as long as the step
    assert np.max(space.point_defect(moved)) <= tolerance(20 if 2 * n <= N or norm < 1e3 else 400, float, N)
    dense = section.to_dense() @ space.group.cayley(W.to_dense())
    np.testing.assert_allclose(moved, dense[..., :n], atol=tolerance(20 * norm, float, N))


@pytest.mark.parametrize("space", LIVE, ids=str)
@pytest.mark.parametrize("name", sorted(RETRACTIONS))
@pytest.mark.parametrize("kind", ["transported", "reflector"])
def test_zero_velocity_is_the_identity_exactly(space, name, kind):
    Y = space.canonical_point()[None].repeat(2, 0)
    section = space.global_section(Y, kind)
    moved = section.move(section.lift(np.zeros_like(Y)), name)
    np.testing.assert_array_equal(moved.point, Y)
    np.testing.assert_array_equal(moved.to_dense(), section.to_dense())


@pytest.mark.parametrize("space", LIVE, ids=str)
def test_retractions_agree_to_second_order(space):
    rng = np.random.default_rng(1)
    options = {"condition": 2.0} if "Symplectic" in type(space).__name__ else {}
    section = space.global_section(space.random_point(rng, **options))
    W = section.lift(space.random_tangent(rng, section.point))
    W = W * (1 / W.norm())
    difference = [np.linalg.norm(section.move(h * W, "cayley").to_dense() - section.move(h * W, "geodesic").to_dense())
                  for h in (0.02, 0.01)]
    # exp(X) - cay(X) = -X^3/12 + O(X^5)
    assert np.log2(difference[0] / difference[1]) == pytest.approx(3, abs=0.1)


def test_names_and_objects():
    assert get_retraction("cayley") is RETRACTIONS["cayley"]
    assert get_retraction(Cayley()) == get_retraction(Cayley()) or isinstance(get_retraction(Cayley()), Cayley)
    with pytest.raises(ValueError, match="retraction must be one of cayley, geodesic, cayley_factor: got 'qr'"):
        get_retraction("qr")
    with pytest.raises(TypeError, match="got int"):
        get_retraction(3)


@pytest.mark.parametrize("name", ["cayley", "cayley_factor"])
@pytest.mark.parametrize("space", [SymplecticStiefel(4, 4), SymplecticStiefel(6, 2)], ids=str)
def test_cayley_where_two_is_an_eigenvalue(space, name):
    E = space.canonical_point()
    section = space.global_section(E)
    N2, n2 = space.shape
    A = np.zeros((n2, n2))
    A[0, 0], A[n2 // 2, n2 // 2] = 2.0, -2.0
    W = HorizontalElement(A, np.zeros((N2 - n2, n2)), space.tangent_space)
    assert 2.0 in np.linalg.eigvals(W.to_dense())
    with pytest.raises(RetractionError, match="Cayley .* 2 is an eigenvalue .* take a smaller step"):
        section.move(W, name)
    # next to the eigenvalue it is defined
    assert space.point_defect(section.move(0.9 * W, name).point) < 1e-12


@pytest.mark.parametrize("dtype, norm", [(np.float64, 1e4), (np.float32, 300.0)])
def test_overflowing_symplectic_exponential(dtype, norm):
    space = SymplecticStiefel(6, 2)
    section = space.global_section(space.canonical_point(dtype))
    A = np.diag([norm, -norm]).astype(dtype)
    with pytest.raises(RetractionError, match="exponential overflows .* take a smaller step"):
        section.move(HorizontalElement(A, np.zeros((4, 2), dtype), space.tangent_space), "geodesic")
    Omega = space.project_tangent(section.point, dtype(norm) * section.point @ np.diag([1, -1]).astype(dtype))
    with pytest.raises(RetractionError, match="exponential overflows"):
        space.riemannian_geodesic(section.point, Omega)
    with pytest.raises(RetractionError, match="exponential overflows"):
        space.geodesic(section.point, Omega)


@pytest.mark.parametrize("retraction", ["geodesic", "cayley", "cayley_factor"])
@pytest.mark.parametrize("space", [Stiefel(6, 3), SymplecticStiefel(6, 2), Euclidean(3)], ids=str)
def test_derivative_along_a_retraction(space, retraction):
    """Against a central difference of the point."""
    rng, t, h = np.random.default_rng(0), 0.6, 1e-5
    section = space.global_section(space.random_point(rng))
    X = 0.5 * section.lift(space.random_tangent(rng, section.point))
    ahead, behind = (section.move((t + s) * X, retraction).point for s in (h, -h))
    Z = section.derivative(X, retraction, t)
    slope = section.move(t * X, retraction).push(Z)
    np.testing.assert_allclose(slope, (ahead - behind) / (2 * h), rtol=0, atol=1e-8)


def test_a_retraction_of_a_user_brings_its_derivative_or_says_so():
    class Halved(Retraction):
        """The geodesic at half the time."""

        def step(self, W):
            return Geodesic().step(0.5 * W)

    class Complete(Halved):
        def derivative(self, X, t):
            return 0.5 * X

    def loss(Y):
        return np.sum((Y - 2 * np.eye(5, 2))**2), 2 * (Y - 2 * np.eye(5, 2))

    Y = Stiefel(5, 2).random_point(np.random.default_rng(0))
    result = minimize(loss, Y, Stiefel(5, 2), jac=True, retraction=Complete())
    assert result.success and np.linalg.norm(result.x - np.eye(5, 2)) < 1e-5
    with pytest.raises(TypeError, match="retraction must know its derivative .*: got Halved"):
        minimize(loss, Y, Stiefel(5, 2), jac=True, retraction=Halved())
