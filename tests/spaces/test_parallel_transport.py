"""Parallel transport in both connections: closed forms, the equation in the embedding, isometry, holonomy."""
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from manifold_opt import Euclidean, Grassmann, Product, Stiefel, SymplecticGrassmann, SymplecticStiefel
from manifold_opt.arrays.checks import tolerance

STIEFEL = [Stiefel(5, 2), Stiefel(6, 4), Stiefel(4, 4), Stiefel(5, 1)]
GRASSMANN = [Grassmann(6, 2), Grassmann(5, 4), SymplecticGrassmann(6, 2)]


def case(space, seed=0, length=1.0, batch=()):
    rng = np.random.default_rng(seed)
    Y = space.random_point(rng, batch)
    Delta, Z = (space.random_tangent(rng, Y) for _ in range(2))
    return Y, length / np.sqrt(space.metric(Y, Delta, Delta).max()) * Delta, Z


def christoffel(Y, V, Z):
    """The Christoffel function of the canonical metric (Edelman, Arias, Smith 1998, eq. 2.41, polarized)."""
    half = 0.5 * (V @ Z.T + Z @ V.T) @ Y
    normal = np.eye(len(Y)) - Y @ Y.T
    return half + 0.5 * Y @ (V.T @ normal @ Z + Z.T @ normal @ V)


@pytest.mark.parametrize("space", STIEFEL, ids=repr)
def test_levi_civita_solves_the_equation_in_the_embedding(space):
    Y, Delta, Z = case(space, length=1.5)
    section = space.global_section(Y)
    X, Lambda = section.lift(Delta).to_dense(), section.to_dense()

    def slope(t, flat):
        moved = Lambda @ expm(t * X)
        point, velocity = moved @ space.canonical_point(), moved @ X @ space.canonical_point()
        return -christoffel(point, velocity, flat.reshape(space.shape)).ravel()

    solution = solve_ivp(slope, (0, 1), Z.ravel(), method="DOP853", rtol=1e-12, atol=1e-12)
    expected = solution.y[:, -1].reshape(space.shape)
    # the integrator is right to its tolerance times a few steps
    assert np.abs(space.parallel_transport(Y, Delta, Z) - expected).max() < 1e-10


@pytest.mark.parametrize("length", [1e-3, 1.0, 20.0])
@pytest.mark.parametrize("space", [*STIEFEL, Grassmann(6, 2)], ids=repr)
def test_levi_civita_is_the_exponential_of_a_dense_operator(space, length):
    Y, Delta, Z = case(space, 1, length)
    section, tangent_space = space.global_section(Y), space.tangent_space
    X, W = section.lift(Delta), section.lift(Z)
    basis = [tangent_space.element(c) for c in np.eye(space.dimension)]
    T = np.stack([-0.5 * tangent_space.coordinates(tangent_space.bracket(X, one)) for one in basis], axis=1)
    assert np.abs(T + T.T).max() < length * tolerance(10, float, space.shape[0])
    expected = section.move(X, "geodesic").push(tangent_space.element(expm(T) @ tangent_space.coordinates(W)))
    difference = np.linalg.norm(space.parallel_transport(Y, Delta, Z) - expected)
    assert difference < np.linalg.norm(Z) * (1 + length) * tolerance(20, float, space.shape[0])


def test_the_covariant_derivative_of_the_carried_vector():
    """In the canonical connection it is zero, in that of Levi-Civita 1/2 [X, W]_hor E; neither is small."""
    space = Stiefel(5, 2)
    Y, Delta, Z = case(space, 2, length=2.0)
    section = space.global_section(Y)
    X, W = section.lift(Delta), section.lift(Z)
    slope = section.to_dense() @ X.to_dense() @ W.to_dense() @ space.canonical_point()
    derivative = slope + christoffel(Y, Delta, Z)
    expected = section.push(0.5 * space.tangent_space.bracket(X, W))
    assert np.abs(derivative - expected).max() < tolerance(20, float, 5)
    assert np.linalg.norm(expected) > 0.1


@pytest.mark.parametrize("connection", ["canonical", "levi_civita"])
@pytest.mark.parametrize("space", [*STIEFEL, *GRASSMANN, SymplecticStiefel(6, 2), Euclidean(4, 2)], ids=repr)
def test_it_preserves_products_and_is_undone_by_the_way_back(space, connection):
    Y, Delta, Z = case(space, 3, batch=(3,))
    moved = space.geodesic(Y, Delta)
    velocity = space.parallel_transport(Y, Delta, Delta, connection)
    carried = space.parallel_transport(Y, Delta, Z, connection)
    metric = getattr(space, "pseudo_riemannian_metric", space.metric)
    scale = np.abs(Z).max() * np.abs(Y).max() ** 4 * np.abs(Delta).max()
    assert np.abs(metric(moved, velocity, carried) - metric(Y, Delta, Z)).max() < scale * tolerance(100, float, 6)
    back = space.parallel_transport(moved, -velocity, carried, connection)
    assert np.abs(back - Z).max() < scale * np.abs(Y).max() ** 2 * tolerance(100, float, 6)


@pytest.mark.parametrize("space", GRASSMANN, ids=repr)
def test_both_are_the_same_on_the_grassmann_kinds(space):
    Y, Delta, Z = case(space, 4)
    assert np.array_equal(space.parallel_transport(Y, Delta, Z, "canonical"), space.parallel_transport(Y, Delta, Z))


def test_grassmann_in_closed_form():
    """Edelman, Arias, Smith 1998, theorem 2.4."""
    space = Grassmann(7, 3)
    Y, H, Z = case(space, 5)
    U, sigma, Vh = np.linalg.svd(H, full_matrices=False)
    inner = np.concatenate([Y @ Vh.T, U], axis=1) @ np.concatenate([-np.diag(np.sin(sigma)), np.diag(np.cos(sigma))])
    expected = inner @ U.T @ Z + Z - U @ (U.T @ Z)
    carried = space.parallel_transport(Y, H, Z)
    # the formula ends in the representative Y V cos V^T + U sin V^T, as the geodesic does
    assert np.abs(carried - expected).max() < np.abs(Z).max() * tolerance(20, float, 7)


def test_holonomy_of_the_octant_is_its_area():
    space, (x, y, z) = Stiefel(3, 1), np.eye(3)[:, :, None]
    vector, quarter = z.copy(), np.pi / 2
    for point, direction in ((x, y), (y, z), (z, x)):
        vector = space.parallel_transport(point, quarter * direction, vector)
    # turned by a right angle, the area of the octant
    assert np.abs(vector + y).max() < tolerance(10, float, 3)


def test_carrying_along_cayley_is_parallel_on_grassmann_only():
    """The velocity of cay(tX) in the group, (I - t^2 X^2/4)^-1 X, is horizontal where A = 0."""
    for space, horizontal in ((Grassmann(6, 2), True), (Stiefel(6, 2), False)):
        Y, Delta, _ = case(space, 6)
        X = space.global_section(Y).lift(Delta).to_dense()
        velocity = np.linalg.solve(np.eye(6) - X @ X / 4, X)
        rest = velocity - space.tangent_space.horizontal_part(velocity).to_dense()
        assert (np.linalg.norm(rest) < tolerance(10, float, 6)) == horizontal


def test_borders():
    space = Stiefel(5, 2)
    Y, Delta, Z = case(space)
    with pytest.raises(ValueError, match="connection must be one of canonical, levi_civita: got 'flat'"):
        space.parallel_transport(Y, Delta, Z, "flat")
    with pytest.raises(ValueError, match="Z must satisfy"):
        space.parallel_transport(Y, Delta, Y)
    product = Product([space, Euclidean(2)])
    one, other = product.parallel_transport([Y, np.zeros(2)], [Delta, np.ones(2)], [Z, np.arange(2.0)], "canonical")
    assert np.array_equal(one, space.parallel_transport(Y, Delta, Z, "canonical")) and np.array_equal(other, [0, 1])
