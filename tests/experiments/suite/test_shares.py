"""Shares of seeds that train, from the results of the main table."""
from __future__ import annotations

from pathlib import Path

import pytest

from manifold_opt.__main__ import main
from manifold_opt.experiments import Record, Settings, load_shares
from manifold_opt.experiments.suite import EXPERIMENTS, Result, Run, load_results
from manifold_opt.experiments.suite.shares import shares_of
from manifold_opt.experiments.suite.statistics import wilson_interval

STORED = Path(__file__).parents[3] / "docs" / "experiments" / "methods.json"


def test_one_share_for_each_group() -> None:
    def result(rival: str, seed: int, loss: float) -> Result:
        return Result(Run(rival, Settings(rival=rival, seed=seed)), Record().extended([loss], 0.5, 1.0, 1.0))

    adam, free = shares_of([result("adam", 2, 1.3), result("free_adam", 0, 1.34), result("adam", 0, 0.75),
                            result("adam", 1, 0.8)])
    assert (adam.seeds, adam.final_losses, adam.trained) == ((0, 1, 2), (0.75, 0.8, 1.3), 2)
    assert adam.interval == wilson_interval(2, 3) and free.trained == 0 and free.settings.rival == "free_adam"


def test_written_beside_the_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiments", "methods", "--quick", "--out", str(tmp_path), "--only", "Adam on St(7, 49)"]) == 0
    shares = load_shares(tmp_path / "quick" / "shares.json")
    assert shares is not None and [share.settings.rival for share in shares.groups] == ["adam"]
    assert "shares.json" in capsys.readouterr().out


@pytest.mark.skipif(not STORED.exists(), reason="a checkout without stored results")
def test_the_package_has_the_shares_of_the_documentation() -> None:
    """Otherwise run: python -m manifold_opt experiments methods --stored --out docs/experiments"""
    shares = load_shares()
    assert shares is not None and list(shares.groups) == shares_of(load_results(STORED))
    assert EXPERIMENTS["methods"].name in shares.command
