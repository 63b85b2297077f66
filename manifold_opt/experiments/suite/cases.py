"""The rivals that are compared, decisive ones first, and their settings in an experiment."""
from __future__ import annotations

from typing import Any

from manifold_opt.experiments.settings import Settings

__all__ = ["FOUR", "METHODS", "OWN", "WARMED", "WARMUP", "settings_of"]

FOUR = ("free_adam", "free_adam_same_start", "projected_adam", "adam")
"""The rivals of the sweeps: free weights from either start, projection after each step, the paper's method."""

METHODS = (*FOUR, "momentum", "gradient", "embedded_adam", "scalar_adam", "reflector_adam", "muon", "penalized_adam",
           "qr_adam", "glorot_muon")
"""Names of :data:`manifold_opt.experiments.rivals.RIVALS` in the order in which they are run."""

WARMED = tuple(name for name in METHODS if name not in ("momentum", "gradient", "glorot_muon"))
"""Those that are run with a warm-up too: every Adam, and Muon from the same start."""

OWN = ("adam", "momentum", "gradient", "reflector_adam")
"""Those that are the paper's: methods on the global tangent space with elementwise moments or none."""

WARMUP = 64
"""Steps over which the rate rises in the runs with a warm-up: two epochs of the embedded images."""


def settings_of(rival: str, **changed: Any) -> Settings:
    """The settings of a rival, in one thread; what is not changed is as in the paper's example."""
    return Settings(rival=rival, **{"threads": 1, **changed})
