"""Scaling laws of one Adam step: times and memory over N, n and the stack, fitted and plotted.

    PYTHONPATH=tests python -m benchmarks.scaling [--largest 1000000] [--output docs/numerics/figures]

needs the packages of the extra "benchmark". One BLAS thread.
"""
from __future__ import annotations

import argparse
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from benchmarks.contenders import Step, example, library_step
from benchmarks.measure import clock_for, interleaved, machine, threads

from manifold_opt import Stiefel
from manifold_opt.arrays import Array

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

COLUMNS = 8


def over_N(N: int, section: str) -> Step:
    """St(8, N), float32."""
    space = Stiefel(N, COLUMNS)
    return library_step(space, *example(space, (), "float32"), section)


def over_n(n: int, section: str) -> Step:
    """St(n, 1024), float64."""
    space = Stiefel(1024, n)
    return library_step(space, *example(space), section)


def over_stack(count: int, section: str) -> Step:
    """A stack of St(7, 49), float32."""
    space = Stiefel(49, 7)
    return library_step(space, *example(space, (count,), "float32"), section)


def measure(make: Callable[[int, str], Step], sizes: dict[str, list[int]], seconds: float,
            clock: Callable[[], float]) -> dict[str, Array]:
    """For each kind (such as a section) rows of size, median milliseconds, and memory of data and a call in MB."""
    results: dict[str, Array] = {}
    for kind, values in sizes.items():
        rows = []
        for size in values:
            tracemalloc.start()
            step = make(size, kind)
            step()
            tracemalloc.reset_peak()
            step()
            memory = tracemalloc.get_traced_memory()[1] / 1e6
            tracemalloc.stop()
            times = interleaved({"step": step}, seconds, clock)["step"]
            rows.append((size, 1e3 * np.median(times), memory))
            print(kind, *rows[-1], flush=True)
        results[kind] = np.array(rows)
    return results


def exponent(rows: Array, points: int = 3) -> float:
    """Slope of time over size in logarithms, over the largest sizes, where overheads do not count."""
    return float(np.polyfit(np.log(rows[-points:, 0]), np.log(rows[-points:, 1]), 1)[0])


def plot(name: str, label: str, results: dict[str, Array], output: Path, per_weight: bool = False) -> None:
    """Time and memory in logarithmic axes, with the fitted exponents in the legend."""
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for kind, rows in results.items():
        time = rows[:, 1] / rows[:, 0] if per_weight else rows[:, 1]
        left.loglog(rows[:, 0], time, "o-", label=f"{kind}: exponent {exponent(rows):.2f}")
        right.loglog(rows[:, 0], rows[:, 2], "o-")
    left.set(xlabel=label, ylabel="ms per weight" if per_weight else "ms")
    right.set(xlabel=label, ylabel="memory with state, at the peak, MB")
    # below the axes, where no curve is
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(output / f"{name}.svg", metadata={"Date": None})
    pyplot.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", type=int, default=1_000_000, help="largest N of the reflector section")
    parser.add_argument("--seconds", type=float, default=0.5, help="for each point")
    parser.add_argument("--output", type=Path, default=Path("docs/numerics/figures"))
    options: Any = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    N = [N for N in (100, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000) if N <= options.largest]
    n, stack = [8, 16, 32, 64, 128, 256], [1, 4, 16, 64, 256, 1024]
    laws = (("scaling_N", "N, with n = 8", over_N, {"transported": [100, 300, 1000, 2000, 4000, 8000], "reflector": N}),
            ("scaling_n", "n, with N = 1024", over_n, {"transported": n, "reflector": n}),
            ("scaling_stack", "number of stacked St(7, 49)", over_stack, {"transported": stack, "reflector": stack}))
    with threads(1):
        for name, label, make, sizes in laws:
            results = measure(make, sizes, options.seconds, clock_for(1))
            plot(name, label, results, options.output, per_weight=name == "scaling_stack")
            print(name, {section: round(exponent(rows), 2) for section, rows in results.items()}, machine(), flush=True)


if __name__ == "__main__":
    main()
