"""Every experiment: its runs, its figure, its paragraph, from records of any number of seeds."""
from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from manifold_opt.arrays.trees import leaves
from manifold_opt.experiments import Record, Settings, Training
from manifold_opt.experiments.rivals import RIVALS
from manifold_opt.experiments.suite import EXPERIMENTS, TOO_FEW, Result
from manifold_opt.experiments.suite.cases import METHODS, OWN, settings_of
from manifold_opt.experiments.suite.drawing import draw_groups
from manifold_opt.experiments.suite.failure import separation
from manifold_opt.experiments.suite.first_steps import STEPS, first_steps, token_rank, token_spread
from manifold_opt.experiments.suite.published import EPOCHS, crossings
from manifold_opt.experiments.suite.rounding import flips
from manifold_opt.experiments.suite.step_times import PARTS, parts_of_step, step_times
from manifold_opt.plotting import curve_style
from training_cases import small_images


def results_of(name: str, seeds: int) -> list[Result]:
    """Results such as runs would give: every third seed of free weights fails."""
    made = []
    for run in EXPERIMENTS[name].runs(range(seeds)):
        seed, epochs = run.settings.seed, run.settings.epochs
        fails = seed % 3 == 0 and "free" in run.settings.rival
        if run.measure == "step_times":
            made.append(Result(run, Record(), {"times": dict.fromkeys(PARTS, 1.5)}))
        elif run.measure:
            curve = list(np.linspace(1, 2 if fails else 3, STEPS))
            made.append(Result(run, Record(), dict.fromkeys(
                ("loss", "gradient", "rank", "spread", "saturation", "answers"), curve)))
        else:
            losses = np.full(epochs, 1.342) if fails else np.linspace(0.95, 0.7 + 0.001 * seed, epochs)
            record = Record(tuple((float(loss),) for loss in losses), (0.5,) * epochs, (3.0,) * epochs, (1.0,) * epochs)
            made.append(Result(run, record))
    return made


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_runs_differ_and_groups_differ_in_the_seed_only(name):
    runs = EXPERIMENTS[name].runs(range(3))
    identities = [(run.measure, json.dumps(run.settings.to_dict(), sort_keys=True)) for run in runs]
    assert len(set(identities)) == len(identities)
    groups = {}
    for run in runs:
        groups.setdefault((run.group, run.measure), []).append(replace(run.settings, seed=0))
    assert all(len(found) == 3 and len(set(found)) == 1 for found in groups.values())


@pytest.mark.parametrize("seeds", [1, 20])
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_figure_table_and_paragraph_from_results(name, seeds):
    experiment, results = EXPERIMENTS[name], results_of(name, seeds)
    assert experiment.draw(results).axes
    assert experiment.table(results) + experiment.times(results)
    said = experiment.paragraph(results)
    if name not in ("published", "steps"):
        assert (TOO_FEW in said) == (seeds < 20)
    # from one seed no method is said to differ from another
    assert seeds == 20 or not re.search(r"often than|lower than|higher than|No difference", said)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_some_results_are_enough_for_a_page(name):
    experiment, results = EXPERIMENTS[name], results_of(name, 2)
    for some in (results[:1], results[-1:], results[::2]):
        assert experiment.draw(some).axes and experiment.paragraph(some)
        assert experiment.table(some) + experiment.times(some)


def test_rivals_are_those_of_the_table():
    assert set(METHODS) == set(RIVALS) and set(OWN) < set(METHODS)
    labels = [settings_of(rival, warmup=warmup).label for rival in METHODS for warmup in (0, 64)]
    assert len(set(labels)) == len(labels)


def test_thirty_six_curves_look_different():
    looks = [tuple(map(str, curve_style(number).values())) for number in range(36)]
    assert len(set(looks)) == 36


def test_flips_are_counted_over_the_setting_alone():
    def result(seed, pieces, dtype, loss):
        experiment = EXPERIMENTS["rounding"].runs([seed])[0]
        settings = replace(experiment.settings, pieces=pieces, dtype=dtype)
        return Result(replace(experiment, settings=settings), Record().extended([loss], 0.5, 3.0, 1.0))
    groups = {"a": [result(0, 1, "float32", 0.7), result(1, 1, "float32", 0.7)],
              "b": [result(0, 2, "float32", 1.3), result(1, 2, "float32", 0.8)],
              "c": [result(0, 2, "float64", 0.7), result(1, 2, "float64", 0.7)]}
    assert flips(groups, "pieces") == (1, 2, 2) and flips(groups, "dtype") == (1, 2, 2)
    assert flips(groups, "section") == (0, 0, 0)


def test_separation_counts_ordered_pairs():
    rng = np.random.default_rng(0)
    failing, training = rng.integers(0, 4, (5, 3)), rng.integers(0, 4, (7, 3))
    found = separation(failing, training)
    for step in range(3):
        pairs = [(a > b) + 0.5 * (a == b) for a in failing[:, step] for b in training[:, step]]
        assert found[step] == pytest.approx(max(np.mean(pairs), 1 - np.mean(pairs)))


def test_rank_and_spread_of_tokens():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(5, 16, 3)) @ rng.normal(size=(3, 49))
    assert token_rank(z) == 3.0
    assert token_spread(np.broadcast_to(rng.normal(size=(5, 1, 49)), (5, 16, 49))) < 1e-15
    assert token_spread(z - z.mean(axis=1, keepdims=True)) == pytest.approx(1.0)


def test_first_steps_are_those_of_the_training():
    data, settings = small_images(edge=28), Settings(blocks=1, batch_size=8, epochs=2, threads=1)
    found = first_steps(Training(settings, data))
    assert {len(values) for values in found.values()} == {STEPS}
    training = Training(settings, data)
    progress = training.epoch(training.start())
    np.testing.assert_allclose(found["loss"][:5], progress.record.losses[0], rtol=1e-3)
    assert all(0.1 <= value <= 1 for value in found["saturation"])


@pytest.mark.parametrize("rival", ["adam", "free_adam", "projected_adam", "embedded_adam", "muon", "gradient"])
def test_parts_of_a_step(rival):
    found = step_times(Training(settings_of(rival, blocks=1, batch_size=8), small_images(edge=28)))
    assert tuple(found["times"]) == PARTS and all(value >= 0 for value in found["times"].values())


@pytest.mark.parametrize("rival", ["adam", "scalar_adam", "free_adam", "reflector_adam", "projected_adam"])
def test_a_step_taken_apart_is_the_step(rival):
    training = Training(settings_of(rival, blocks=1, batch_size=8), small_images(edge=28))
    state = training.start().state
    params = training.params(state)
    x, target = (part("float32", next(training.batches(0))) for part in (training.train.sequences,
                                                                         training.train.targets))
    for _ in range(3):
        _, grads = training.model.loss_and_gradient(params, x, target)
        _, _, points = parts_of_step(training.optimizer, params, grads, state)
        params, state = training.optimizer.step(params, grads, state, overwrite=True)
        for path, Y in leaves(params):
            np.testing.assert_array_equal(points[path], Y, err_msg=path)


def test_losses_far_above_the_others_are_drawn_at_the_edge_and_said():
    runs = EXPERIMENTS["losses"].runs(range(2))[:4]
    results = [Result(run, Record().extended([loss], 0.5, 3.0, 1.0)) for run, loss in zip(runs, (0.7, 0.8, 0.9, 300.0))]
    axes = draw_groups(results, loss="loss").axes[1]
    assert axes.get_xlabel() == "loss (cross: fails;\narrow: 1 runs above 3.4)"
    assert max(float(line.get_xdata()[0]) for line in axes.lines) == pytest.approx(3.4)
    assert draw_groups(results[:3], loss="loss").axes[1].get_xlabel() == "loss (cross: fails)"


def test_crossings_of_known_curves():
    """Three straight lines: free weights pass the manifold at epoch 200 and are never below Muon."""
    epochs = np.arange(1, EPOCHS + 1)
    curves = {"adam": 1 - 1e-4 * epochs, "free_adam_same_start": 1.01995 - 2e-4 * epochs, "muon": 0.5 + 0.0 * epochs}
    groups = {}
    for rival, curve in curves.items():
        run = next(run for run in EXPERIMENTS["published"].runs([0]) if run.settings.rival == rival)
        record = Record(tuple((float(loss),) for loss in curve), (0.5,) * EPOCHS, (3.0,) * EPOCHS, (1.0,) * EPOCHS)
        groups[rival] = [Result(replace(run, group=rival), record)]
    assert crossings(groups) == [
        "The median losses at the end, the lowest first: muon (0.500); free_adam_same_start (0.930); adam (0.955).",
        "In every epoch muon is below free_adam_same_start; adam.",
        f"The best of the constrained methods is ahead of the best of the free ones in 0 of {EPOCHS} epochs."]
    del groups["muon"]
    assert crossings(groups)[1:] == [
        "After epoch 199 free_adam_same_start is below adam.",
        f"The best of the constrained methods is ahead of the best of the free ones in 199 of {EPOCHS} epochs, the "
        "last of them epoch 199."]
    del groups["free_adam_same_start"]
    assert crossings(groups) == []
