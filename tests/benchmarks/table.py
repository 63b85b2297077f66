"""Print the table of ratios to the fastest alternative, as reStructuredText.

    PYTHONPATH=tests python -m benchmarks.table [--threads 1] [--seconds 5] [--output docs/numerics/tables/speed.rst]

needs the packages of the extra "benchmark".
"""
from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.contenders import Step, dense_step, example, geoopt_step, library_step
from benchmarks.measure import clock_for, interleaved, machine, ratio, spread, table, threads

from manifold_opt import Stiefel, SymplecticStiefel
from manifold_opt.arrays import Array
from manifold_opt.spaces.matrix_space import MatrixSpace


@dataclass(frozen=True)
class Row:
    """One kind of work, one section of this library, and the goal for its ratio to the fastest alternative."""

    space: MatrixSpace
    batch: tuple[int, ...]
    dtype: str
    section: str
    goal: float | None = None

    @property
    def name(self) -> str:
        stack = f"{self.batch[0]} × " if self.batch else ""
        N, n = self.space.shape
        return f"{stack}{'SpSt' if 'Symplectic' in type(self.space).__name__ else 'St'}({n}, {N}), {self.dtype}"

    def contenders(self) -> dict[str, Step]:
        """This library with both retractions, and what a user would take instead."""
        Y, dL = example(self.space, self.batch, self.dtype)
        steps = {name: library_step(self.space, Y, dL, self.section, name) for name in ("cayley", "geodesic")}
        if self.space.adjoint.is_compact:
            steps["geoopt Euclidean"] = geoopt_step(Y, dL, "EuclideanStiefel")
            if self.batch or self.space.shape[0] <= 512:
                steps["geoopt canonical"] = geoopt_step(Y, dL, "CanonicalStiefel")
        if self.batch or self.space.shape[0] <= 512:
            steps["dense"] = dense_step(self.space, Y, dL)
        return steps


ROWS = [Row(Stiefel(49, 7), (336,), "float32", "transported", 0.7), Row(Stiefel(49, 7), (336,), "float32", "reflector"),
        Row(Stiefel(1024, 64), (), "float64", "transported"), Row(Stiefel(1024, 64), (), "float64", "reflector", 0.7),
        Row(Stiefel(2048, 16), (), "float64", "transported"), Row(Stiefel(2048, 16), (), "float64", "reflector", 0.35),
        Row(Stiefel(512, 256), (), "float64", "transported", 0.9), Row(Stiefel(512, 256), (), "float64", "reflector"),
        Row(SymplecticStiefel(512, 16), (), "float64", "transported", 0.5),
        Row(SymplecticStiefel(512, 16), (), "float64", "reflector")]


def cells(row: Row, seconds: float, count: int) -> list[str]:
    """One line of the table."""
    times = interleaved(row.contenders(), seconds, clock_for(count))
    others = {name: values for name, values in times.items() if name not in ("cayley", "geodesic")}
    fastest = min(others, key=lambda name: float(np.median(others[name])))
    reference, ours = times[fastest], times["cayley"]
    geodesic = ratio(times["geodesic"], ours)
    return [row.name, row.section, f"{fastest} {1e3 * np.median(reference):.2f} ms", f"{1e3 * np.median(ours):.2f} ms",
            spread(*ratio(ours, reference)), f"{ours.min() / reference.min():.2f}",
            "" if row.goal is None else f"{row.goal}", spread(*geodesic),
            ", ".join(f"{name} {np.median(values) / np.median(reference):.1f}" for name, values in others.items()
                      if name != fastest), str(len(ours))]


def product_rate(row: Row, count: int) -> float:
    """Share of the rate of a large square product that the products of a transported step reach, all else included."""
    N, n = row.space.shape
    Y, dL = example(row.space, row.batch, row.dtype)
    A: Array = np.random.default_rng(0).standard_normal((1024, 1024)).astype(row.dtype)
    times = interleaved({"step": library_step(row.space, Y, dL), "product": lambda: A @ A}, 2.0, clock_for(count))
    # lift 2 N^2 n, push and update 2 N (N - n) n each, B*B, fraction and its product
    flops = 2 * N * n * (N + 2 * (N - n)) + 2 * (N - n) * n * n + 8 / 3 * n**3 + 2 * N * n * n
    flops *= int(np.prod(row.batch))
    return float(flops / np.median(times["step"]) / (2 * 1024**3 / np.median(times["product"])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5.0, help="for each row")
    parser.add_argument("--output", type=Path)
    options: Any = parser.parse_args()
    with threads(options.threads):
        rows = [cells(row, options.seconds, options.threads) for row in ROWS]
        share = {row.name: product_rate(row, options.threads) for row in (ROWS[2], ROWS[6])}
    head = ["one Adam step", "section", "fastest alternative", "Cayley", "ratio of medians (single rounds)",
            "ratio of the fastest rounds", "goal", "geodesic to Cayley",
            "other alternatives, as ratios to the fastest", "rounds"]
    kind = "processor time" if options.threads == 1 else "wall-clock time"
    text = "\n".join([*table(rows, head), f"*{machine()}; {options.threads} BLAS and PyTorch thread(s), medians of "
                      f"{kind}.*", "", "Share of the rate of a 1024 × 1024 product, whole step with the transported "
                      "section: " + ", ".join(f"{name} {value:.0%}" for name, value in share.items()) + ".", ""])
    print(text)
    if options.output:
        options.output.write_text(text)


if __name__ == "__main__":
    main()
