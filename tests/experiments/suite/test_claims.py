"""Sentences say what the runs show, and nothing from too few seeds."""
from __future__ import annotations

import pytest

from manifold_opt.experiments import Record, Settings
from manifold_opt.experiments.suite import TOO_FEW, Result, Run, compare, share, winner
from manifold_opt.experiments.suite.claims import pairs_table
from manifold_opt.experiments.suite.methods import MethodsExperiment, answer


def group(name: str, *losses: float, rival: str = "adam") -> list[Result]:
    """A result a seed with these final losses."""
    return [Result(Run(name, Settings(rival=rival, seed=seed)), Record().extended([loss], 0.5, 3.0, 2.0))
            for seed, loss in enumerate(losses)]


GOOD, BAD = [0.7 + 0.001 * k for k in range(20)], [1.342] * 20


@pytest.mark.parametrize("count", [1, 7, 19])
def test_nothing_is_claimed_from_fewer_than_twenty_seeds(count):
    one, other = group("A", *GOOD[:count]), group("B", *BAD[:count])
    assert share("A", one) == f"A: {TOO_FEW} ({count})"
    assert compare("A", one, "B", other) == f"A against B: {TOO_FEW} ({count})."
    assert winner({"A": one, "B": other}) is None
    assert TOO_FEW.capitalize() in answer([*one, *other])
    assert "ahead" not in answer([*one, *other])


def test_only_common_seeds_are_pairs():
    assert TOO_FEW in compare("A", group("A", *GOOD), "B", group("B", *GOOD)[:19])


def test_share_with_interval():
    assert share("A", group("A", *GOOD[:18], 1.342, 1.342)) == (
        "A trains for 18 of 20 seeds (70 to 97 %), with a median loss of 0.708")
    assert share("A", group("A", *BAD)) == "A trains for 0 of 20 seeds (0 to 16 %)"


def test_a_difference_in_how_often():
    said = compare("A", group("A", *GOOD), "B", group("B", *BAD))
    assert said == "A trains more often than B (for 20 seeds alone against 0, p = 2e-06)."
    assert "A trains less often than B" in compare("A", group("A", *BAD), "B", group("B", *GOOD))


def test_a_difference_in_the_loss():
    other = group("B", *(loss + 0.01 for loss in GOOD))
    assert "lower than that of B for 20 of 20 seeds (p = 2e-06)" in compare("A", group("A", *GOOD), "B", other)
    assert "higher" in compare("B", other, "A", group("A", *GOOD))


def test_no_difference_by_chance():
    other = group("B", *(loss + (0.01 if seed % 2 else -0.01) for seed, loss in enumerate(GOOD)))
    assert compare("A", group("A", *GOOD), "B", other) == "No difference is shown between A and B over 20 seeds."


def test_many_comparisons_raise_the_bar():
    # 16 of 20 signs: p = 0.012
    other = group("B", *(loss + (0.01 if seed < 16 else -0.01) for seed, loss in enumerate(GOOD)))
    assert "lower" in compare("A", group("A", *GOOD), "B", other)
    assert "No difference" in compare("A", group("A", *GOOD), "B", other, tests=5)


def test_winner_and_those_not_behind():
    groups = {"fails": group("fails", *BAD), "good": group("good", *GOOD),
              "same": group("same", *(loss + (0.01 if seed % 2 else -0.009) for seed, loss in enumerate(GOOD)))}
    assert winner(groups) == ("good", ["same"])


def test_the_answer_names_a_rival_that_wins():
    rival, own = group("rival", *GOOD, rival="muon"), group(Settings().label, *(loss + 0.01 for loss in GOOD))
    said = answer([*own, *rival])
    assert said.startswith("**rival trains for 20 of 20 seeds") and "a rival, not the paper's" in said
    assert f"The paper's method as it stands: {share(Settings().label, own)}." in said
    near = group("near", *(loss + (0.01 if seed % 2 else -0.009) for seed, loss in enumerate(GOOD)), rival="muon")
    assert "no winner is shown" in answer([*own, *rival, *near]) and "no winner" not in said
    assert "All 1 others are behind it" in said and said.endswith(
        f"the loss of rival is lower than that of {Settings().label} for 20 of 20 seeds (p = 2e-06).")
    assert "a rival, not" not in answer([*group(Settings().label, *GOOD), *group("rival", *BAD, rival="muon")])


def test_pairs_are_counted_seed_by_seed():
    own = group("own", *GOOD[:15], *BAD[:5])
    rival = group("rival", *BAD[:2], *(loss - 0.01 for loss in GOOD[2:18]), *BAD[:2])
    few = group("few", *GOOD[:19])
    title, _, line = pairs_table("own", own, {"rival": rival, "few": few}).splitlines()
    assert title == "own against"
    assert line.split() == ["rival", "2", "3", "1", "13", "0", "13", "0.0002"]
    assert pairs_table("own", own, {"few": few}) == ""


def test_the_main_table_sets_the_paper_against_those_that_are_run_in_the_same_way():
    results = [*group("rival", *GOOD, rival="muon"), *group(Settings().label, *BAD)]
    lines = MethodsExperiment().table(results).splitlines()
    assert lines[4] == f"{Settings().label} against"
    assert lines[6].split()[:3] == ["rival", "0", "20"]
    assert len(lines) == 7
