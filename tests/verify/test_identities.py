"""The library's own list of identities, over spaces, dtypes, shapes, stacks, seeds, condition numbers and scales."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from manifold_opt import (Adam, Euclidean, Grassmann, Stiefel, SymplecticGrassmann, SymplecticStiefel, verify)

# the failing example is reported as it is: a run takes long, and shapes and seed are in the message
EXAMPLES = settings(max_examples=12, phases=[Phase.explicit, Phase.generate])
seeds = st.integers(0, 2**31 - 1)
batches = st.sampled_from([(), (3,), (2, 2)])
dtypes = st.sampled_from(["float32", "float64"])


def check(space: Any, **arguments: Any) -> verify.Report:
    report = verify.run(space, method=Adam(), **arguments)
    assert report, "\n" + report.summary()
    return report


@st.composite
def sizes(draw: Any, largest: int) -> tuple[int, int]:
    N = draw(st.integers(1, largest))
    return N, draw(st.integers(1, N))


@pytest.mark.parametrize("kind", [Stiefel, Grassmann])
@given(size=sizes(12), seed=seeds, batch=batches, dtype=dtypes, exponent=st.floats(-6, 1.5))
@EXAMPLES
def test_quotients_of_the_orthogonal_group(kind: Any, size: Any, seed: int, batch: Any, dtype: str,
                                           exponent: float) -> None:
    check(kind(*size), rng=seed, batch=batch, dtype=dtype, scale=10.0**exponent)


@pytest.mark.parametrize("kind", [SymplecticStiefel, SymplecticGrassmann])
@given(size=sizes(6), seed=seeds, batch=batches, dtype=dtypes, exponent=st.floats(0, 3), length=st.floats(-6, 0))
@EXAMPLES
def test_quotients_of_the_symplectic_group(kind: Any, size: Any, seed: int, batch: Any, dtype: str, exponent: float,
                                           length: float) -> None:
    cond = 10.0 ** (exponent if dtype == "float64" else 0.5 * exponent)
    check(kind(2 * size[0], 2 * size[1]), rng=seed, batch=batch, dtype=dtype, cond=cond, scale=10.0**length)


@given(shape=st.lists(st.integers(1, 4), max_size=3), seed=seeds, batch=batches, dtype=dtypes)
@EXAMPLES
def test_vector_spaces(shape: Any, seed: int, batch: Any, dtype: str) -> None:
    check(Euclidean(*shape), rng=seed, batch=batch, dtype=dtype)


@pytest.mark.parametrize("space", [Stiefel(100, 7), Grassmann(60, 20), Stiefel(49, 7), Stiefel(20, 20)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_larger_shapes(space: Any, dtype: str) -> None:
    check(space, dtype=dtype, batch=(2,))


@pytest.mark.parametrize("space", [SymplecticStiefel(40, 8), SymplecticGrassmann(40, 8)])
def test_larger_symplectic_shapes(space: Any) -> None:
    check(space, batch=(2,), cond=100.0)


def test_every_identity_is_measured_somewhere() -> None:
    """No identity hides behind a condition that no space fulfils."""
    measured: set[str] = set()
    for space in (Stiefel(6, 2), Grassmann(6, 2), SymplecticStiefel(8, 4), SymplecticGrassmann(8, 4)):
        measured |= {record.identity for record in check(space)}
    assert set(verify.IDENTITIES) == measured


def test_identities_state_their_place_and_law() -> None:
    for one in verify.IDENTITIES.values():
        assert one.name and one.formula and one.latex and one.place and one.bound.law
        assert len(one.formula) < 120


@pytest.mark.parametrize("space", [SymplecticStiefel(8, 4), SymplecticGrassmann(8, 4)])
@pytest.mark.parametrize("name", ["section (transported): in the group", "projection: idempotent",
                                  "metric: half the product of lifts", "geodesic: is exp(Omega) Y"])
def test_laws_in_the_condition_number(space: Any, name: str) -> None:
    """Residuals over C eps sqrt(N) stay below cond^p from 1 to 10^4, not only at the condition numbers of the runs."""
    for cond in (1.0, 10.0, 100.0, 1000.0, 10000.0):
        for seed in range(3):
            report = verify.run(space, rng=seed, cond=cond, identities=[name])
            assert report, report.summary()


def test_laws_in_the_length_of_the_step() -> None:
    """Orthogonality after a geodesic step grows with the length at the most, up to 767."""
    for scale in (0.1, 1.0, 10.0, 100.0, 767.0):
        report = verify.run(Stiefel(20, 3), scale=scale, identities=["geodesic: stays on the space"])
        assert report and np.isfinite(report.records[0].residual), report.summary()
