"""All that determines a run: its numbers follow from these settings and the data."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, final

import numpy as np

from manifold_opt.arrays.checks import check_integer
from manifold_opt.arrays.trees import Tree
from manifold_opt.experiments.rivals import RIVALS, StepOptimizer
from manifold_opt.network import VisionTransformer, loss_function
from manifold_opt.network.sizes import check_switch
from manifold_opt.network.workspace import PIECES
from manifold_opt.optimizers import WarmUp
from manifold_opt.optimizers.schedule import check_number
from manifold_opt.spaces import Grassmann, HomogeneousSpace, Stiefel

__all__ = ["PAPER_CURVES", "SPACES", "Settings", "paper_curves"]

SPACES: dict[str, Callable[[int, int], HomogeneousSpace]] = {"stiefel": Stiefel, "grassmann": Grassmann}
DTYPES = ("float32", "float64")

PAPER_CURVES = ("free_adam", "free_adam_same_start", "adam", "momentum", "gradient")
"""The curves of the paper's figure, and free weights that start where the constrained ones do."""


MAY_CHANGE = ("epochs", "threads")
"""Settings that a resumed run may change: its numbers so far do not depend on them."""


@final
@dataclass(frozen=True)
class Settings:
    """The settings of one run, that is of one curve.

    The first weights are drawn from the seed alone, and the batches of an epoch from the seed and the number of the
    epoch: curves with the same seed see the same batches in the same order, whatever the rival, and a run can be
    taken up after any epoch. Rivals that start from constrained weights start from the same ones.

    Attributes
    ----------
    rival : str
        How it is trained: a name of :data:`manifold_opt.experiments.rivals.RIVALS`, such as "adam" or "free_adam".
    constrained : tuple of {"query", "key", "value"}
        Which weights are constrained; empty for none.
    space : {"stiefel", "grassmann"}
        Where the constrained weights lie.
    joint_heads : bool
        Whether the columns of all heads are orthonormal together.
    retraction, section, restore
        As in :class:`manifold_opt.Optimizer`.
    blocks, heads, patch, skip
        Depth, number of heads, edge of a patch (the width is its square) and skip connection of the transformer.
    loss : {"relative", "cross_entropy"}
        Loss function.
    epochs, batch_size, learning_rate, seed, dtype
        How long, how much at once, how fast, which random numbers, which precision.
    warmup : int
        Steps over which the rate rises linearly to its full size; 0 for a constant rate.
    pieces : int
        Pieces into which a batch is cut. The numbers depend on it through rounding.
    threads : int
        Threads that share the pieces. The numbers do not depend on it.

    Raises
    ------
    TypeError, ValueError
        If a setting is invalid; the message names it.

    Examples
    --------
    >>> from manifold_opt.experiments.settings import Settings
    >>> Settings().label, Settings(rival="free_adam", warmup=64).label
    ('Adam on St(7, 49)', 'Adam, free weights, warm-up')
    >>> Settings(rival="sgd")
    Traceback (most recent call last):
    ...
    ValueError: rival must be one of 'free_adam', 'free_adam_same_start', 'adam', 'reflector_adam', 'momentum', \
'gradient', 'scalar_adam', 'embedded_adam', 'projected_adam', 'qr_adam', 'penalized_adam', 'muon', 'glorot_muon': \
got 'sgd'
    """

    rival: str = "adam"
    constrained: tuple[str, ...] = ("query", "key", "value")
    space: str = "stiefel"
    joint_heads: bool = False
    retraction: str = "cayley"
    section: str = "transported"
    restore: int | None = 100
    blocks: int = 16
    heads: int = 7
    patch: int = 7
    skip: bool = False
    loss: str = "relative"
    epochs: int = 8
    batch_size: int = 256
    learning_rate: float = 1e-3
    seed: int = 0
    dtype: str = "float32"
    warmup: int = 0
    pieces: int = PIECES
    threads: int = 2

    def __post_init__(self) -> None:
        for name, choices in (("rival", RIVALS), ("space", SPACES), ("dtype", DTYPES)):
            _check_choice(name, getattr(self, name), choices)
        for name, least in (("epochs", 1), ("batch_size", 1), ("seed", 0), ("patch", 1), ("blocks", 1), ("heads", 1),
                            ("warmup", 0), ("pieces", 1), ("threads", 1)):
            object.__setattr__(self, name, check_integer(name, getattr(self, name), least))
        for name in ("skip", "joint_heads"):
            object.__setattr__(self, name, check_switch(name, getattr(self, name)))
        object.__setattr__(self, "learning_rate", check_number("learning_rate", self.learning_rate, positive=True))
        if not isinstance(self.constrained, str) and isinstance(self.constrained, Iterable):
            object.__setattr__(self, "constrained", tuple(self.constrained))
        loss_function(self.loss)
        self.optimizer(self.model(classes=10))

    @property
    def label(self) -> str:
        """The curve's name for readers, such as "Adam on St(7, 49)"."""
        N = self.patch**2
        n = N if self.joint_heads else N // self.heads
        where = f"{'St' if self.space == 'stiefel' else 'Gr'}({n}, {N})"
        part = "" if len(self.constrained) == 3 else f" ({', '.join(self.constrained)})"
        label = RIVALS[self.rival].label
        label = label.format(space=where + part) if self.constrained else f"{label.partition(' ')[0]}, free weights"
        return f"{label}, warm-up" if self.warmup else label

    def steps(self, images: int) -> int:
        """Number of steps in an epoch of so many images; each is used once, so the last batch may be smaller."""
        return -(-images // self.batch_size)

    def model(self, classes: int) -> VisionTransformer:
        """The transformer."""
        return VisionTransformer(self.blocks, self.heads, self.patch**2, classes, self.skip, self.joint_heads)

    def spaces(self, model: VisionTransformer) -> Tree:
        """The space of each of the transformer's parameters, whether or not the rival keeps it there."""
        return model.spaces(self.constrained, SPACES[self.space])

    def optimizer(self, model: VisionTransformer) -> StepOptimizer:
        """The optimizer of the transformer's parameters."""
        rate = WarmUp(self.warmup, self.learning_rate) if self.warmup else self.learning_rate
        options = {"retraction": self.retraction, "section": self.section, "restore": self.restore}
        return RIVALS[self.rival].make(self.spaces(model), rate, options)

    def first_weights(self, model: VisionTransformer, rng: np.random.Generator) -> Tree:
        """The first weights, constrained or Glorot's as the rival takes them."""
        constrained = self.constrained if RIVALS[self.rival].constrained_start else ()
        return model.init(rng, self.dtype, constrained, SPACES[self.space])

    def to_dict(self) -> dict[str, Any]:
        """The settings as a dictionary that JSON can hold."""
        return {**asdict(self), "constrained": list(self.constrained)}

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Settings:
        """The settings from :meth:`to_dict`; ValueError if a name is missing or unknown."""
        if (got := set(settings)) != (required := {field.name for field in fields(cls)}):
            raise ValueError(f"settings must have the names of this version: {sorted(got ^ required)} differ")
        return cls(**{**settings, "constrained": tuple(settings["constrained"])})


def paper_curves(names: Iterable[str] = PAPER_CURVES, **common: Any) -> dict[str, Settings]:
    """The settings of the curves of the paper's figure, or of others by the names of their rivals.

    Parameters
    ----------
    names : iterable of str
        Which curves; those of the figure are :data:`PAPER_CURVES`.
    **common
        Settings that all curves share.

    Returns
    -------
    dict of str to Settings

    Raises
    ------
    TypeError, ValueError
        If there is no such curve, or a setting is invalid; the message lists what is valid.

    Examples
    --------
    >>> from manifold_opt.experiments.settings import paper_curves
    >>> [settings.label for settings in paper_curves(epochs=1).values()]
    ['Adam, free weights', 'Adam, free weights from St(7, 49)', 'Adam on St(7, 49)', 'Momentum on St(7, 49)', \
'Gradient on St(7, 49)']
    """
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise TypeError(f"names must be some of {', '.join(map(repr, RIVALS))}: got {names!r}")
    names = list(dict.fromkeys(names))
    for name in names:
        _check_choice("rivals", name, RIVALS)
    if not names:
        raise ValueError(f"rivals must name at least one of {', '.join(map(repr, RIVALS))}: got none")
    return {name: Settings(**{**common, "rival": name}) for name in names}


def _check_choice(name: str, value: object, choices: Iterable[str]) -> None:
    choices = tuple(choices)
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}: got {value!r}")
