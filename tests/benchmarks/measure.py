"""Times of several contenders in one run, taken in turn, so that a busy machine disturbs all of them alike."""
from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from manifold_opt.arrays import Array


@contextmanager
def threads(count: int, blas: int | None = None) -> Iterator[None]:
    """A number of threads for PyTorch, where it is installed, and the same or another for the BLAS pools of NumPy and
    SciPy.
    """
    try:
        import torch
    except ImportError:
        pass
    else:
        torch.set_num_threads(count)
    with threadpool_limits(count if blas is None else blas, user_api="blas"):
        yield


def clock_for(count: int) -> Callable[[], float]:
    """With one thread the processor time of that thread, which other programs disturb less; else wall-clock time."""
    return thread_time if count == 1 else perf_counter


def interleaved(contenders: dict[str, Callable[[], Any]], seconds: float, clock: Callable[[], float] = perf_counter,
                rounds: tuple[int, int] = (5, 1000), block: float = 0.03) -> dict[str, Array]:
    """Seconds of one call, by contender, one array entry for each round.

    In each round every contender is called twice untimed, to load what it needs and to let the threads of the one
    before it fall asleep, and then as often as fits into a block of the given length, at least three times; a block of
    zero length is one call and nothing before it. Rounds go on for the given time, within the given least and greatest
    number.
    """
    times: dict[str, list[float]] = {name: [] for name in contenders}
    calls = {name: _calls(call, block) if block else 1 for name, call in contenders.items()}
    begin = perf_counter()
    for k in range(rounds[1]):
        for name, call in contenders.items():
            for _ in range(2 if block else 0):
                call()
            start = clock()
            for _ in range(calls[name]):
                call()
            times[name].append((clock() - start) / calls[name])
        if k + 1 >= rounds[0] and perf_counter() - begin > seconds:
            break
    return {name: np.array(values) for name, values in times.items()}


def _calls(call: Callable[[], Any], block: float) -> int:
    """How many calls make a block."""
    call()
    start = perf_counter()
    call()
    return max(3, int(block / (perf_counter() - start)))


def ratio(times: Array, reference: Array) -> tuple[float, float, float]:
    """Ratio of the medians, and smallest and largest ratio of a single round."""
    each = times / reference
    return float(np.median(times) / np.median(reference)), float(each.min()), float(each.max())


def spread(middle: float, low: float, high: float) -> str:
    """What :func:`ratio` returns as a cell."""
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def table(rows: list[list[str]], head: list[str]) -> list[str]:
    """A list-table."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for cells in [head, *rows]:
        lines += [f"   {'*' if i == 0 else ' '} - {cell}" for i, cell in enumerate(cells)]
    return [*lines, ""]


def machine() -> str:
    """Date, processor, versions: what a table must say about itself."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    load = f", load average {os.getloadavg()[0]:.0f}" if hasattr(os, "getloadavg") else ""
    return (f"{date.today()}, {names[0] if names else platform.processor()}, {os.cpu_count()} cores{load}; "
            f"NumPy {np.__version__}, Python {platform.python_version()}")
