"""Experiments: complete, resumable, and their stored results can be regenerated."""
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from manifold_opt.__main__ import main
from manifold_opt.experiments import Training, load_images
from manifold_opt.experiments.suite import EXPERIMENTS, load_results, run_experiment
from manifold_opt.experiments.suite.experiment import quick_settings
from manifold_opt.network import Workspace

STORED = Path(__file__).parents[3] / "docs" / "experiments"


@pytest.mark.parametrize("name", ["mnist", "fashion", "spaces", "optimizers", "retractions"])
def test_every_experiment_has_runs_of_all_its_groups(name):
    runs = EXPERIMENTS[name].runs()
    identities = [(run.group, json.dumps(run.settings.to_dict())) for run in runs]
    assert len(set(identities)) == len(identities)
    assert len({run.group for run in runs}) >= 4


def test_a_quick_experiment_writes_results_and_figure(tmp_path):
    results = run_experiment(EXPERIMENTS["retractions"], tmp_path, "test", quick=True, progress=False)
    stored = json.loads((tmp_path / "retractions.json").read_text())
    assert stored["command"] == "test" and stored["quick"]
    assert [entry["group"] for entry in stored["results"]] == [result.run.group for result in results]
    assert (tmp_path / "retractions.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert load_results(tmp_path / "retractions.json") == results
    losses = [result.record.final_loss for result in results]
    assert np.ptp(losses) < 1e-2 and all(0 < loss < 1.5 for loss in losses)


def test_finished_runs_are_not_repeated_and_begun_ones_go_on(tmp_path, monkeypatch):
    experiment = EXPERIMENTS["retractions"]
    whole = run_experiment(experiment, tmp_path / "whole", "test", quick=True, progress=False)
    epoch, calls = Training.epoch, []

    def interrupted(training, progress, on_step=None):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(training.settings)
        return epoch(training, progress, on_step)

    monkeypatch.setattr(Training, "epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_experiment(experiment, tmp_path / "again", "test", quick=True, progress=False)
    monkeypatch.setattr(Training, "epoch", lambda training, progress: (calls.append(training.settings),
                                                                       epoch(training, progress))[1])
    again = run_experiment(experiment, tmp_path / "again", "test", quick=True, progress=False)
    assert len(calls) == len(whole)
    for one, two in zip(whole, again):
        assert replace(one.record, seconds=()) == replace(two.record, seconds=())


def test_jacobian_is_that_of_finite_differences():
    depth = EXPERIMENTS["depth"]
    run = depth.runs()[1]
    training = Training(replace(quick_settings(run.settings), dtype="float64"), load_images("fashion"))
    first = training.start()
    values = np.array(depth.diagnostics(training, first, first)["first"]["singular_values"])
    weights = {name: stack[0] for name, stack in training.params(first.state)["blocks"].items()}
    x = training.train.sequences("float64", np.arange(1))
    steps = np.eye(x[0].size).reshape(-1, *x.shape[1:])
    forward = training.model.layers.forward
    plus, minus = (forward([weights], x + sign * 1e-6 * steps, Workspace())[0].copy() for sign in (1, -1))
    sigma = np.linalg.svd(((plus - minus) / 2e-6).reshape(len(steps), -1), compute_uv=False)
    np.testing.assert_allclose(values[0], [sigma[-1], np.median(sigma), sigma[0]], rtol=1e-3)


def test_an_unknown_experiment_lists_the_valid_ones(capsys):
    with pytest.raises(SystemExit):
        main(["experiments", "imagenet"])
    assert "retractions" in capsys.readouterr().err


@pytest.mark.skipif(not (STORED / "depth.json").exists(), reason="a checkout without stored results")
def test_a_stored_curve_can_be_regenerated():
    stored = next(result for result in load_results(STORED / "depth.json") if result.run.group == "constrained, L = 1")
    training = Training(stored.run.settings, load_images("mnist"))
    progress = training.start()
    for _ in range(stored.record.epochs):
        progress = training.epoch(progress)
    # rounding differs between machines, and training amplifies it
    np.testing.assert_allclose(progress.record.epoch_losses, stored.record.epoch_losses, rtol=1e-2)
    np.testing.assert_allclose(progress.record.accuracies, stored.record.accuracies, atol=0.03)
