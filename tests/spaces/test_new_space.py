"""A new space costs one short class: the example of the documentation runs, and the space behaves as it should."""
import doctest
from pathlib import Path

import numpy as np
import pytest

from manifold_opt import AdamWithDecay, Optimizer, OrthogonalGroup, Stiefel
from manifold_opt.arrays import tolerance
from manifold_opt.groups.orthogonal import random_orthonormal
from manifold_opt.spaces.matrix_space import MatrixSpace
from manifold_opt.tangent import ReductiveTangentSpace

PAGE = Path(__file__).parents[2] / "docs" / "how_to" / "add_a_space.rst"


class Sphere(MatrixSpace):
    """The unit sphere in R^N with the round metric."""

    def __init__(self, N):
        super().__init__(OrthogonalGroup(N), ReductiveTangentSpace(OrthogonalGroup.adjoint, N, 1))

    def random_point(self, rng, batch=(), dtype=np.float64):
        return random_orthonormal(rng, (*batch, *self.shape)).astype(dtype)


@pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not part of this distribution")
def test_the_page_runs_and_shows_this_class():
    text = PAGE.read_text()
    failures, tests = doctest.testfile(str(PAGE), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert tests > 15 and failures == 0
    for line in ("ReductiveTangentSpace(OrthogonalGroup.adjoint, N, 1)",
                 "return random_orthonormal(rng, (*batch, *self.shape)).astype(dtype)"):
        assert line in text


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch", [(), (3,), (2, 1)])
def test_closed_forms_on_the_sphere(dtype, batch):
    space, rng = Sphere(6), np.random.default_rng(0)
    y = space.random_point(rng, batch, dtype)
    Delta = space.random_tangent(rng, y)
    length = np.linalg.norm(Delta, axis=(-2, -1), keepdims=True)
    bound = tolerance(20, dtype, 6)
    for retraction, angle in ((space.geodesic, length), (space.cayley, 2 * np.arctan(length / 2))):
        great_circle = np.cos(angle) * y + np.sin(angle) / length * Delta
        np.testing.assert_allclose(retraction(y, Delta), great_circle, atol=bound)
    np.testing.assert_allclose(space.metric(y, Delta, Delta), length[..., 0, 0] ** 2, rtol=float(bound))
    np.testing.assert_allclose(space.horizontal_lift(y, Delta) @ y, Delta, atol=bound)


def test_it_is_stiefel_with_one_column():
    sphere, stiefel, rng = Sphere(6), Stiefel(6, 1), np.random.default_rng(0)
    y, dL = sphere.random_point(rng), rng.normal(size=(6, 1))
    np.testing.assert_allclose(sphere.riemannian_gradient(y, dL), stiefel.riemannian_gradient(y, dL), atol=1e-15)
    assert sphere != stiefel and sphere == Sphere(6)


def test_adam_converges_on_it():
    space, rng = Sphere(20), np.random.default_rng(0)
    y, target = space.random_point(rng, (2,))
    optimizer = Optimizer(AdamWithDecay(1000, 1e-1, 1e-8), space)
    state = optimizer.init(y)
    for _ in range(1000):
        y, state = optimizer.step(y, -target, state)
    assert 1 - float((y.T @ target)[0, 0]) < 1e-13


def test_its_errors_are_those_of_every_space():
    with pytest.raises(ValueError, match="N must be at least 1"):
        Sphere(0)
    with pytest.raises(ValueError, match=r"Y must satisfy Y\*Y = I"):
        Sphere(3).check_point(np.ones((3, 1)))
