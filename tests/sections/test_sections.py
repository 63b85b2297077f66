"""Sections of both kinds: group elements over the point, maps there and back, moves, storage."""
import tracemalloc

import numpy as np
import pytest
from geometry_cases import MATRIX_SPACES, cases

from manifold_opt import Euclidean, Stiefel, SymplecticStiefel
from manifold_opt.arrays import tolerance
from manifold_opt.sections import TransportedSection, dense_reflector

KINDS = ["transported", "reflector"]


def bound(case, C):
    return tolerance(C * max(1.0, float(np.max(np.abs(case.Y), initial=0.0)) ** 4), case.dtype, case.space.shape[0])


@pytest.mark.parametrize("case", cases(MATRIX_SPACES), ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_section_is_a_group_element_over_the_point(case, kind):
    section, space = case.space.global_section(case.Y, kind), case.space
    dense = section.to_dense()
    assert dense.dtype == case.dtype and dense.shape == (*case.batch, space.shape[0], space.shape[0])
    assert np.all(space.group.defect(dense) <= bound(case, 40) * (1 if space.adjoint.is_compact else 20))
    atol = 0 if kind == "transported" else bound(case, 10)
    np.testing.assert_allclose(dense @ space.canonical_point(case.dtype), case.Y, rtol=0, atol=atol)
    assert section.point is case.Y


@pytest.mark.parametrize("case", cases(MATRIX_SPACES, stacks=[(), (2, 1)]), ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_maps_agree_with_their_dense_forms(case, kind):
    section, space = case.space.global_section(case.Y, kind), case.space
    Lambda, E = section.to_dense(), space.canonical_point(case.dtype)
    X = section.lift(case.Delta)
    assert X.A.dtype == X.B.dtype == case.dtype
    atol = bound(case, 40) * 10
    np.testing.assert_allclose(section.push(X), Lambda @ X.to_dense() @ E, rtol=0, atol=atol)
    np.testing.assert_allclose(section.push(X), case.Delta, rtol=0, atol=atol)
    np.testing.assert_allclose(section.act(E), case.Y, rtol=0, atol=atol)
    G = section.lift_gradient(case.dL)
    expected = section.lift(space.riemannian_gradient(case.Y, case.dL))
    np.testing.assert_allclose(G.to_dense(), expected.to_dense(), rtol=0, atol=10 * atol)


@pytest.mark.parametrize("case", cases(MATRIX_SPACES, stacks=[(3,)]), ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_stack_equals_its_members(case, kind):
    whole = case.space.global_section(case.Y, kind)
    W = 0.05 * whole.lift(case.Delta)
    moved = whole.move(W, "cayley")
    for i in range(3):
        single = case.space.global_section(case.Y[i], kind)
        w = 0.05 * single.lift(case.Delta[i])
        atol = 20 * bound(case, 20)
        np.testing.assert_allclose(whole.to_dense()[i], single.to_dense(), rtol=0, atol=atol)
        np.testing.assert_allclose(W.B[i], w.B, rtol=0, atol=atol)
        np.testing.assert_allclose(moved.point[i], single.move(w, "cayley").point, rtol=0, atol=atol)


@pytest.mark.parametrize("case", cases(MATRIX_SPACES, seeds=[0]), ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_stored_section_is_the_same_bit_for_bit(case, kind):
    section = case.space.global_section(case.Y, kind)
    loaded = case.space.load_section(section.to_arrays(), kind)
    np.testing.assert_array_equal(loaded.to_dense(), section.to_dense())
    assert set(section.to_arrays()) == ({"Y", "Y_perp"} if kind == "transported" else {"Y", "O"})


@pytest.mark.parametrize("case", cases(MATRIX_SPACES, dtypes=[np.float64], stacks=[(2,)], seeds=[0]), ids=str)
def test_the_kinds_differ_but_carry_the_same_tangent_vectors(case):
    sections = [case.space.global_section(case.Y, kind) for kind in KINDS]
    W = [0.05 * section.lift(case.Delta) for section in sections]
    points = [section.move(w, "cayley").point for section, w in zip(sections, W)]
    np.testing.assert_allclose(points[0], points[1], rtol=0, atol=10 * bound(case, 20))


@pytest.mark.parametrize("case", cases([space for space in MATRIX_SPACES if space.dimension], dtypes=[np.float64],
                                       stacks=[(2,)], seeds=[0]), ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_restoration_squares_the_defect(case, kind):
    section = case.space.global_section(case.Y, kind)
    noise = 1 + 1e-6 * case.rng.standard_normal(section.to_dense().shape)
    if kind == "transported":
        off = TransportedSection.from_dense(section.to_dense() * noise, case.space.tangent_space)
    else:
        off = type(section)(case.Y * noise[..., :case.space.shape[1]], case.space.tangent_space)
    before, after = (np.max(case.space.point_defect(s.point)) for s in (off, off.restore()))
    assert before > 1e-8 and after < 10 * before**2 + bound(case, 10)


@pytest.mark.parametrize("condition", [1.0, 10.0, 100.0, 1000.0])
def test_symplectic_completion_at_ill_conditioned_points(condition):
    space = SymplecticStiefel(12, 4)
    Y = space.random_point(np.random.default_rng(0), (10,), condition=condition)
    dense = space.global_section(Y).to_dense()
    largest = np.linalg.norm(dense, axis=(-2, -1)) ** 2
    # relative to the squared size of the entries, whose products must cancel to the identity
    assert np.max(space.group.defect(dense) / largest) <= tolerance(3, float, 12)


def test_reflector_of_a_million_rows_takes_memory_of_a_few_points():
    """An N x N array would take 8 terabytes; the section and a move stay below a dozen arrays of the size of Y."""
    N, n = 1_000_000, 8
    Y = np.zeros((N, n), np.float32)
    rows = np.arange(N)
    Y[rows, rows % n] = np.float32(1 / np.sqrt(N / n))
    dL = np.random.default_rng(0).standard_normal((N, n)).astype(np.float32)
    tracemalloc.start()
    section = Stiefel(N, n).global_section(Y, "reflector")
    G = section.lift_gradient(dL)
    moved = section.move(-1e-4 * G, "cayley")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * Y.nbytes
    assert Stiefel(N, n).point_defect(moved.point) < tolerance(10, np.float32, N)


def test_translations():
    section = Euclidean(3).global_section(np.ones(3))
    assert section.restore() is section
    np.testing.assert_array_equal(section.to_dense(), np.ones(3))
    np.testing.assert_array_equal(section.act(np.arange(3.0)), 1 + np.arange(3.0))
    with pytest.raises(ValueError, match="retraction must be one of"):
        section.move(section.lift(np.ones(3)), "qr")


@pytest.mark.parametrize("arrays, message", [
    ({"Y": np.eye(4, 3), "Y_perp": np.eye(4, 2)}, "stored Y must have shape"),
    ({"Y": np.eye(4, 2), "Y_perp": np.eye(4, 1)}, "stored Y_perp must have shape")])
def test_stored_arrays_of_other_sizes(arrays, message):
    with pytest.raises(ValueError, match=message):
        Stiefel(4, 2).load_section(arrays, "transported")


@pytest.mark.parametrize("case", cases(MATRIX_SPACES, stacks=[(), (3,), (0,)]), ids=str)
def test_the_reflector_is_its_documented_formula(case):
    try:
        section = case.space.global_section(case.Y, "reflector")
    except ValueError:
        assert not case.space.adjoint.is_compact
        pytest.skip("the reflector is undefined at this point")
    dense = dense_reflector(case.Y, section.to_arrays()["O"], case.space.tangent_space)
    size = np.max(np.linalg.norm(dense, axis=(-2, -1)), initial=1.0)**3
    atol = size * tolerance(20, case.dtype, dense.shape[-1])
    np.testing.assert_allclose(section.to_dense(), dense, rtol=0, atol=atol)
    frame = case.space.adjoint.frame(*case.space.shape)
    np.testing.assert_allclose(dense[..., frame], case.Y, rtol=0, atol=atol)
