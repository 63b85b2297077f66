"""All that determines a training: its numbers follow from these settings and the data."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, final

from manifold_opt.network import VisionTransformer, loss_function
from manifold_opt.optimizers import Adam, Gradient, Method, Momentum, Optimizer
from manifold_opt.spaces import Grassmann, HomogeneousSpace, Stiefel

__all__ = ["METHODS", "PAPER_CURVES", "SPACES", "Settings", "paper_curves"]

METHODS: dict[str, Callable[[float], Method]] = {"adam": Adam, "momentum": Momentum, "gradient": Gradient}
SPACES: dict[str, Callable[[int, int], HomogeneousSpace]] = {"stiefel": Stiefel, "grassmann": Grassmann}
DTYPES = ("float32", "float64")

PAPER_CURVES: dict[str, dict[str, Any]] = {
    "free_adam": {"method": "adam", "constrained": ()},
    "adam": {"method": "adam"},
    "momentum": {"method": "momentum"},
    "gradient": {"method": "gradient"},
}
"""The curves of the paper's figure, by name: how each differs from the default settings."""


@final
@dataclass(frozen=True)
class Settings:
    """The settings of one training, that is of one curve.

    The first weights are drawn from the seed alone, and the batches of an epoch from the seed and the number of the
    epoch: curves with the same seed see the same batches in the same order, whatever the method, and a training can
    be taken up after any epoch.

    Attributes
    ----------
    method : {"adam", "momentum", "gradient"}
        Optimization method; momentum has its factor of 0.5.
    constrained : tuple of {"query", "key", "value"}
        Which weights are constrained; empty for free weights.
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
    threads : int
        Threads that share the pieces of a batch. The numbers do not depend on it.

    Raises
    ------
    TypeError, ValueError
        If a setting is invalid; the message names it.

    Examples
    --------
    >>> from manifold_opt.experiments.settings import Settings
    >>> Settings().label, Settings(constrained=()).label
    ('Adam on St(7, 49)', 'Adam, free weights')
    >>> Settings(method="sgd")
    Traceback (most recent call last):
    ...
    ValueError: method must be one of 'adam', 'momentum', 'gradient': got 'sgd'
    """

    method: str = "adam"
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
    threads: int = 2

    def __post_init__(self) -> None:
        for name, choices in (("method", METHODS), ("space", SPACES), ("dtype", DTYPES)):
            _check_choice(name, getattr(self, name), choices)
        for name, least in (("epochs", 1), ("batch_size", 1), ("seed", 0), ("patch", 1), ("threads", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}: got {getattr(self, name)}")
        loss_function(self.loss)
        self.optimizer(self.model(classes=10))

    @property
    def label(self) -> str:
        """The curve's name for readers, such as "Adam on St(7, 49)"."""
        if not self.constrained:
            return f"{self.method.capitalize()}, free weights"
        N = self.patch**2
        n = N if self.joint_heads else N // self.heads
        where = f"{'St' if self.space == 'stiefel' else 'Gr'}({n}, {N})"
        part = "" if len(self.constrained) == 3 else f" ({', '.join(self.constrained)})"
        return f"{self.method.capitalize()} on {where}{part}"

    def steps(self, images: int) -> int:
        """Number of steps in an epoch of so many images; each is used once, so the last batch may be smaller."""
        return -(-images // self.batch_size)

    def model(self, classes: int) -> VisionTransformer:
        """The transformer."""
        return VisionTransformer(self.blocks, self.heads, self.patch**2, classes, self.skip, self.joint_heads)

    def optimizer(self, model: VisionTransformer) -> Optimizer:
        """The optimizer of the transformer's parameters."""
        spaces = model.spaces(self.constrained, SPACES[self.space])
        return Optimizer(METHODS[self.method](self.learning_rate), spaces, self.retraction, self.section, self.restore)

    def to_dict(self) -> dict[str, Any]:
        """The settings as a dictionary that JSON can hold."""
        return {**asdict(self), "constrained": list(self.constrained)}

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Settings:
        """The settings from :meth:`to_dict`; ValueError if a name is missing or unknown."""
        if (got := set(settings)) != (required := {field.name for field in fields(cls)}):
            raise ValueError(f"settings must have the names of this version: {sorted(got ^ required)} differ")
        return cls(**{**settings, "constrained": tuple(settings["constrained"])})


def paper_curves(names: Iterable[str] = tuple(PAPER_CURVES), **common: Any) -> dict[str, Settings]:
    """The settings of the curves of the paper's figure.

    Parameters
    ----------
    names : iterable of {"free_adam", "adam", "momentum", "gradient"}
        Which curves.
    **common
        Settings that all curves share.

    Returns
    -------
    dict of str to Settings

    Raises
    ------
    ValueError
        If there is no such curve, or a setting is invalid; the message lists what is valid.

    Examples
    --------
    >>> from manifold_opt.experiments.settings import paper_curves
    >>> [settings.label for settings in paper_curves(epochs=1).values()]
    ['Adam, free weights', 'Adam on St(7, 49)', 'Momentum on St(7, 49)', 'Gradient on St(7, 49)']
    """
    names = list(dict.fromkeys(names))
    for name in names:
        _check_choice("methods", name, PAPER_CURVES)
    if not names:
        raise ValueError(f"methods must name at least one of {', '.join(map(repr, PAPER_CURVES))}: got none")
    return {name: Settings(**{**common, **PAPER_CURVES[name]}) for name in names}


def _check_choice(name: str, value: object, choices: Iterable[str]) -> None:
    if value not in (choices := tuple(choices)):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}: got {value!r}")
