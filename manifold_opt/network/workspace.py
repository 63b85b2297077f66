"""Arrays that are allocated once, and threads that share a batch: handed over explicitly, never hidden."""
from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar, final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, check_integer

__all__ = ["Buffers", "Workspace"]

Result = TypeVar("Result")

PIECES = 4
"""Pieces of a large batch unless another number is given."""

PIECE_COLUMNS = 1024
"""Tokens in a piece, at least: with fewer the interpreter takes more time than the second thread gains."""


@final
class Buffers:
    """Named uninitialized arrays: the same name, shape and dtype gives the same array again.

    One block of memory is kept for each name and dtype, as large as its largest array so far. An array of another
    shape under the same name is a view of the same memory: the one before is then used up. Memory is scratch, no
    state, so copies and pickles are empty.

    Examples
    --------
    >>> from manifold_opt.network import Buffers
    >>> buffers = Buffers()
    >>> scores = buffers.array("scores", (2, 3), "float32")
    >>> buffers.array("scores", (2, 3), "float32") is scores
    True
    >>> import numpy as np
    >>> np.shares_memory(buffers.array("scores", (2, 2), "float32"), scores)
    True
    """

    def __init__(self) -> None:
        self._arrays: dict[tuple[str, np.dtype[Any]], Array] = {}
        self._views: dict[tuple[str, np.dtype[Any]], Array] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """The array of this name, shape and dtype; its content is whatever was last written into its memory."""
        key = name, np.dtype(dtype)
        view = self._views.get(key)
        if view is None or view.shape != shape:
            size = math.prod(shape)
            if key not in self._arrays or self._arrays[key].size < size:
                self._arrays[key] = np.empty(size, dtype)
            view = self._views[key] = self._arrays[key][:size].reshape(shape)
        return view

    def __reduce__(self) -> tuple[type[Buffers], tuple[()]]:
        return Buffers, ()


@final
class Workspace:
    """Memory and threads for the passes of a :class:`manifold_opt.network.VisionTransformer`.

    The large arrays of a pass cost about a fifth of its time when they are allocated anew, since the operating system
    hands out and clears their pages. A workspace keeps them, about 0.5 MB a sample of the largest batch at the size of
    the paper's example.

    A batch is cut into a number of pieces that its size determines, which the threads share, and the gradients of the
    pieces are added in the order of the pieces. The numbers therefore depend on `pieces`, through rounding, and not on
    `threads`: a pass gives the same bits with 1, 2 and 4 threads, as long as the BLAS uses one thread itself.

    The cache of a forward pass lives in the workspace: the next forward pass with the same workspace overwrites it,
    and a backward pass from the old one is refused. Outputs and gradients are never shared with the workspace. One
    workspace serves one caller at a time. It may be used after a fork, copied and pickled: the copy has its own
    threads, and no memory yet.

    Parameters
    ----------
    threads : int
        Number of threads that share the pieces; more than there are pieces are of no use.
    pieces : int
        Number of pieces of a large batch, such as 256 sequences of 16 tokens; a smaller one has fewer, at least 1024
        tokens in each.

    Raises
    ------
    TypeError, ValueError
        If `threads` or `pieces` is no positive integer.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.network import VisionTransformer, Workspace
    >>> rng = np.random.default_rng(0)
    >>> model, workspace = VisionTransformer(blocks=2), Workspace(threads=2)
    >>> params, x = model.init(rng), rng.random((8, 16, 49), np.float32)
    >>> y, cache = model.forward(params, x, workspace)
    >>> grads = model.backward(params, cache, np.ones_like(y), workspace)
    >>> np.array_equal(y, model.forward(params, x, Workspace(threads=1))[0])
    True
    """

    def __init__(self, threads: int = 1, pieces: int = PIECES) -> None:
        self.threads, self.pieces = check_integer("threads", threads, 1), check_integer("pieces", pieces, 1)
        self._executor: ThreadPoolExecutor | None = None
        self._process = os.getpid()
        self._buffers: dict[tuple[int, int | None], Buffers] = {}
        self.turn = 0

    def begin(self) -> int:
        """The number of a new forward pass, which overwrites the cache of the one before."""
        self.turn += 1
        return self.turn

    def split(self, batch: int, tokens: int) -> int:
        """Number of pieces of a batch of so many sequences of so many tokens."""
        return max(1, min(self.pieces, batch, batch * tokens // PIECE_COLUMNS))

    def buffers(self, piece: int, block: int | None = None) -> Buffers:
        """The arrays of one piece of the batch in one block of the network, or without a block those of its thread."""
        return self._buffers.setdefault((piece % self.threads if block is None else piece, block), Buffers())

    def map(self, function: Callable[..., Result], *arguments: Iterable[Any]) -> list[Result]:
        """Results of the function on each piece, in order; thread k has the pieces k, k + threads, and so on."""
        pieces = list(zip(*arguments))
        workers = min(self.threads, len(pieces))

        def work(first: int) -> list[Result]:
            return [function(*piece) for piece in pieces[first::self.threads]]

        others: list[Future[list[Result]]] = []
        try:
            # the caller's thread is the first of them
            others += [self._pool().submit(work, first) for first in range(1, workers)]
            parts = [work(0), *(other.result() for other in others)]
        finally:
            # after an error no thread is left that still writes into the buffers
            wait(others)
        return [parts[piece % self.threads][piece // self.threads] for piece in range(len(pieces))]

    def _pool(self) -> ThreadPoolExecutor:
        """The other threads; a process that was forked has none of its parent's, and starts its own."""
        if self._executor is None or self._process != os.getpid():
            self._executor, self._process = ThreadPoolExecutor(self.threads - 1), os.getpid()
        return self._executor

    def __reduce__(self) -> tuple[type[Workspace], tuple[int, int]]:
        return Workspace, (self.threads, self.pieces)
