"""Experiments: complete, resumable, and their files follow from the records alone."""
from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from manifold_opt.experiments import DivergedError, Training, load_images, load_shares, write_shares
from manifold_opt.experiments.suite import EXPERIMENTS, load_results, run_experiment, trains
from manifold_opt.experiments.suite.page import write_section
from manifold_opt.experiments.suite.shares import shares_of
from manifold_opt.experiments.suite.task import Task


def without_seconds(results):
    return [replace(result, record=replace(result.record, seconds=())) for result in results]


@pytest.fixture
def epochs(monkeypatch):
    """The trainings whose epochs are computed, one entry an epoch."""
    epoch, calls = Training.epoch, []

    def counted(training, progress, *rest, **named):
        calls.append((training.settings.rival, training.settings.seed))
        return epoch(training, progress, *rest, **named)
    monkeypatch.setattr(Training, "epoch", counted)
    return calls


def test_files_hold_the_results(tiny, plan):
    results = run_experiment(tiny, plan)
    assert [(r.run.group, r.run.settings.seed) for r in results] == [
        (method, seed) for method in ("adam", "momentum", "gradient") for seed in (0, 1)]
    assert load_results(plan.folder / "tiny.json") == results
    stored = json.loads((plan.folder / "tiny.json").read_text())
    assert stored["command"] == "python -m manifold_opt experiments tiny" and stored["runs"] == 6
    assert "seconds" not in (plan.folder / "tiny.json").read_text()
    assert all(len(result.record.seconds) == 3 for result in results)


def test_a_result_is_that_of_the_training_alone(tiny, plan):
    result = run_experiment(tiny, plan)[3]
    training = Training(result.run.settings, load_images(tiny.source))
    progress = training.start()
    for _ in range(3):
        progress = training.epoch(progress)
    np.testing.assert_allclose(result.record.epoch_losses, progress.record.epoch_losses, atol=1e-6)
    assert result.record.accuracies == progress.record.accuracies


def test_finished_runs_are_not_repeated(tiny, plan, epochs):
    first = run_experiment(tiny, plan)
    assert len(epochs) == 18
    assert run_experiment(tiny, plan) == first and len(epochs) == 18


def test_results_alone_suffice(tiny, plan, epochs):
    first = run_experiment(tiny, plan)
    for path in (plan.folder / "runs").iterdir():
        path.unlink()
    assert run_experiment(tiny, plan) == first and len(epochs) == 18


def test_more_seeds_keep_those_that_are_there(tiny, plan, epochs):
    """Fewer seeds later drop none, even when only the results are left, and the command on the page makes all."""
    run_experiment(tiny, plan)
    more = run_experiment(tiny, replace(plan, seeds=3))
    assert len(more) == 9 and len(epochs) == 27
    for path in (plan.folder / "runs").iterdir():
        path.unlink()
    for seeds in (1, None, 3):
        assert run_experiment(tiny, replace(plan, seeds=seeds)) == more and len(epochs) == 27
        assert json.loads((plan.folder / "tiny.json").read_text())["command"].endswith("tiny --seeds 3")


def test_results_of_other_images_are_not_overwritten(tiny, plan):
    run_experiment(tiny, plan)
    kept = (plan.folder / "tiny.json").read_bytes()
    with pytest.raises(ValueError, match=r"tiny.json holds results of other images.*choose another folder by --out"):
        run_experiment(tiny, replace(plan, source="fashion"))
    assert (plan.folder / "tiny.json").read_bytes() == kept


def test_quick_results_of_other_images_are_made_anew(tiny, plan):
    for source in (None, "fashion"):
        assert len(run_experiment(tiny, replace(plan, source=source, quick=True))) == 3
    assert "--data fashion" in json.loads((plan.folder / "tiny.json").read_text())["command"]


def test_an_incomplete_page_counts_the_seeds_that_are_there(tiny, plan):
    run_experiment(tiny, replace(plan, seeds=3, only=("adam",)))
    write_section(tiny, plan.folder)
    assert "*Incomplete:* 3 of 9 runs are there, all 3 seeds of adam;" in (plan.folder / "tiny.inc").read_text()


def test_only_some_groups(tiny, plan, epochs):
    results = run_experiment(tiny, replace(plan, only=("momentum",)))
    assert {method for method, _ in epochs} == {result.run.group for result in results} == {"momentum"}
    assert len(run_experiment(tiny, replace(plan, only=("adam",)))) == 4


def test_groups_by_their_rival(plan):
    experiment = EXPERIMENTS["depth"]
    runs = experiment.runs(range(2))
    chosen = replace(plan, only=("adam", "Adam, free weights, L = 2")).chosen(experiment, runs)
    assert {run.group for run in chosen if run.settings.rival != "adam"} == {"Adam, free weights, L = 2"}
    assert len([run for run in chosen if run.settings.rival == "adam"]) == 2 * 9


def test_a_longer_run_serves_a_shorter_one(tiny, plan, epochs):
    whole = run_experiment(tiny, plan)
    tiny.epochs = 2
    short = run_experiment(tiny, plan)
    assert len(epochs) == 18
    assert [r.record.epoch_losses for r in short] == [r.record.epoch_losses[:2] for r in whole]
    tiny.epochs = 4
    assert all(result.record.epochs == 4 for result in run_experiment(tiny, plan))


def test_an_interrupted_run_goes_on(tiny, plan, epochs, monkeypatch):
    whole = run_experiment(tiny, replace(plan, folder=plan.folder / "whole"))
    counted = Training.epoch
    del epochs[:]

    def interrupted(training, progress, *rest, **named):
        if len(epochs) == 5:
            raise KeyboardInterrupt
        return counted(training, progress, *rest, **named)
    with monkeypatch.context() as context, pytest.raises(KeyboardInterrupt):
        context.setattr(Training, "epoch", interrupted)
        run_experiment(tiny, plan)
    assert len(load_results(plan.folder / "tiny.json")) == 1            # the finished one is kept
    again = run_experiment(tiny, plan)
    assert len(epochs) == 18                                            # no epoch was computed twice
    assert without_seconds(again) == without_seconds(whole)
    assert not list((plan.folder / "runs").glob("*.npz"))


def test_the_section_of_the_page_follows_from_the_results(tiny, plan):
    run_experiment(tiny, plan)
    table = write_section(tiny, plan.folder)
    names = ("tiny.inc", "tiny.txt", "tiny.png")
    first = {name: (plan.folder / name).read_bytes() for name in names}
    assert first["tiny.png"][:8] == b"\x89PNG\r\n\x1a\n" and first["tiny.txt"].decode() == table + "\n"
    assert "``python -m manifold_opt experiments tiny``" in first["tiny.inc"].decode()
    assert "Incomplete" not in first["tiny.inc"].decode()
    write_section(tiny, plan.folder)
    assert {name: (plan.folder / name).read_bytes() for name in names} == first


def test_the_page_says_what_is_missing(tiny, plan):
    write_section(tiny, plan.folder)
    assert "There are no stored runs yet" in (plan.folder / "tiny.inc").read_text()
    run_experiment(tiny, replace(plan, only=("adam",)))
    write_section(tiny, plan.folder)
    assert "*Incomplete:* 2 of 6 runs are there, all 2 seeds of adam;" in (plan.folder / "tiny.inc").read_text()


def test_results_of_another_commit_are_said(tiny, plan, monkeypatch, capsys):
    monkeypatch.setattr("manifold_opt.experiments.suite.runner.commit", lambda: "0123abc")
    run_experiment(tiny, replace(plan, only=("adam",)))
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("manifold_opt.experiments.suite.runner.commit", lambda: "4567def")
    run_experiment(tiny, plan)
    said = capsys.readouterr().err
    assert "2 of commit 0123abc" in said and "4567def" in said
    assert {result.commit for result in load_results(plan.folder / "tiny.json")} == {"0123abc", "4567def"}


@pytest.mark.parametrize("change, message", [
    ({"seeds": 0}, "seeds must be at least 1: got 0"),
    ({"only": ("adamax",)}, "'adam', 'momentum', 'gradient': got 'adamax'"),
])
def test_bad_input(tiny, plan, change, message):
    with pytest.raises(ValueError, match=message):
        run_experiment(tiny, replace(plan, **change))


def test_damaged_files_are_named(tiny, plan):
    run_experiment(tiny, plan)
    (plan.folder / "tiny.json").write_text('{"groups": [{')
    with pytest.raises(ValueError, match=r"tiny\.json must hold the results"):
        run_experiment(tiny, plan)
    (plan.folder / "tiny.json").unlink()
    record = next((plan.folder / "runs").glob("*.json"))
    record.write_text("{}")
    with pytest.raises(ValueError, match=record.name):
        run_experiment(tiny, plan)


def test_other_images_are_refused(tiny, plan):
    run = tiny.runs([0])[0]
    task = Task(run, tiny.source, False, "0" * 64, plan.folder, None)
    with pytest.raises(ValueError, match="must be the same for all processes"):
        task.perform()


@pytest.fixture
def diverging(monkeypatch):
    """Every training of momentum cannot go on in its second epoch."""
    epoch = Training.epoch

    def ends(training, progress, *rest, **named):
        if training.settings.rival == "momentum" and progress.record.epochs == 1:
            raise DivergedError("momentum, epoch 2, step 1: overflow", progress.record)
        return epoch(training, progress, *rest, **named)
    monkeypatch.setattr(Training, "epoch", ends)


def test_a_run_that_overflows_fails_and_does_not_end_the_others(tiny, plan, diverging, epochs):
    results = run_experiment(tiny, plan)
    assert len(results) == 6 and [bool(result.ended) for result in results] == [False, False, True, True, False, False]
    ended = results[2]
    assert ended.ended == "momentum, epoch 2, step 1: overflow" and not trains(ended.record)
    assert np.isfinite(ended.record.epoch_losses[0]) and ended.record.epoch_losses[1:] == [np.inf, np.inf]
    assert len(ended.record.accuracies) == len(ended.record.defects) == 3
    text = (plan.folder / "tiny.json").read_text()
    assert "Infinity" not in text and text.count("null, null]") == 2
    # it is a result like others: not repeated, on the page, and the same from either file
    assert without_seconds(load_results(plan.folder / "tiny.json")) == without_seconds(results)
    before = len(epochs)
    assert run_experiment(tiny, plan) == results and len(epochs) == before
    write_section(tiny, plan.folder)
    assert "2 of the runs of momentum overflow before the last epoch and count as failing" in (
        plan.folder / "tiny.inc").read_text()


def test_a_run_that_overflows_later_is_whole_in_shorter_experiments(tiny, plan, diverging):
    run_experiment(tiny, plan)
    short = run_experiment(type(tiny)(tiny.source, epochs=1), plan)
    assert [result.ended for result in short] == [""] * 6
    assert all(np.isfinite(result.record.final_loss) and result.record.epochs == 1 for result in short)


def test_shares_of_runs_that_overflow(tiny, plan, diverging):
    groups = shares_of(run_experiment(tiny, plan))
    path = plan.folder / "shares.json"
    write_shares(path, "a command", "0" * 64, groups)
    assert load_shares(path).groups == tuple(groups) and groups[1].final_losses == (np.inf, np.inf)
