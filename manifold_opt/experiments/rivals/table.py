"""The table of all rivals: how each is called, which first weights it takes, and how it is made."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, final

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.trees import Tree, map_tree
from manifold_opt.experiments.rivals.array_optimizer import ArrayOptimizer
from manifold_opt.experiments.rivals.embedded_adam import EmbeddedAdam
from manifold_opt.experiments.rivals.muon import Muon
from manifold_opt.experiments.rivals.penalized_adam import PenalizedAdam
from manifold_opt.experiments.rivals.projected_adam import ProjectedAdam
from manifold_opt.experiments.rivals.rule import Rule
from manifold_opt.experiments.rivals.scalar_adam import ScalarAdam
from manifold_opt.optimizers import Adam, Gradient, Method, Momentum, Optimizer
from manifold_opt.optimizers.schedule import Rate
from manifold_opt.spaces import Euclidean

__all__ = ["RIVALS", "Rival", "StepOptimizer"]


class StepOptimizer(Protocol):
    """What a training needs of an optimizer; the state has the number of steps `t`."""

    spaces: Tree

    def init(self, params: Tree) -> Any:
        """The state before the first step."""

    def step(self, params: Tree, grads: Tree, state: Any, overwrite: bool = False) -> tuple[Tree, Any]:
        """New parameters and new state."""

    def params(self, state: Any) -> Tree:
        """Copies of the parameters of a state."""

    def save_state(self, state: Any) -> dict[str, Array]:
        """The state as a flat dict of arrays."""

    def load_state(self, arrays: Any) -> Any:
        """The state from the arrays."""


Make = Callable[[Tree, Rate, dict[str, Any]], StepOptimizer]
"""Makes an optimizer from the spaces of the parameters, the rate, and the options of the library's optimizer."""


@final
@dataclass(frozen=True)
class Rival:
    """One way to train the transformer.

    Attributes
    ----------
    label : str
        Its name for readers; ``{space}`` stands for the space of the constrained weights.
    make : callable
        Makes the optimizer from the tree of spaces, the rate (a number or a function of the step), and the options
        `retraction`, `section` and `restore` of :class:`manifold_opt.Optimizer`.
    constrained_start : bool
        Whether the first weights are random points of the spaces, the same for all such rivals with the same seed;
        otherwise all weights are Glorot's.
    constrained : bool
        Whether the weights stay on their spaces.

    Examples
    --------
    >>> from manifold_opt.experiments.rivals import RIVALS
    >>> [name for name, rival in RIVALS.items() if rival.constrained_start and not rival.constrained]
    ['free_adam_same_start', 'penalized_adam', 'muon']
    """

    label: str
    make: Make
    constrained_start: bool = True
    constrained: bool = True


def _on_spaces(method: Callable[[Rate], Method], **fixed: Any) -> Make:
    """The library's optimizer with a method, all weights on their spaces."""
    return lambda spaces, rate, options: Optimizer(method(rate), spaces, **{**options, **fixed})


def _free(method: Callable[[Rate], Method]) -> Make:
    """The library's optimizer with a method, all weights free."""
    def make(spaces: Tree, rate: Rate, options: dict[str, Any]) -> StepOptimizer:
        return Optimizer(method(rate), map_tree(lambda space: Euclidean(*space.shape), spaces), **options)
    return make


def _by_rule(rule: Callable[[Rate], Rule]) -> Make:
    """A rule for arrays."""
    return lambda spaces, rate, options: ArrayOptimizer(rule(rate), spaces)


RIVALS: dict[str, Rival] = {
    "free_adam": Rival("Adam, free weights", _free(Adam), constrained_start=False, constrained=False),
    "free_adam_same_start": Rival("Adam, free weights from {space}", _free(Adam), constrained=False),
    "adam": Rival("Adam on {space}", _on_spaces(Adam)),
    "reflector_adam": Rival("Adam on {space}, reflector section", _on_spaces(Adam, section="reflector")),
    "momentum": Rival("Momentum on {space}", _on_spaces(Momentum)),
    "gradient": Rival("Gradient on {space}", _on_spaces(Gradient)),
    "scalar_adam": Rival("Adam on {space}, scalar second moment", _on_spaces(ScalarAdam)),
    "embedded_adam": Rival("Adam on {space}, moments in the embedding", _by_rule(EmbeddedAdam)),
    "projected_adam": Rival("Adam, then projection onto {space}", _by_rule(ProjectedAdam)),
    "qr_adam": Rival("Adam, then QR onto {space}", _by_rule(lambda rate: ProjectedAdam(rate, "qr"))),
    "penalized_adam": Rival("Adam, penalty for leaving {space}", _by_rule(PenalizedAdam), constrained=False),
    "muon": Rival("Muon, free weights from {space}", _by_rule(Muon), constrained=False),
    "glorot_muon": Rival("Muon, free weights", _by_rule(Muon), constrained_start=False, constrained=False),
}
"""The rivals by name, all of which `train` and the experiments know."""
