"""Settings: defaults of the paper, bad input, and the way through JSON."""
from __future__ import annotations

import json
from typing import Any

import pytest

from manifold_opt import Adam, Euclidean, Grassmann, Momentum, Stiefel
from manifold_opt.experiments import PAPER_CURVES, Settings, paper_curves


def test_curves_of_the_paper() -> None:
    curves = paper_curves()
    assert list(curves) == ["free_adam", "adam", "momentum", "gradient"] == list(PAPER_CURVES)
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
    ({"method": "sgd"}, "method must be one of 'adam', 'momentum', 'gradient'.*: got 'sgd'"),
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
    ({"restore": 0}, "restore must be"),
])
def test_bad_settings(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Settings(**given)


def test_unknown_and_repeated_curves() -> None:
    with pytest.raises(ValueError, match="one of 'free_adam', 'adam', 'momentum', 'gradient': got 'sgd'"):
        paper_curves(["adam", "sgd"])
    with pytest.raises(ValueError, match="at least one of"):
        paper_curves([])
    assert list(paper_curves(["gradient", "adam", "gradient"])) == ["gradient", "adam"]


def test_through_json() -> None:
    for settings in paper_curves(seed=3, restore=None, learning_rate=0.1).values():
        assert Settings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings
    with pytest.raises(ValueError, match="'depth'"):
        Settings.from_dict({**Settings().to_dict(), "depth": 3})
