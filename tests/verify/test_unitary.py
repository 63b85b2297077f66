"""The identities in complex numbers."""
import pytest

from manifold_opt import ComplexGrassmann, ComplexStiefel, verify
from manifold_opt.verify.command import parse_space


@pytest.mark.parametrize("space", [ComplexStiefel(6, 2), ComplexStiefel(4, 4), ComplexStiefel(7, 1),
                                   ComplexGrassmann(6, 2), ComplexGrassmann(3, 2)], ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_identities_hold_in_complex_numbers(space, dtype):
    report = verify.run(space, rng=0, dtype=dtype)
    assert report, str(report)
    assert len(report) > 80
    assert {record.dtype for record in report} == {"complex128" if dtype == "float64" else "complex64"}


def test_the_command_knows_the_complex_spaces():
    assert parse_space("ComplexStiefel(6,2)") == ComplexStiefel(6, 2)
