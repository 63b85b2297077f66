"""An independent evaluation in 50 digits, rounded to the dtype, must agree with the stored numbers in every bit."""
import numpy as np
import pytest

from manifold_opt import oracle
from manifold_opt.oracle.runner import answers_of
from manifold_opt.oracle.question import questions
from manifold_opt.oracle.quantities import OPERATIONS

pytest.importorskip("mpmath")

QUICK = ["*-5x1-float64-*-cayley", "*-6x2-float64-adam-cayley", "*-6x2-float64-momentum-geodesic",
         "*-6x2-float32-adam_with_decay-geodesic", "symplectic_*-8x4-float64-condition1000-adam-cayley",
         "euclidean-3x2-float64-*", "*-float64-*-step1000", "*-full-adam-cayley", "*-float64-condition1000-geometry",
         "transformer-small-float64-relative", "transformer-saturated-float64-relative"]
SLOW = ["steps_*", "step_1000", "degenerate", "geometry", "transformer"]


def differing_bits(backend, case):
    """Names of the quantities in which some bit differs, and the number of quantities compared."""
    wrong, count = set(), 0
    ask = answers_of(backend)
    for question in questions(case):
        if hasattr(backend, question.operation):
            values = ask(case, question)
            for name in OPERATIONS[question.operation].quantities:
                if name in values and name in question.expected:
                    count += 1
                    if not np.array_equal(np.asarray(values[name], case.dtype), question.expected[name]):
                        wrong.add((question.operation, name))
    return wrong, count


def check(case):
    from backends.mpmath_backend import MpmathBackend
    wrong, count = differing_bits(MpmathBackend(), case)
    assert not wrong and count > 0


@pytest.mark.parametrize("name", oracle.list_cases(QUICK))
def test_every_bit_agrees(name):
    check(oracle.load_cases(name)[0])


@pytest.mark.slow
@pytest.mark.parametrize("name", oracle.list_cases(SLOW))
def test_every_bit_agrees_in_all_cases(name):
    check(oracle.load_cases(name)[0])
