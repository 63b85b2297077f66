"""Products: every operation by factors, one optimizer over all."""
import numpy as np
import pytest

from manifold_opt import Adam, Euclidean, Grassmann, Optimizer, Product, Stiefel, SymplecticStiefel
from manifold_opt.arrays.trees import leaves, map_tree
from manifold_opt.sections import GlobalSection, TransportedSection
from manifold_opt.spaces import HomogeneousSpace
from manifold_opt.spaces.product import ProductSection
from manifold_opt.tangent import DirectSum

FACTORS = {"Q": Stiefel(6, 2), "deep": [Grassmann(5, 2), SymplecticStiefel(6, 2)], "b": Euclidean(3)}


@pytest.fixture
def case():
    space, rng = Product(FACTORS), np.random.default_rng(0)
    Y = space.random_point(rng, (2,))
    Delta = map_tree(lambda D: 0.1 * D, space.random_tangent(rng, Y))
    return space, Y, Delta, map_tree(lambda D: rng.normal(size=D.shape), Y)


def assert_equal(one, other):
    for (path, x), (_, y) in zip(leaves(one), leaves(other), strict=True):
        np.testing.assert_array_equal(x, y, err_msg=path)


@pytest.mark.parametrize("name", ["geodesic", "cayley", "project_tangent", "riemannian_gradient", "horizontal_lift"])
def test_operations_act_by_factors(case, name):
    space, Y, Delta, dL = case
    second = dL if name in ("project_tangent", "riemannian_gradient") else Delta
    expected = map_tree(lambda factor, Y, Z: getattr(factor, name)(Y, Z), FACTORS, Y, second)
    assert_equal(getattr(space, name)(Y, second), expected)


def test_numbers_are_sums_over_factors(case):
    space, Y, Delta, _ = case
    parts = map_tree(lambda factor, Y, D: factor.metric(Y, D, D), FACTORS, Y, Delta)
    np.testing.assert_allclose(space.metric(Y, Delta, Delta), sum(part for _, part in leaves(parts)))
    assert space.metric(Y, Delta, Delta).shape == space.point_defect(Y).shape == (2,)
    assert np.all(space.tangent_defect(Y, Delta) < 1e-14)
    assert space.dimension == sum(factor.dimension for _, factor in leaves(FACTORS))
    assert space.shape == {"Q": (6, 2), "deep": [(5, 2), (6, 2)], "b": (3,)}
    assert space.group["Q"] == FACTORS["Q"].group


def test_gradient_represents_the_differential(case):
    space, Y, Delta, dL = case
    expected = sum(np.sum(D * G, axis=tuple(range(1, D.ndim))) for (_, D), (_, G) in zip(leaves(Delta), leaves(dL)))
    Delta = space.project_tangent(Y, Delta)
    # Grassmann: the gradient is that of a function of the span, so that dL may only have a horizontal part there
    dL["deep"][0] = dL["deep"][0] - Y["deep"][0] @ (np.swapaxes(Y["deep"][0], -1, -2) @ dL["deep"][0])
    np.testing.assert_allclose(space.metric(Y, space.riemannian_gradient(Y, dL), Delta), expected, atol=1e-12)


def test_section_lifts_pushes_moves_and_is_stored(case):
    space, Y, Delta, dL = case
    section = space.global_section(Y)
    for (_, D), (_, back) in zip(leaves(Delta), leaves(section.push(section.lift(Delta)))):
        np.testing.assert_allclose(back, D, atol=1e-14)
    assert_equal(section.move(section.lift(Delta), "cayley").point, space.cayley(Y, Delta))
    stored = section.restore().to_arrays()
    assert set(stored) == {"Q/Y", "Q/Y_perp", "deep.0/Y", "deep.0/Y_perp", "deep.1/Y", "deep.1/Y_perp", "b/Y"}
    assert_equal(space.load_section(stored, "transported").point, section.restore().point)
    assert section.to_dense()["Q"].shape == (2, 6, 6)
    assert_equal(section.act(space.canonical_point()), map_tree(lambda Y: Y, Y))
    assert section.lift_gradient(dL)["Q"].B.shape == (2, 4, 2)


def test_inverse_cayley(case):
    space, Y, Delta, _ = case
    for (_, D), (_, back) in zip(leaves(Delta), leaves(space.inverse_cayley(Y, space.cayley(Y, Delta)))):
        np.testing.assert_allclose(back, D, atol=1e-13)


def test_one_adam_steps_product_and_tree_alike(case):
    space, Y, _, dL = case
    results = []
    for spaces in (space, FACTORS, {**FACTORS, "deep": Product(FACTORS["deep"])}):
        params, optimizer = Y, Optimizer(Adam(1e-2), spaces)
        state = optimizer.init(params)
        for _ in range(3):
            params, state = optimizer.step(params, dL, state)
        results.append(params)
    assert_equal(results[0], results[1])
    assert_equal(results[0], results[2])
    assert np.all(space.point_defect(results[0]) < 1e-14)


def test_errors_name_the_factor(case):
    space, Y, Delta, _ = case
    assert space.check_point(Y)["Q"] is Y["Q"] and space.check_tangent(Y, Delta)["Q"] is Delta["Q"]
    with pytest.raises(ValueError, match=r"Y at 'deep.0' must satisfy Y\*Y = I"):
        space.check_point({**Y, "deep": [2 * Y["deep"][0], Y["deep"][1]]})
    with pytest.raises(ValueError, match=r"Delta at 'Q' must satisfy"):
        space.check_tangent(Y, {**Delta, "Q": Y["Q"]})
    with pytest.raises(ValueError, match="Y must have the structure of the product: at the root"):
        space.point_defect({"Q": Y["Q"]})
    with pytest.raises(TypeError, match="factors must be homogeneous spaces: got the class Stiefel at 'Q'"):
        Product({"Q": Stiefel})
    for empty in ({}, [], {"a": []}, Stiefel(3, 1)):
        with pytest.raises(ValueError, match="factors must be a dict, list or tuple"):
            Product(empty)


def test_nested_products_are_expanded_equal_and_printed():
    nested = Product({"Q": FACTORS["Q"], "deep": Product(FACTORS["deep"]), "b": FACTORS["b"]})
    assert nested == Product(FACTORS) and hash(nested) == hash(Product(FACTORS)) and nested != FACTORS
    assert repr(Product([Stiefel(3, 1)])) == "Product([Stiefel(3, 1)])"


def test_a_product_is_a_space_with_one_section_and_one_tangent_space(case):
    space, Y, Delta, dL = case
    section = space.global_section(Y)
    assert isinstance(space, HomogeneousSpace) and isinstance(section, GlobalSection)
    assert section.tangent_space == space.tangent_space == DirectSum(map_tree(lambda s: s.tangent_space, FACTORS))
    assert space.tangent_space.dimension == space.dimension
    X = section.lift(Delta)
    c = space.tangent_space.coordinates(X)
    assert c.shape == (2, space.dimension)
    np.testing.assert_allclose(np.sum(c * c, axis=-1), sum(B.inner(B) for _, B in leaves(X)), rtol=1e-14)
    for (_, A), (_, B) in zip(leaves(space.tangent_space.element(c)), leaves(X)):
        np.testing.assert_array_equal(A.to_dense(), B.to_dense())
    # the differential in coordinates is the derivative
    slope = np.sum(space.tangent_space.coordinates(section.lift_differential(dL)) * c, axis=-1)
    dL["deep"][0] = dL["deep"][0] - Y["deep"][0] @ (np.swapaxes(Y["deep"][0], -1, -2) @ dL["deep"][0])
    expected = sum(np.sum(D * G, axis=tuple(range(1, D.ndim))) for (_, D), (_, G) in zip(leaves(Delta), leaves(dL)))
    np.testing.assert_allclose(slope, expected, atol=1e-12)
    assert_equal(space.tangent_space.to_dense(space.tangent_space.zero((2,))),
                 map_tree(lambda X: 0 * X.to_dense(), X))
    assert_equal(space.nearest_point(Y)["b"], Y["b"])


def test_a_state_has_one_section(case):
    space, Y, _, _ = case
    state = Optimizer(Adam(), space).init(Y)
    assert isinstance(state.section, ProductSection) and Optimizer(Adam(), FACTORS).space == space
    assert_equal(state.section.point, Y)
    single = Optimizer(Adam(), FACTORS["Q"])
    assert single.space == FACTORS["Q"] and isinstance(single.init(Y["Q"]).section, TransportedSection)


def test_tuples_are_products_too():
    space = Product((Stiefel(3, 1), {"b": Euclidean(2)}))
    Y = space.random_point(np.random.default_rng(0))
    assert isinstance(Y, tuple) and space.shape == ((3, 1), {"b": (2,)})
    space.check_point(Y)
    with pytest.raises(ValueError, match="Y must have the structure of the product: .* a tuple of 2 meets a list of 2"):
        space.check_point(list(Y))
