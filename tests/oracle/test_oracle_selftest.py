"""The self-test for judges written elsewhere, which ours passes."""
import json

import numpy as np
import pytest

from manifold_opt import oracle
from manifold_opt.oracle.format import DATA

TRIALS = json.loads((DATA / "selftest.json").read_text(encoding="utf-8"))["trials"]


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial["trial"])
def test_the_judge_says_what_is_expected(trial):
    start = f"{trial['trial']}/"
    with np.load(DATA / "selftest.npz", allow_pickle=False) as archive:
        answers = {name.removeprefix(start): archive[name] for name in archive.files if name.startswith(start)}
    result, = oracle.judge(answers, trial["case"], operations=[trial["operation"]]).results
    assert result.verdict == trial["verdict"]
    if trial["quantity"]:
        assert result.quantity == trial["quantity"]


def test_every_verdict_is_tried():
    assert {trial["verdict"] for trial in TRIALS} == {"agrees", "departs", "fails", "not covered"}
    assert len({trial["trial"] for trial in TRIALS}) == len(TRIALS) > 20
