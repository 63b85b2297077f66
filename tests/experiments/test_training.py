"""One training: what is the same for all methods, what is measured, and that it can be repeated bit for bit."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from manifold_opt.arrays.trees import leaves
from manifold_opt.experiments import PAPER_CURVES, ImageData, Settings, Training, paper_curves
from manifold_opt.experiments.rivals import RIVALS
from manifold_opt.network import workspace
from training_cases import small_images

DATA = small_images()


def settings(**given: Any) -> Settings:
    return Settings(**{"blocks": 1, "batch_size": 16, "epochs": 2, **given})


def arrays(training: Training, epochs: int) -> dict[str, Any]:
    progress = training.start()
    for _ in range(epochs):
        progress = training.epoch(progress)
    return {**training.optimizer.save_state(progress.state), "losses": np.array(sum(progress.record.losses, ())),
            "accuracies": np.array(progress.record.accuracies), "defects": np.array(progress.record.defects)}


def assert_same(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert first.keys() == second.keys()
    for key in first:
        np.testing.assert_array_equal(first[key], second[key], err_msg=key)


@pytest.mark.parametrize("curve", PAPER_CURVES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_repeats_bit_for_bit(curve: str, dtype: str) -> None:
    chosen = paper_curves([curve], blocks=1, batch_size=16, dtype=dtype)[curve]
    assert_same(arrays(Training(chosen, DATA), 2), arrays(Training(chosen, DATA), 2))


@pytest.mark.parametrize("rival", ["free_adam_same_start", "adam", "projected_adam"])
def test_the_same_bits_for_every_number_of_threads(rival: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of 64 images, in four pieces or in seven, which one, two or four threads share."""
    monkeypatch.setattr(workspace, "PIECE_COLUMNS", 16)
    data = small_images(train=150)
    for pieces in (4, 7):
        results = [arrays(Training(settings(rival=rival, batch_size=64, threads=threads, pieces=pieces), data), 2)
                   for threads in (1, 2, 4)]
        assert_same(results[0], results[1])
        assert_same(results[0], results[2])


def test_first_weights_of_free_rivals() -> None:
    """Glorot's for free Adam, those of constrained Adam for free Adam from the same start, of the same seed."""
    glorot, same, constrained = (Training(settings(rival=rival), DATA) for rival in (
        "free_adam", "free_adam_same_start", "adam"))
    first = [dict(leaves(training.params(training.start().state))) for training in (glorot, same, constrained)]
    for path in first[0]:
        np.testing.assert_array_equal(first[1][path], first[2][path])
    assert glorot.defect(glorot.params(glorot.start().state)) > 1e6
    assert same.defect(same.params(same.start().state)) < 20


def test_warm_up_rises_to_the_full_rate() -> None:
    """The largest entry of Adam's first steps grows with the rate, and the run is the plain one without warm-up."""
    moved: dict[int, list[float]] = {}
    for warmup in (0, 1, 4):
        training, steps = Training(settings(rival="free_adam", warmup=warmup, epochs=2), DATA), list[Any]()
        start = training.start()
        points = [training.params(start.state)]
        training.epoch(start, lambda loss, grads, params: points.append(params))
        steps = [max(abs(a - b).max() for (_, a), (_, b) in zip(leaves(one), leaves(two)))
                 for one, two in zip(points, points[1:])]
        moved[warmup] = [float(step) for step in steps]
    assert moved[0] == moved[1]
    assert moved[4][0] == pytest.approx(1e-3 / 4, rel=1e-3) and moved[0][0] == pytest.approx(1e-3, rel=1e-3)


def test_parameters_are_the_callers() -> None:
    for rival in ("adam", "projected_adam"):
        training = Training(settings(rival=rival), DATA)
        start = training.start()
        for _, Y in leaves(training.params(start.state)):
            Y[:] = np.nan
        assert training.epoch(start).record.epochs == 1


def test_seed_matters() -> None:
    losses = [arrays(Training(settings(seed=seed), DATA), 1)["losses"] for seed in (0, 1)]
    assert not np.array_equal(*losses)


def test_rivals_start_alike_and_see_the_same_batches() -> None:
    trainings = [Training(settings(rival=rival), DATA) for rival, how in RIVALS.items()
                 if how.constrained_start]
    first = [dict(leaves(training.params(training.start().state))) for training in trainings]
    for path in first[0]:
        assert all(np.array_equal(first[0][path], other[path]) for other in first)
    for epoch in (0, 1):
        orders = [np.concatenate(list(training.batches(epoch))) for training in trainings]
        assert all(np.array_equal(orders[0], other) for other in orders)


def test_every_image_once_an_epoch() -> None:
    training = Training(settings(), DATA)
    batches: Iterable[Any] = list(training.batches(0))
    assert [len(batch) for batch in batches] == [16, 16, 8]
    assert training.settings.steps(len(DATA.train_labels)) == 3
    assert sorted(np.concatenate(list(batches))) == list(range(40))
    assert not np.array_equal(np.concatenate(list(batches)), np.concatenate(list(training.batches(1))))


@pytest.mark.parametrize("curve", PAPER_CURVES)
def test_an_interrupted_epoch_leaves_its_start_whole(curve: str) -> None:
    """Steps overwrite the state that the step before made, never the one that the epoch began with."""
    training = Training(paper_curves([curve], blocks=1, batch_size=16)[curve], DATA)
    progress, steps = training.epoch(training.start()), 0
    before = {name: array.copy() for name, array in training.optimizer.save_state(progress.state).items()}

    def interrupt(*_: Any) -> None:
        nonlocal steps
        steps += 1
        if steps == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training.epoch(progress, interrupt)
    assert_same(training.optimizer.save_state(progress.state), before)


def test_batch_may_be_larger_than_the_data() -> None:
    progress = (training := Training(settings(batch_size=1000), DATA)).epoch(training.start())
    assert len(progress.record.losses[0]) == 1


@pytest.mark.parametrize("loss", ["relative", "cross_entropy"])
@pytest.mark.parametrize("given", [{}, {"constrained": ()}, {"rival": "free_adam"}, {"space": "grassmann"},
                                   {"section": "reflector"}, {"retraction": "geodesic"}, {"warmup": 4},
                                   {"skip": True}, {"joint_heads": True},
                                   {"constrained": ("key",)}], ids=str)
def test_loss_falls_and_constraint_holds(loss: str, given: dict[str, Any]) -> None:
    training = Training(settings(loss=loss, learning_rate=1e-2, **given), DATA)
    progress = training.start()
    for _ in range(10):
        progress = training.epoch(progress)
    record = progress.record
    assert record.epochs == 10 and record.final_loss < 0.9 * record.epoch_losses[0]
    assert all(Y.dtype == np.float32 for _, Y in leaves(training.params(progress.state)))
    assert (max(record.defects) > 0) == bool(training.settings.constrained)
    assert (max(record.defects) < 20 * np.sqrt(49)) == (given != {"rival": "free_adam"})


def test_defect_is_the_largest_of_all_weights_in_eps() -> None:
    training = Training(settings(blocks=2), DATA)
    params = training.params(training.start().state)
    value = params["blocks"]["value"].copy()
    value[1, 3, :, 2] *= 1 + 1e-3
    params["blocks"]["value"] = value
    Y = value[1, 3].astype(float)
    expected = np.linalg.norm(Y.T @ Y - np.eye(7)) / np.finfo(np.float32).eps
    assert training.defect(params) == pytest.approx(expected, rel=1e-12)


def test_defect_covers_every_step() -> None:
    training, seen = Training(settings(), DATA), [0.0]
    start = training.start()
    record = training.epoch(start, lambda loss, grads, params: seen.append(training.defect(params))).record
    assert len(seen) == 4
    assert record.defects == (max(*seen, training.defect(training.params(start.state))),)


def test_observer_sees_loss_gradients_and_new_parameters() -> None:
    training, seen = Training(settings(), DATA), list[Any]()
    progress = training.epoch(training.start(), lambda *step: seen.append(step))
    assert [loss for loss, _, _ in seen] == list(progress.record.losses[0])
    for path, Y in leaves(training.params(progress.state)):
        np.testing.assert_array_equal(Y, dict(leaves(seen[-1][2]))[path])
        assert dict(leaves(seen[-1][1]))[path].shape == Y.shape


def test_accuracy_counts_correct_answers() -> None:
    training = Training(settings(), DATA)
    params = training.params(training.start().state)
    answers = training.model.predict(params, DATA.testing().sequences("float32"))
    assert training.accuracy(params) == np.mean(answers == DATA.test_labels)
    right = Training(settings(), replace(DATA, test_labels=answers.astype(np.uint8), train_labels=DATA.train_labels))
    assert right.accuracy(params) == 1.0


def test_number_of_classes_follows_the_data() -> None:
    training = Training(settings(), small_images(classes=3))
    assert training.params(training.start().state)["classifier"].shape == (3, 49)


def test_images_that_cannot_be_cut() -> None:
    with pytest.raises(ValueError, match="size must divide both edges"):
        Training(settings(), small_images(edge=15))


@pytest.mark.parametrize("rival", ["free_adam", "adam", "muon", "penalized_adam"])
@pytest.mark.filterwarnings("ignore:(overflow|invalid value|divide by zero):RuntimeWarning")
def test_a_run_that_diverges_says_where(rival: str) -> None:
    training = Training(settings(rival=rival, learning_rate=1e37, blocks=3), DATA)
    with pytest.raises(ValueError, match=r"(Adam|Muon).*, epoch \d, step \d: .*(finite|defect|step|converge)"):
        training.epoch(training.epoch(training.start()))


def test_data_are_not_changed() -> None:
    data: ImageData = small_images()
    digest = data.digest
    training = Training(settings(), data)
    training.epoch(training.start())
    assert data.digest == digest
