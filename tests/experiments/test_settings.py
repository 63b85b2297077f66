"""Settings: defaults of the paper, bad input, and the way through JSON."""
from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from manifold_opt.arrays.trees import leaves
from manifold_opt.experiments.rivals import RIVALS
from manifold_opt import Adam, Euclidean, Grassmann, Momentum, Stiefel
from manifold_opt.experiments import PAPER_CURVES, Settings, paper_curves


def test_curves_of_the_paper() -> None:
    curves = paper_curves()
    assert list(curves) == ["free_adam", "free_adam_same_start", "adam", "momentum", "gradient"] == list(PAPER_CURVES)
    for settings in curves.values():
        assert (settings.blocks, settings.heads, settings.skip, settings.batch_size) == (16, 7, False, 256)
        assert (settings.learning_rate, settings.dtype, settings.loss) == (1e-3, "float32", "relative")
    spaces = {name: settings.optimizer(settings.model(10)).spaces["blocks"] for name, settings in curves.items()}
    assert repr(spaces["free_adam"]["query"]) == repr(Euclidean(49, 7))
    for name in ("adam", "momentum", "gradient"):
        assert [repr(spaces[name][weight]) for weight in ("query", "key", "value")] == 3 * [repr(Stiefel(49, 7))]
        assert repr(spaces[name]["weight"]) == repr(Euclidean(49, 49))
    momentum = curves["momentum"].optimizer(curves["momentum"].model(10)).method
    assert isinstance(momentum, Momentum) and momentum.alpha == 0.5
    assert isinstance(curves["free_adam"].optimizer(curves["free_adam"].model(10)).method, Adam)


def test_fields_reach_model_and_optimizer() -> None:
    settings = Settings(constrained=("key",), space="grassmann", retraction="geodesic", section="reflector",
                        restore=None, blocks=3, skip=True, joint_heads=True, learning_rate=0.25)
    model = settings.model(classes=4)
    optimizer = settings.optimizer(model)
    assert (model.blocks, model.skip, model.joint_heads, model.classes) == (3, True, True, 4)
    assert repr(optimizer.spaces["blocks"]["key"]) == repr(Grassmann(49, 49))
    assert (optimizer.section, optimizer.restore) == ("reflector", None) and repr(optimizer.retraction) == "Geodesic()"
    assert optimizer.method.learning_rate == 0.25  # type: ignore[attr-defined]
    assert settings.label == "Adam on Gr(49, 49) (key)"


@pytest.mark.parametrize("given, message", [
    ({"rival": "sgd"}, "rival must be one of 'free_adam', .*'adam', .*'muon'.*: got 'sgd'"),
    ({"rival": ["adam"]}, "rival must be one of"),
    ({"warmup": -1}, "warmup must be at least 0: got -1"),
    ({"pieces": 0}, "pieces must be at least 1: got 0"),
    ({"space": "sphere"}, "space must be one of 'stiefel', 'grassmann': got 'sphere'"),
    ({"dtype": "float16"}, "dtype must be one of 'float32', 'float64': got 'float16'"),
    ({"loss": "hinge"}, "loss must be one of 'relative', 'cross_entropy'"),
    ({"heads": 5}, "heads must divide width: got 5 heads and width 49"),
    ({"blocks": 0}, "blocks must be at least 1: got 0"),
    ({"epochs": 0}, "epochs must be at least 1: got 0"),
    ({"batch_size": 0}, "batch_size must be at least 1: got 0"),
    ({"seed": -1}, "seed must be at least 0: got -1"),
    ({"threads": 0}, "threads must be at least 1: got 0"),
    ({"learning_rate": 0.0}, "learning_rate must be positive"),
    ({"learning_rate": float("nan")}, "learning_rate must be positive"),
    ({"constrained": ("quarry",)}, "constrained may hold"),
    ({"retraction": "straight"}, "retraction"),
    ({"section": "random"}, "section must be one of"),
    ({"restore": 0}, "restore .*must be at least 1: got 0"),
])
def test_bad_settings(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Settings(**given)


@pytest.mark.parametrize("given, message", [
    ({"epochs": 2.0}, "epochs must be an integer: got float"), ({"seed": "0"}, "seed must be an integer: got str"),
    ({"skip": "no"}, "skip must be True or False"), ({"learning_rate": "1e-3"}, "learning_rate must be a real number"),
    ({"warmup": True}, "warmup must be an integer: got bool"), ({"constrained": "key"}, "constrained must be"),
    ({"blocks": 2.5}, "blocks must be an integer")])
def test_settings_of_another_type(given: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Settings(**given)


def test_settings_from_numpy() -> None:
    """They go through JSON, and are those of Python's numbers."""
    settings = Settings(seed=np.int64(3), epochs=np.int32(2), learning_rate=np.float64(0.5), skip=np.True_,
                        constrained=["key"])  # type: ignore[arg-type]
    assert settings == Settings(seed=3, epochs=2, learning_rate=0.5, skip=True, constrained=("key",))
    assert Settings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


@pytest.mark.parametrize("rival", RIVALS)
def test_every_rival_has_its_label_and_its_start(rival: str) -> None:
    settings = Settings(rival=rival, blocks=1)
    model = settings.model(10)
    defects = [float(space.point_defect(Y).max()) for (_, space), (_, Y) in zip(
        leaves(settings.spaces(model)), leaves(settings.first_weights(model, np.random.default_rng(0))))]
    assert (max(defects) < 1e-5) == RIVALS[rival].constrained_start
    labels = {Settings(rival=other, warmup=warmup).label for other in RIVALS for warmup in (0, 64)}
    assert len(labels) == 2 * len(RIVALS) and not any("{" in label for label in labels)
    assert Settings(rival=rival, constrained=()).label.endswith(", free weights")


def test_unknown_and_repeated_curves() -> None:
    with pytest.raises(ValueError, match="rivals must be one of 'free_adam', .*: got 'sgd'"):
        paper_curves(["adam", "sgd"])
    with pytest.raises(ValueError, match="at least one of"):
        paper_curves([])
    assert list(paper_curves(["gradient", "adam", "gradient"])) == ["gradient", "adam"]


def test_through_json() -> None:
    for settings in paper_curves(seed=3, restore=None, learning_rate=0.1).values():
        assert Settings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings
    with pytest.raises(ValueError, match="'depth'"):
        Settings.from_dict({**Settings().to_dict(), "depth": 3})
