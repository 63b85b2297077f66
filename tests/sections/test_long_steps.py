"""Runs of long steps: point and section stay where they belong, and single steps are right to the last digit."""
import mpmath
import numpy as np
import pytest

from manifold_opt import Grassmann, OrthogonalGroup, Stiefel, SymplecticGrassmann, SymplecticStiefel
from manifold_opt.arrays import tolerance
from manifold_opt.arrays.rotations import EXACT_SIZE, nearest_rotation, skew_cayley, skew_exponential
from manifold_opt.sections import RetractionError, TransportedSection

NORMS = [1e-12, 1e-3, 1.0, 4.0, 5.0, 10.0, 100.0, 1e4, 1e6]
COUNTS = [1, 10, 100, 1000]
COMPACT = [Stiefel(3, 2), Stiefel(8, 3), Stiefel(5, 1), Stiefel(4, 4), Stiefel(20, 5), Grassmann(3, 2), Grassmann(6, 3),
           Grassmann(9, 1)]
SYMPLECTIC = [SymplecticStiefel(4, 2), SymplecticStiefel(6, 6), SymplecticGrassmann(10, 4)]
RETRACTIONS = ["cayley", "geodesic", "cayley_factor"]
KINDS = ["transported", "reflector"]
DTYPES = [np.float64, np.float32]


def velocity(section, rng, norms):
    """Random velocities of the given lengths, one for each member of the stack."""
    W = section.tangent_space.random(rng, np.shape(norms), section.point.dtype)
    return W.scale(norms / W.norm())


def defects(space, section):
    """Defects of point and section, measured in double precision."""
    return np.maximum(space.point_defect(section.point.astype(float)),
                      space.group.defect(section.to_dense().astype(float)))


@pytest.mark.parametrize("space", COMPACT, ids=str)
@pytest.mark.parametrize("retraction", RETRACTIONS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_thousand_steps_of_any_length_stay_on_the_manifold(space, retraction, kind, dtype):
    """A stack whose members have a length each: long members beside short ones."""
    rng = np.random.default_rng(0)
    norms, k = np.array(NORMS), 0
    section = space.global_section(space.random_point(rng, norms.shape, dtype), kind)
    constant = np.where(norms <= 100, 10, 50)
    for count in COUNTS:
        while k < count:
            section, k = section.move(velocity(section, rng, norms), retraction), k + 1
        bound = constant * tolerance(1, dtype, count * space.shape[0])
        measured = defects(space, section)
        assert np.all(measured <= bound), f"after {count} steps: {measured / bound} of the bound for lengths {norms}"


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("retraction", RETRACTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_single_points_walk_as_stacks_do(norm, retraction, kind):
    space, rng = Stiefel(7, 3), np.random.default_rng(1)
    section = space.global_section(space.random_point(rng), kind)
    stack = space.global_section(np.stack([section.point] * 2), kind)
    for _ in range(20):
        W = velocity(section, rng, np.array(norm))
        section = section.move(W, retraction)
        stack = stack.move(W.map(lambda X: np.stack([X, 0 * X])), retraction)
    assert defects(space, section) <= tolerance(10 if norm <= 100 else 50, float, 20 * 7)
    # the velocities are one sequence of arrays, but products of stacks round differently
    np.testing.assert_allclose(stack.point[0], section.point, rtol=0, atol=tolerance(100 * max(1.0, norm), float, 7))


@pytest.mark.parametrize("space", SYMPLECTIC, ids=str)
@pytest.mark.parametrize("retraction", RETRACTIONS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("norm", NORMS)
def test_symplectic_runs_stay_on_the_manifold_or_raise(space, retraction, kind, dtype, norm):
    """Relative to |Lambda|^2, the largest on the way; where entries overflow or the section ends there is an error."""
    rng, largest, k = np.random.default_rng(0), 1.0, 0
    section = space.global_section(space.random_point(rng, (), dtype, condition=2.0), kind)
    try:
        for k in range(1, 101):
            section = section.move(velocity(section, rng, np.array(norm)), retraction)
            dense = section.to_dense().astype(float)
            largest = max(largest, float(np.linalg.norm(dense, 2)) ** 2)
            if largest > 1e100:
                break
            constant = 10 if norm <= 100 else 50
            # the inverse of the 2n x 2n form knows M to eps |B|^2 only
            constant *= max(1.0, norm) ** 2 if retraction == "cayley_factor" else 1
            assert defects(space, section) <= constant * largest * tolerance(1, dtype, k * space.shape[0])
    except RetractionError as error:
        assert norm >= 1 and "smaller step" in str(error)
    assert norm > 0.1 or k == 100


@pytest.mark.parametrize("retraction", RETRACTIONS)
@pytest.mark.parametrize("norm", [0.5, 4.0, 100.0, 1e4])
def test_the_step_is_linear_in_the_section(retraction, norm):
    """A section that is off by S is off by R^T S R afterwards: nothing is multiplied."""
    space, rng = Stiefel(7, 3), np.random.default_rng(0)
    S = rng.standard_normal((7, 7))
    Lambda = space.group.random(rng) @ (np.eye(7) + 1e-10 * (S + S.T))
    section = TransportedSection.from_dense(Lambda, space.tangent_space)
    before = Lambda.T @ Lambda - np.eye(7)
    W = velocity(section, rng, np.array(norm))
    E = space.global_section(space.canonical_point())
    assert np.array_equal(E.to_dense()[:, :3], space.canonical_point())
    R = TransportedSection.from_dense(np.eye(7), space.tangent_space).move(W, retraction).to_dense()
    assert space.group.defect(R) <= tolerance(10, float, 7)
    after = section.move(W, retraction).to_dense()
    np.testing.assert_allclose(after, Lambda @ R, rtol=0, atol=tolerance(10, float, 7))
    assert np.linalg.norm(after.T @ after - np.eye(7)) <= np.linalg.norm(before) + tolerance(20, float, 7)


@pytest.mark.parametrize("space", COMPACT, ids=str)
@pytest.mark.parametrize("norm", NORMS)
def test_both_forms_of_the_cayley_transform_agree_at_every_length(space, norm):
    for seed in range(10):
        rng = np.random.default_rng(seed)
        section = space.global_section(space.random_point(rng))
        W = velocity(section, rng, np.array(norm))
        plain, fast = (section.move(W, name).to_dense() for name in ("cayley_factor", "cayley"))
        np.testing.assert_allclose(fast, plain, rtol=0, atol=tolerance(20, float, space.shape[0]))


def dense_exponential(X):
    """The exponential in 40 digits."""
    with mpmath.workdps(40):
        norm = mpmath.mnorm(mpmath.matrix(X.tolist()), 1)
        doublings = max(0, int(mpmath.ceil(mpmath.log(norm, 2))) + 4)
        scaled = mpmath.matrix(X.tolist()) / 2**doublings
        result = term = mpmath.eye(len(X))
        for k in range(1, 35):
            term = term * scaled / k
            result = result + term
        for _ in range(doublings):
            result = result * result
        return np.array([[float(result[i, j]) for j in range(len(X))] for i in range(len(X))])


@pytest.mark.parametrize("N, n", [(20, 3), (8, 4), (5, 3), (3, 2), (4, 4)])
@pytest.mark.parametrize("norm", [1.01, 30.0, 361.0, 767.0, 1e4])
def test_long_geodesics_are_right_to_the_last_digit(N, n, norm):
    space, rng = Stiefel(N, n), np.random.default_rng(0)
    section = space.global_section(space.canonical_point())
    W = velocity(section, rng, np.array(norm))
    exact = dense_exponential(W.to_dense())[:, :n]
    assert np.linalg.norm(section.move(W, "geodesic").point - exact) <= tolerance(2, float, 1)


@pytest.mark.parametrize("m", [2, 3, 17, EXACT_SIZE, EXACT_SIZE + 1, 100])
@pytest.mark.parametrize("norm", [0.0, 1e-300, 1e-9, 1.0, 100.0, 1e6, 1e12])
def test_the_exponential_on_so_n_is_a_rotation_to_the_accuracy_of_its_argument(m, norm):
    X = np.random.default_rng(m).standard_normal((m, m))
    X = X - X.T
    X *= norm / np.linalg.norm(X, 2)
    D = skew_exponential(X)
    assert np.linalg.norm(D + D.T + D.T @ D) <= tolerance(20, float, m)
    omega, U = np.linalg.eigh(1j * X)
    by_eigenvalues = ((U * np.expm1(-1j * omega)) @ U.conj().T).real
    bound = tolerance(20 * max(norm, 1.0), float, m) * min(norm, 1.0)
    np.testing.assert_allclose(D, by_eigenvalues, rtol=0, atol=bound)
    group = OrthogonalGroup(m)
    np.testing.assert_array_equal(group.exp(X), np.eye(m) + D)


@pytest.mark.parametrize("dtype, norm", [(np.float64, 1e16), (np.float32, 1e8), (float, np.inf), (float, np.nan)])
def test_an_exponential_without_a_digit_is_an_error(dtype, norm):
    X = np.array([[0.0, -norm], [norm, 0.0]], dtype)
    with pytest.raises(RetractionError, match="norm below 1/eps"):
        skew_exponential(X)


@pytest.mark.parametrize("norm", [0.0, 1e-9, 1.0, 1e3, 1e4, 1e5, 1e12, 1e150])
def test_the_cayley_transform_of_skew_matrices_is_a_rotation_at_every_norm(norm):
    X = np.random.default_rng(0).standard_normal((6, 6))
    X = norm * (X - X.T)
    D = skew_cayley(X)
    assert np.linalg.norm(D + D.T + D.T @ D) <= tolerance(20, float, 6)
    # (I - X/2)(I + D) = I + X/2, relative to X
    scale = max(norm, 1.0)
    np.testing.assert_allclose((D - 0.5 * X @ D) / scale, X / scale, rtol=0, atol=tolerance(20, float, 6))


def test_the_nearest_rotation_is_the_polar_factor():
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.standard_normal((5, 5)))[0] + 1e-4 * rng.standard_normal((5, 5))
    U, _, Vh = np.linalg.svd(Q)
    nearest = np.eye(5) + nearest_rotation(Q - np.eye(5))
    np.testing.assert_allclose(nearest, U @ Vh, rtol=0, atol=tolerance(10, float, 5))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("space", [Stiefel(7, 3), SymplecticStiefel(6, 2)], ids=str)
def test_restoration_contracts_or_raises(space, kind):
    Y = space.canonical_point()
    slightly_off = space.global_section(Y, kind)
    slightly_off.point[...] = (1 + 1e-6) * Y
    assert space.point_defect(slightly_off.point) > 1e-6
    assert space.point_defect(slightly_off.restore().point) < 1e-11
    far_off = space.global_section(space.canonical_point(), kind)
    far_off.point[...] = 3.0 * Y
    with pytest.raises(RetractionError, match="restoration must start from .* defect .* take smaller steps"):
        far_off.restore()


@pytest.mark.parametrize("retraction", ["cayley", "geodesic"])
@pytest.mark.parametrize("scale", [1.0, 50.0])
def test_one_point_and_many_vectors(retraction, scale):
    space, rng = Stiefel(5, 2), np.random.default_rng(0)
    Y = space.random_point(rng)
    many = scale * np.linspace(0, 1, 4)[:, None, None] * space.random_tangent(rng, Y)
    move = getattr(space, retraction)
    np.testing.assert_allclose(move(Y, many), [move(Y, Delta) for Delta in many], rtol=0, atol=tolerance(10, float, 5))
