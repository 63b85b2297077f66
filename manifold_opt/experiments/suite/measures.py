"""What is measured of a training besides its record."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from manifold_opt.experiments.suite.first_steps import first_steps
from manifold_opt.experiments.suite.step_times import step_times
from manifold_opt.experiments.training import Training

__all__ = ["MEASURES"]

MEASURES: dict[str, Callable[[Training], dict[str, Any]]] = {"first_steps": first_steps, "step_times": step_times}
"""Measurements by name; each takes a training that has not begun, and returns what JSON can hold. What is found below
the key "times" is what the machine took, not what follows from the settings."""
