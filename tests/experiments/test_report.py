"""The table holds what was measured, in the units it names."""
from __future__ import annotations

from manifold_opt.experiments import Record, paper_curves, table


def test_rows() -> None:
    curves = paper_curves(["free_adam", "momentum"], epochs=2)
    record = Record().extended([9.0], 0.9, 7.25, 1.0).extended([1.5, 1.0], 0.12, 3.0, 2.0).extended([0.5], 0.5, 1, 9)
    header, free, momentum = table(curves, {"free_adam": record, "momentum": record}).splitlines()
    assert header.split() == "curve training loss test accuracy largest defect seconds an epoch".split()
    assert free.split() == ["Adam,", "free", "weights", "0.5000", "50.0", "%", "-", "2.0"]
    assert momentum.split() == ["Momentum", "on", "St(7,", "49)", "0.5000", "50.0", "%", "7.2", "eps", "2.0"]
    assert len(header) == len(free) == len(momentum)
