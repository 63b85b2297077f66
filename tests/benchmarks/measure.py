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
def threads(count: int) -> Iterator[None]:
    """The same number of threads for the BLAS pools of NumPy and SciPy and for PyTorch, where it is installed."""
    try:
        import torch
    except ImportError:
        pass
    else:
        torch.set_num_threads(count)
    with threadpool_limits(count):
        yield


def clock_for(count: int) -> Callable[[], float]:
    """With one thread the processor time of that thread, which other programs disturb less; else wall-clock time."""
    return thread_time if count == 1 else perf_counter


def interleaved(contenders: dict[str, Callable[[], Any]], seconds: float, clock: Callable[[], float] = perf_counter,
                rounds: tuple[int, int] = (5, 1000)) -> dict[str, Array]:
    """Seconds of one call, by contender, one array entry for each round.

    In each round every contender is called once untimed, to load what it needs, and then three times timed. Rounds go
    on for the given time, within the given least and greatest number.
    """
    times: dict[str, list[float]] = {name: [] for name in contenders}
    begin = perf_counter()
    for k in range(rounds[1]):
        for name, call in contenders.items():
            call()
            start = clock()
            for _ in range(3):
                call()
            times[name].append((clock() - start) / 3)
        if k + 1 >= rounds[0] and perf_counter() - begin > seconds:
            break
    return {name: np.array(values) for name, values in times.items()}


def ratio(times: Array, reference: Array) -> tuple[float, float, float]:
    """Ratio of the medians, and smallest and largest ratio of a single round."""
    each = times / reference
    return float(np.median(times) / np.median(reference)), float(each.min()), float(each.max())


def machine() -> str:
    """Date, processor, versions: what a table must say about itself."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    load = f", load average {os.getloadavg()[0]:.0f}" if hasattr(os, "getloadavg") else ""
    return (f"{date.today()}, {names[0] if names else platform.processor()}, {os.cpu_count()} cores{load}; "
            f"NumPy {np.__version__}, Python {platform.python_version()}")
