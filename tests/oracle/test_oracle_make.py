"""The generator: its arithmetic against mpmath, its proofs, and the files made again byte for byte."""
import json
from random import Random

import numpy as np
import pytest

from manifold_opt import oracle
from manifold_opt.oracle.format import DATA
from manifold_opt.oracle.npz import npz_bytes
from manifold_opt.version import __version__

flint = pytest.importorskip("flint", reason="needs python-flint")
mpmath = pytest.importorskip("mpmath")
balls = pytest.importorskip("manifold_opt.oracle.make.balls")
catalogue = pytest.importorskip("manifold_opt.oracle.make.catalogue")

MANIFEST = json.loads((DATA / "manifest.json").read_text(encoding="utf-8"))
QUICK = ("steps_euclidean", "refusals", "sections", "stacks", "long_steps", "transformer", "geometry", "stiefel_log",
         "nearest", "transport", "components", "muon", "decay", "rates", "unitary")


@pytest.fixture(autouse=True)
def digits():
    with balls.precision(400), mpmath.workdps(100):
        yield


def as_mpmath(X):
    return mpmath.matrix([[mpmath.mpf(x.mid().str(110, radius=False)) for x in row] for row in X])


def distance(X, M):
    mine = as_mpmath(X)
    return max(abs(mine[i, j] - M[i, j]) for i in range(M.rows) for j in range(M.cols))


@pytest.mark.parametrize("size", [1, 4, 7])
@pytest.mark.parametrize("inexact", [False, True])
def test_solve(size, inexact):
    random = Random(size)
    M, X = (balls.exact(balls.draw(random, size, size)) for _ in range(2))
    M = M / 3 if inexact else M
    assert distance(X, as_mpmath(M) * as_mpmath(balls.solve(M, X))) < 1e-80


def test_exact_cancellations_are_exact_zeros():
    M = balls.exact([[3.0, 1.0], [1.0, 3.0]])
    assert balls.solve(M, balls.exact([[1.0], [3.0]]))[0, 0].is_zero()
    block = balls.zeros(4, 4)
    block[0, 1], block[1, 0] = balls.number(0.3), balls.number(-0.3)
    E = balls.exponential(block)
    assert all(E[i, j].is_zero() for i in range(2) for j in (2, 3)) and not E[0, 0].is_zero()


def test_nilpotent_matrices_have_a_finite_series():
    X = balls.zeros(3, 3)
    X[0, 1], X[1, 2] = balls.number(0.1), balls.number(0.7)
    assert all(x.is_exact() for x in (balls.exponential(X) * 2).ravel()[:3])


@pytest.mark.parametrize("norm", [0.0, 1e-8, 1.0, 30.0, 767.0])
def test_exponential_of_a_skew_matrix(norm):
    X = balls.draw(Random("skew"), 4, 4)
    X = balls.exact(norm * (X - X.T))
    E = balls.exponential(X)
    assert distance(E, mpmath.expm(as_mpmath(X))) < 1e-60
    assert balls.largest(E.T @ E - balls.identity(4)) < 1e-60


def test_functions_of_entries():
    X = balls.exact([[-900.0, -1.0, 0.0], [1e-3, 2.0, 900.0]])
    for mine, theirs in ((balls.exp, mpmath.exp), (balls.tanh, mpmath.tanh)):
        for x, value in zip(X.ravel(), mine(X).ravel()):
            expected = theirs(mpmath.mpf(x.str(110, radius=False)))
            assert abs(mpmath.mpf(value.mid().str(110, radius=False)) - expected) <= mpmath.mpf("1e-90") * max(
                abs(expected), 1)


def test_rounding_is_to_nearest_even_and_proven():
    third = balls.exact([1.0]) / 3
    assert balls.rounded(third)[0] == 1 / 3
    assert balls.rounded(third, "float32")[0] == np.float32(1) / np.float32(3)
    tie = balls.exact([1.0]) + balls.exact([2.0**-53])
    assert balls.rounded(tie)[0] == 1.0 and balls.rounded(tie + balls.exact([2.0**-200]))[0] == 1.0 + 2.0**-52
    assert balls.rounded(balls.exact([5e-324]) / 3)[0] == 0.0


@pytest.mark.parametrize("ball", [
    "[0 +/- 1e-60]", "[1 +/- 1e-49]", "[1.00000000000000011102230246251565404236316680908203125 +/- 1e-70]"])
def test_what_is_not_proven_is_refused(ball):
    """A zero that is none, a ball that is too wide, and one on the boundary between two floats."""
    with pytest.raises(balls.Unproven, match="the rounding of a ball must be certain"):
        balls.rounded(np.array([flint.arb(ball)], object))


def test_draws_are_those_of_every_version():
    assert (balls.draw(Random("stream"), 3) * 2**20).tolist() == [492560.0, -564192.0, 600056.0]


@pytest.mark.parametrize("group", [pytest.param(group, marks=[] if group in QUICK else [pytest.mark.slow])
                                   for group in MANIFEST["groups"]])
def test_made_again_the_bytes_are_the_same(group):
    """Every stored number is made from scratch with its proof, or an error says which is not."""
    made = {f"{case.id}/{name}": X for case in catalogue.build(group) for name, X in sorted(case.arrays.items())}
    assert npz_bytes(made) == (DATA / f"{group}.npz").read_bytes()


def test_export_writes_the_stored_manifest(tmp_path):
    oracle.export(tmp_path, ["steps_euclidean", "refusals"])
    made = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert made.pop("version") == __version__
    for group, content in made.pop("groups").items():
        assert content == MANIFEST["groups"][group]
    assert {name: value for name, value in made.items() if name != "notes"} == {
        name: value for name, value in MANIFEST.items() if name not in ("version", "groups", "notes")}


def test_the_notes_and_the_self_test_follow_from_the_stored_cases(tmp_path):
    from manifold_opt.oracle.make.manifest import write
    cases = oracle.load_cases()
    write(tmp_path, [(group, [case for case in cases if case.group == group]) for group in MANIFEST["groups"]])
    for file in DATA.iterdir():
        assert (tmp_path / file.name).read_bytes() == file.read_bytes(), file.name


def test_unknown_groups_are_refused(tmp_path):
    with pytest.raises(ValueError, match="groups must be among .*: got steps_torus"):
        oracle.export(tmp_path, ["steps_torus"])
