"""An independent evaluation in 60 digits, rounded to the dtype, must agree with the stored numbers in every bit."""
import numpy as np
import pytest

from manifold_opt import oracle
from manifold_opt.oracle.quantities import OPERATIONS
from manifold_opt.oracle.question import questions
from manifold_opt.oracle.runner import answers_of

pytest.importorskip("mpmath")

QUICK = ["*-5x1-float64-*-cayley", "*-6x2-float64-adam-cayley", "*-6x2-float64-momentum-geodesic",
         "*-6x2-float32-adam_with_decay-geodesic", "symplectic_*-8x4-float64-condition1000-adam-cayley",
         "euclidean-3x2-float64-*", "*-float64-fresh-*-step1000", "*-full-adam-cayley",
         "*-float64-condition1000-geometry", "transformer-single-float64-*", "transformer-saturated-*-relative",
         "unitary", "nearest", "transport",
         "components", "muon", "rates", "stiefel_log", "decay",
         "*-restoration", "*-angles-*", "*-inverse_cayley", "*-3x2-float64-norm*"]
SLOW = ["steps_*", "step_1000", "degenerate", "geometry", "transformer", "long_steps"]


def differing_bits(backend, case):
    """Names of the quantities in which some bit differs, and the number of quantities compared."""
    wrong, count, ask = set(), 0, answers_of(backend)
    for question in questions(case):
        try:
            values = ask(case, question)
        except NotImplementedError:
            continue
        for name in OPERATIONS[question.operation].quantities:
            if name in values and name in question.expected:
                count += 1
                if not np.array_equal(np.asarray(values[name], case.dtype), question.expected[name]):
                    wrong.add((question.operation, name))
    return wrong, count


def check(name):
    from backends.mpmath_backend import MpmathBackend
    wrong, count = differing_bits(MpmathBackend(), oracle.load_cases(name)[0])
    assert not wrong and (count > 0 or "grassmann" in name and "inverse_cayley" in name
                          or "symplectic" in name and "nearest_point" in name)


@pytest.mark.parametrize("name", oracle.list_cases(QUICK))
def test_every_bit_agrees(name):
    check(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(oracle.list_cases(SLOW)) - set(oracle.list_cases(QUICK))))
def test_every_bit_agrees_in_all_cases(name):
    check(name)
