"""What every block layer of the transformer offers."""
from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from manifold_opt.arrays.checks import Array
from manifold_opt.network.workspace import Buffers

__all__ = ["Layer"]


class Layer(ABC):
    r"""A map of sequences to sequences with a hand-written gradient.

    A sequence is a matrix whose columns are the tokens, as in the paper. Arrays have shape (groups, width, samples,
    tokens): each group holds a few samples side by side, so that one matrix product serves the whole group
    (:func:`manifold_opt.network.columns`). The result does not depend on the grouping. Layers trust their input; the
    checks are in :class:`manifold_opt.network.VisionTransformer`.

    In a backward pass `dY` is the gradient of a scalar with respect to the output `Y`, entry by entry,
    :math:`(dY)_{ij} = \partial \ell / \partial Y_{ij}`, and likewise for all names that start with d. Forward passes
    accept complex input, so that complex steps can check the gradients.
    """

    @property
    @abstractmethod
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the parameters by name."""

    @abstractmethod
    def forward(self, params: Mapping[str, Array], Z: Array, buffers: Buffers | None = None) -> tuple[Array, Any]:
        """Output Y, of the shape of Z (groups, width, samples, tokens), and what the backward pass needs."""

    @abstractmethod
    def backward(self, params: Mapping[str, Array], cache: Any, dY: Array,
                 buffers: Buffers | None = None) -> tuple[dict[str, Array], Array]:
        """Gradients with respect to the parameters, by name, and the gradient dZ with respect to the input."""
