"""One Adam step of every contender; run with  python -m pytest tests/benchmarks --benchmark-only."""
from typing import Any

import numpy as np
import pytest
from benchmarks.contenders import dense_step, example, library_step

from manifold_opt import Stiefel, SymplecticStiefel

SHAPES = {"336 x St(7, 49)": (Stiefel(49, 7), (336,), "float32"), "St(64, 1024)": (Stiefel(1024, 64), (), "float64"),
          "St(16, 2048)": (Stiefel(2048, 16), (), "float64"), "St(256, 512)": (Stiefel(512, 256), (), "float64"),
          "SpSt(16, 512)": (SymplecticStiefel(512, 16), (), "float64")}

ISOMETRIC = [name for name, (space, _, _) in SHAPES.items() if space.adjoint.is_compact]
DENSE = [name for name, (space, batch, _) in SHAPES.items() if batch or space.shape[0] <= 512]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("section", ["transported", "reflector"])
@pytest.mark.parametrize("retraction", ["cayley", "geodesic"])
def test_library(benchmark: Any, shape: str, section: str, retraction: str) -> None:
    space, batch, dtype = SHAPES[shape]
    step = library_step(space, *example(space, batch, dtype), section, retraction)
    benchmark.pedantic(step, rounds=10, warmup_rounds=2)


@pytest.mark.parametrize("shape", DENSE)
def test_dense(benchmark: Any, shape: str) -> None:
    space, batch, dtype = SHAPES[shape]
    benchmark.pedantic(dense_step(space, *example(space, batch, dtype)), rounds=5, warmup_rounds=1)


@pytest.mark.parametrize("manifold", ["EuclideanStiefel", "CanonicalStiefel"])
@pytest.mark.parametrize("shape", ISOMETRIC)
def test_geoopt(benchmark: Any, shape: str, manifold: str) -> None:
    pytest.importorskip("geoopt")
    from benchmarks.contenders import geoopt_step
    space, batch, dtype = SHAPES[shape]
    benchmark.pedantic(geoopt_step(*example(space, batch, dtype), manifold), rounds=5, warmup_rounds=1)


@pytest.mark.parametrize("norm", [0.99, 1.01, 10.0, 100.0, 1e4])
@pytest.mark.parametrize("retraction", ["cayley", "geodesic"])
@pytest.mark.parametrize("space", [Stiefel(20, 3), Stiefel(49, 7), Stiefel(1024, 64), Stiefel(512, 256)], ids=str)
def test_lengths(benchmark: Any, space: Any, retraction: str, norm: float) -> None:
    """A move of either side of norm one, where another way begins, and far beyond."""
    rng = np.random.default_rng(0)
    section = space.global_section(space.random_point(rng))
    W = section.tangent_space.random(rng)
    W = W.scale(norm / W.norm())
    benchmark.pedantic(section.move, (W, retraction), rounds=10, warmup_rounds=1)


@pytest.mark.parametrize("space", [Stiefel(9, 3), SymplecticStiefel(10, 4)], ids=str)
@pytest.mark.parametrize("batch", [(), (20,)])
def test_dense_step_is_right(space: Any, batch: tuple[int, ...]) -> None:
    """What is compared computes the same: ten steps with the transported section."""
    Y, dL = example(space, batch)
    ours, dense = library_step(space, Y, dL), dense_step(space, Y, dL)
    for _ in range(10):
        expected, actual = dense(), ours()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-12)
