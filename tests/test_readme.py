"""README.rst: its two commands, and its example."""
from __future__ import annotations

import doctest
import re
import subprocess
from pathlib import Path

import numpy as np

from manifold_opt.experiments.shares import load_shares
from manifold_opt.experiments.suite import load_results, trains
from manifold_opt.experiments.suite.claims import LEVEL, contrast
from manifold_opt.experiments.suite.experiment import by_group, trainings
from manifold_opt.experiments.suite.methods import group_name

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.rst").read_text()


def test_two_commands() -> None:
    commands = re.findall(r"^    (python3 -m venv .*)$", TEXT, re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith("python -m manifold_opt train") and commands[1].endswith("python -m pytest")


def test_ci_finds_the_test_command() -> None:
    pattern = re.search(r"^command=\$\((sed -n '.*' README.rst)\)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert pattern is not None
    found = subprocess.run(pattern[1], shell=True, cwd=ROOT, text=True, capture_output=True, check=True).stdout
    assert found.startswith("python3 -m venv") and found.endswith("-m pytest\n") and found.count("\n") == 1


def test_example() -> None:
    result = doctest.testfile(str(ROOT / "README.rst"), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted >= 8 and result.failed == 0


def test_shares_on_fashion_are_those_of_the_records() -> None:
    """The numbers of seeds that train, and that the sign test shows a difference to free weights alone."""
    groups = by_group(trainings(load_results(ROOT / "docs" / "experiments" / "fashion.json")))
    names = [group_name(method) for method in ("adam", "free_adam_same_start", "projected_adam")]
    own, free, projected = (sum(trains(result.record) for result in groups[name]) for name in names)
    said = " ".join(TEXT.split())
    assert (f"Adam on it trains for {own} of 20 seeds, free weights from the same start for {free}, a difference "
            f"beyond chance; projection after each step for {projected}." in said)
    assert [contrast(groups[names[0]], groups[name]).success.p < LEVEL / 3 for name in names[1:]] == [True, False]


def test_losses_on_fashion_are_those_of_the_records() -> None:
    """With the warm-up, after eight epochs: medians, and for how many seeds the paper's method has the lower loss."""
    groups = by_group(trainings(load_results(ROOT / "docs" / "experiments" / "fashion_long.json")))
    own, free, projected = (groups[group_name(method, True)] for method in
                            ("adam", "free_adam_same_start", "projected_adam"))
    assert all(len(group) == 20 and all(trains(result.record) for result in group) for group in (own, free, projected))
    medians = [np.median([result.record.final_loss for result in group]) for group in (free, own, projected)]
    assert contrast(own, free).loss.second == 20
    assert "train for all twenty, and after eight epochs the free weights have the lower loss for every seed (median " \
           "{:.3f} against {:.3f}), and Adam on the manifold a lower one than projection ({:.3f}) for {}.".format(
               *medians, contrast(own, projected).loss.first) in " ".join(TEXT.split())
    assert all(contrast(own, other).loss.p < LEVEL / 3 for other in (free, projected))


def test_shares_are_those_of_the_records() -> None:
    """The numbers of seeds that train, and which of the three has the lowest median loss."""
    shares = load_shares()
    assert shares is not None
    groups = {(share.settings.rival, share.settings.warmup > 0): share for share in shares.groups}
    own, free, start, projected = (groups[name, False].trained for name in
                                   ("adam", "free_adam", "free_adam_same_start", "projected_adam"))
    said = " ".join(TEXT.split())
    assert f"on the manifold trains for {own} of 20 seeds, Adam with free weights from a random start for {free}." \
        in said
    assert f"*start* on the manifold train for {start}, and weights that are projected onto it after each step for " \
           f"{projected}:" in said
    warmed = {name: groups[name, True] for name in ("adam", "free_adam_same_start", "projected_adam")}
    assert all(share.trained == len(share.seeds) == 20 for share in warmed.values())
    assert groups["free_adam", True].trained == 0
    muon, own = groups["muon", False], groups["adam", True]
    assert muon.trained == len(muon.seeds) == 20 and muon.seeds == own.seeds
    assert all(ours < theirs for ours, theirs in zip(muon.final_losses, own.final_losses))
    medians = [f"{np.median(share.final_losses):.3f}" for share in (muon, own)]
    assert (f"loss (median {medians[0]}) is lower than that of Adam on the manifold with the warm-up ({medians[1]})"
            in said)
    assert f"of all {len(groups)} is a rival" in said
    assert min(groups.values(), key=lambda share: (-share.trained, np.median(share.final_losses))) is muon
