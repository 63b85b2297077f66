"""Memory and threads."""
from __future__ import annotations

import copy as copying
import os
import pickle
import signal
import subprocess
import sys
import time
import warnings
from typing import Any

import numpy as np
import pytest

from manifold_opt.arrays.trees import leaves
from manifold_opt.network import Buffers, VisionTransformer, Workspace, one_hot


def test_buffers_are_told_apart() -> None:
    buffers = Buffers()
    array = buffers.array("A", (2, 3), "float32")
    assert array.shape == (2, 3) and array.dtype == np.float32
    assert buffers.array("A", (2, 3), np.float32) is array
    for other in (("B", (2, 3), "float32"), ("A", (2, 3), "float64")):
        assert not np.shares_memory(buffers.array(*other), array)


def test_buffers_keep_the_largest_array_of_a_name() -> None:
    buffers = Buffers()
    large = buffers.array("A", (5, 7), "float64")
    for shape in ((7, 5), (2, 3), (0, 3), (35,)):
        small = buffers.array("A", shape, "float64")
        assert small.shape == shape and small.flags.c_contiguous and (small.size == 0 or np.shares_memory(small, large))
    larger = buffers.array("A", (6, 7), "float64")
    assert not np.shares_memory(larger, large) and [array.size for array in buffers._arrays.values()] == [42]


def kept(workspace: Workspace) -> int:
    """Bytes that a workspace holds."""
    return sum(array.nbytes for buffers in workspace._buffers.values() for array in buffers._arrays.values())


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("attention", ["fused", "plain"])
def test_memory_is_bounded_by_the_largest_pass(attention: str) -> None:
    """Many lengths and many batches need what the largest of each needs, and the numbers stay those of a fresh one."""
    model = VisionTransformer(2, heads=2, width=4, classes=3, attention=attention)
    rng = np.random.default_rng(0)
    params = model.init(rng, np.float64)

    def run(workspace: Workspace, batch: int, tokens: int) -> Any:
        x, target = rng.random((batch, tokens, 4)), one_hot(np.arange(batch) % 3, 3, np.float64)
        got, fresh = (model.loss_and_gradient(params, x, target, workspace=w) for w in (workspace, None))
        assert got[0] == fresh[0]
        assert all(np.array_equal(Y, Z) for (_, Y), (_, Z) in zip(leaves(got[1]), leaves(fresh[1])))

    largest, many = Workspace(2), Workspace(2)
    run(largest, 17, 40)
    for batch, tokens in zip(rng.integers(1, 18, 60), rng.integers(1, 41, 60)):
        run(many, int(batch), int(tokens))
    assert kept(many) <= 1.5 * kept(largest)
    assert attention == "plain" or kept(largest) > 0


def test_usable_after_a_fork() -> None:
    """The child of a fork has none of its parent's threads: it starts its own instead of waiting for them."""
    workspace, whole = Workspace(3), list(range(5))
    assert workspace.map(abs, whole) == whole
    with warnings.catch_warnings():
        # Python 3.12 warns of forks in processes with threads, which is what is tried here
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os._exit(0 if workspace.map(abs, whole) == whole else 1)
    limit = time.monotonic() + 60
    while (ended := os.waitpid(child, os.WNOHANG))[0] == 0 and time.monotonic() < limit:
        time.sleep(0.01)
    if ended[0] == 0:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert ended == (child, 0)
    assert workspace.map(abs, whole) == whole


def test_copies_have_their_own_threads_and_no_memory() -> None:
    workspace = Workspace(2, pieces=3)
    workspace.map(abs, range(3))
    workspace.buffers(0, 0).array("A", (1000,), "float64")
    for twin in (pickle.loads(pickle.dumps(workspace)), copying.deepcopy(workspace), copying.copy(workspace)):
        assert (twin.threads, twin.pieces, kept(twin)) == (2, 3, 0)
        assert twin.map(abs, range(-3, 0)) == [3, 2, 1] and twin._executor is not workspace._executor
    assert len(pickle.dumps(workspace)) < 200 and kept(workspace) == 8000


@pytest.mark.parametrize("attention", ["fused", "plain"])
def test_an_overwritten_cache_is_refused(attention: str) -> None:
    """A later pass with the same workspace, a prediction too; with a workspace for each, both caches are good."""
    rng = np.random.default_rng(0)
    model, workspace = VisionTransformer(2, heads=2, width=6, classes=3, attention=attention), Workspace()
    params, x = model.init(rng, np.float64), rng.random((5, 4, 6))
    y, cache = model.forward(params, x, workspace)
    expected = model.backward(params, cache, y, workspace)
    assert np.array_equal(model.backward(params, cache, y)["classifier"], expected["classifier"])
    for later in (lambda: model.forward(params, x, workspace), lambda: model.predict(params, x, workspace=workspace)):
        _, cache = model.forward(params, x, workspace)
        later()
        with pytest.raises(ValueError, match="cache must be that of the last forward pass with its workspace"):
            model.backward(params, cache, y, workspace)
    _, cache = model.forward(params, x)
    model.forward(params, 2 * x)
    assert np.array_equal(model.backward(params, cache, y)["classifier"], expected["classifier"])


def test_no_thread_works_on_after_an_error() -> None:
    workspace, done = Workspace(2), list[int]()

    def work(piece: int) -> None:
        if piece == 0:
            raise KeyboardInterrupt
        time.sleep(0.05)
        done.append(piece)

    with pytest.raises(KeyboardInterrupt):
        workspace.map(work, range(4))
    assert done == [1, 3]


PASSES = """
import hashlib, sys
import numpy as np
from manifold_opt.arrays.trees import leaves
from manifold_opt.network import VisionTransformer, Workspace, one_hot
for batch in (256, 150, 61, 3):
    rng = np.random.default_rng(0)
    model, workspace = VisionTransformer(3, attention=sys.argv[2]), Workspace(int(sys.argv[1]))
    params, x = model.init(rng), rng.random((batch, 16, 49), np.float32)
    loss, grads = model.loss_and_gradient(params, x, one_hot(np.arange(batch) % 10), workspace=workspace)
    digest = hashlib.sha256(b"".join(Y.tobytes() for _, Y in leaves(grads)))
    print(loss, digest.hexdigest(), model.predict(params, x, 50, workspace).tolist())
"""


@pytest.mark.parametrize("attention", ["fused", "plain"])
def test_the_same_bits_for_every_number_of_threads(attention: str) -> None:
    """At the paper's width, with one BLAS thread."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
                   "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    printed = {subprocess.run([sys.executable, "-c", PASSES, threads, attention], env=environment, check=True,
                              capture_output=True, text=True).stdout for threads in ("1", "2", "4", "7")}
    assert len(printed) == 1 and printed.pop().count("\n") == 4


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("pieces", [1, 2, 4, 7])
def test_pieces_change_rounding_only(pieces: int) -> None:
    rng = np.random.default_rng(0)
    model = VisionTransformer(2, heads=2, width=6, classes=3)
    params, x, target = model.init(rng, np.float64), rng.random((30, 5, 6)), one_hot(np.arange(30) % 3, 3, np.float64)
    _, whole = model.loss_and_gradient(params, x, target, workspace=Workspace(pieces=1))
    results = [model.loss_and_gradient(params, x, target, workspace=Workspace(threads, pieces)) for threads in (1, 2)]
    for (_, expected), (_, first), (_, second) in zip(leaves(whole), *(leaves(grads) for _, grads in results)):
        assert np.array_equal(first, second)
        assert np.allclose(first, expected, rtol=0, atol=1e-13 * abs(expected).max())


@pytest.mark.parametrize("threads", [1, 3])
def test_map_keeps_order(threads: int) -> None:
    assert Workspace(threads).map(lambda a, b: (a, b), range(5), "abcde") == list(zip(range(5), "abcde"))


@pytest.mark.parametrize("threads", [1, 2])
def test_errors_come_through(threads: int) -> None:
    def fail(piece: int) -> None:
        raise ArithmeticError(f"piece {piece}")
    with pytest.raises(ArithmeticError, match="piece 0"):
        Workspace(threads).map(fail, range(2))


def test_refuses() -> None:
    for threads in (1.5, True, None):
        with pytest.raises(TypeError, match="threads must be an integer"):
            Workspace(threads)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="pieces must be an integer"):
            Workspace(1, threads)  # type: ignore[arg-type]
    assert Workspace(np.int64(2)).threads == 2  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="threads must be at least 1: got 0"):
        Workspace(0)


def test_small_batches_are_not_cut() -> None:
    """Pieces have at least 1024 tokens, and a sample is in one piece."""
    sizes = {(256, 16): 4, (1000, 16): 4, (255, 16): 3, (128, 16): 2, (127, 16): 1, (3, 16): 1, (2, 2000): 2,
             (1, 5000): 1}
    assert {shape: Workspace(3).split(*shape) for shape in sizes} == sizes
    assert Workspace(1, pieces=2).split(256, 16) == 2 and Workspace(8, pieces=1).split(10**6, 16) == 1


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("attention", ["fused", "plain"])
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("batch", [1, 7, 12])
def test_workspace_changes_nothing(threads: int, batch: int, attention: str) -> None:
    """The same numbers to rounding, the same bits when repeated, and no result that lives in the workspace."""
    rng = np.random.default_rng(0)
    model, workspace = VisionTransformer(2, heads=2, width=6, classes=3, attention=attention), Workspace(threads)
    params = model.init(rng, np.float64)

    def run(x: Any, workspace: Workspace | None = None) -> list[Any]:
        y, cache = model.forward(params, x, workspace)
        grads, dx = model.pullback(params, cache, one_hot(np.arange(len(x)) % 3, 3, np.float64), workspace)
        return [y, dx, *(leaf for _, leaf in leaves(grads))]

    x, other = rng.normal(size=(2, batch, 5, 6))
    first = run(x, workspace)
    kept = [array.copy() for array in first]
    run(other, workspace)
    for array, copy, fresh in zip(first, kept, run(x)):
        assert np.array_equal(array, copy)
        assert np.allclose(array, fresh, rtol=0, atol=1e-13 * abs(fresh).max())
    for array, copy in zip(run(x, workspace), kept):
        assert np.array_equal(array, copy)
