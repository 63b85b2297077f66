"""On which space the projections lie."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

from manifold_opt.experiments.suite.grouped import Grouped

__all__ = ["SpacesExperiment"]


@final
class SpacesExperiment(Grouped):
    """Adam in g^hor on Stiefel and Grassmann manifolds, head by head and jointly, and without constraint.

    Paper: v4, section 5, which has the Stiefel manifold, head by head.
    """

    name = "spaces"
    question = "Is it the Stiefel manifold that matters?"

    def cases(self) -> Mapping[str, tuple[str, Mapping[str, Any]]]:
        """The spaces, the free run from the Stiefel start at the end."""
        return {"St(7, 49), head by head": ("adam", {}), "Gr(7, 49), head by head": ("adam", {"space": "grassmann"}),
                "St(49, 49), heads jointly": ("adam", {"joint_heads": True}),
                "R^(49 x 7), Stiefel start": ("free_adam_same_start", {})}

    def introduction(self) -> str:
        """What is varied."""
        return "Four epochs of Adam at L = 16, without warm-up."
