"""Arrays that are allocated once, and threads that share a batch: handed over explicitly, never hidden."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array

__all__ = ["Buffers", "Workspace"]

Result = TypeVar("Result")


@final
class Buffers:
    """Named uninitialized arrays: the same name, shape and dtype gives the same array again.

    Examples
    --------
    >>> from manifold_opt.network import Buffers
    >>> buffers = Buffers()
    >>> buffers.array("scores", (2, 3), "float32") is buffers.array("scores", (2, 3), "float32")
    True
    """

    def __init__(self) -> None:
        self._arrays: dict[tuple[str, tuple[int, ...], np.dtype[Any]], Array] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """The array of this name, shape and dtype; its content is whatever was last written into it."""
        key = name, shape, np.dtype(dtype)
        if key not in self._arrays:
            self._arrays[key] = np.empty(shape, dtype)
        return self._arrays[key]


@final
class Workspace:
    """Memory and threads for the passes of a :class:`manifold_opt.network.VisionTransformer`.

    The large arrays of a pass cost about a fifth of its time when they are allocated anew, since the operating system
    hands out and clears their pages. A workspace keeps them, about 0.5 MB a sample at the size of the paper's
    example. With several threads the batch is cut into as many pieces, which run side by side; the gradients of the
    pieces are added in a fixed order, so that a run can be repeated bit for bit with the same number of threads.

    The cache of a forward pass lives in the workspace: the next forward pass with the same workspace overwrites it.
    Outputs and gradients are never shared with the workspace. One workspace serves one caller at a time.

    Parameters
    ----------
    threads : int
        Number of pieces, and of threads that work on them.

    Raises
    ------
    TypeError, ValueError
        If `threads` is no positive integer.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.network import VisionTransformer, Workspace
    >>> rng = np.random.default_rng(0)
    >>> model, workspace = VisionTransformer(blocks=2), Workspace(threads=2)
    >>> params, x = model.init(rng), rng.random((8, 16, 49), np.float32)
    >>> y, cache = model.forward(params, x, workspace)
    >>> grads = model.backward(params, cache, np.ones_like(y), workspace)
    >>> np.allclose(y, model.forward(params, x)[0])
    True
    """

    def __init__(self, threads: int = 1) -> None:
        if not isinstance(threads, int) or isinstance(threads, bool):
            raise TypeError(f"threads must be an integer: got {type(threads).__name__}")
        if threads < 1:
            raise ValueError(f"threads must be at least 1: got {threads}")
        self.threads = threads
        self._executor = ThreadPoolExecutor(threads) if threads > 1 else None
        self._buffers: dict[tuple[int, int | None], Buffers] = {}

    def buffers(self, piece: int, block: int | None = None) -> Buffers:
        """The arrays of one piece of the batch in one block of the network, or those that all blocks share."""
        return self._buffers.setdefault((piece, block), Buffers())

    def map(self, function: Callable[..., Result], *arguments: Iterable[Any]) -> list[Result]:
        """Results of the function on each piece, in order."""
        if self._executor is None:
            return list(map(function, *arguments))
        return list(self._executor.map(function, *arguments))
