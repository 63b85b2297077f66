"""Which of P^Q, P^K, P^V it is that must be constrained."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

from manifold_opt.experiments.suite.grouped import Grouped

__all__ = ["WeightsExperiment"]


@final
class WeightsExperiment(Grouped):
    """Adam in g^hor with some of the projections on the Stiefel manifold, the others free from Glorot's start.

    Paper: v4, section 5, which constrains all three.
    """

    name = "weights"
    question = "Which of P^Q, P^K, P^V must be on the manifold?"

    def cases(self) -> Mapping[str, tuple[str, Mapping[str, Any]]]:
        """All three, and every smaller set."""
        sets = {"Q, K and V": ("query", "key", "value"), "V": ("value",), "Q and K": ("query", "key"), "Q": ("query",),
                "K": ("key",), "Q and V": ("query", "value"), "K and V": ("key", "value")}
        return {f"{name} on St(7, 49)": ("adam", {"constrained": names}) for name, names in sets.items()}

    def introduction(self) -> str:
        """What is varied."""
        return ("Four epochs of Adam at L = 16, without warm-up; the projections that are not named are free and begin "
                "at random, as Glorot's.")
