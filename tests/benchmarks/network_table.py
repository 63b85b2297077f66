"""Print how the transformer and a training epoch compare with eager PyTorch, as reStructuredText.

    PYTHONPATH=tests python -m benchmarks.network_table [--threads 2] [--output docs/numerics/tables/network.rst]

needs the packages of the extra "benchmark".
"""
from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geoopt
import numpy as np
import torch
from benchmarks.epoch import epochs
from benchmarks.measure import interleaved, machine, ratio, spread, table, threads
from benchmarks.torch_transformer import FORMS, pass_contender

from manifold_opt.arrays import Array
from manifold_opt.experiments import Settings
from manifold_opt.network import VisionTransformer, Workspace, one_hot

OURS = "manifold_opt"


def example(batch: int = 256, tokens: int = 16) -> tuple[VisionTransformer, Any, Array, Array]:
    """The default model with a batch of random sequences, float32."""
    rng, model = np.random.default_rng(0), VisionTransformer()
    x = rng.random((batch, tokens, model.width), np.float32)
    return model, model.init(rng), x, one_hot(rng.integers(0, 10, batch))


def passes(count: int) -> dict[str, Callable[[], Any]]:
    """Loss and gradient of a batch."""
    model, params, x, target = example()
    workspace = Workspace(count)
    return {OURS: lambda: model.loss_and_gradient(params, x, target, workspace=workspace),
            **{form: pass_contender(params, x, target, form) for form in FORMS}}


def cells(work: str, times: dict[str, Array], goal: float, blas: int) -> list[str]:
    """One line of the table."""
    others = {name: values for name, values in times.items() if name != OURS}
    fastest = min(others, key=lambda name: float(np.median(others[name])))
    ours, reference = times[OURS], times[fastest]
    return [work, str(blas), f"{1e3 * np.median(ours):.0f} ms", f"{fastest} {1e3 * np.median(reference):.0f} ms",
            spread(*ratio(ours, reference)), f"{ours.min() / reference.min():.2f}", f"{goal}",
            ", ".join(f"{name} {np.median(values) / np.median(reference):.1f}" for name, values in others.items()
                      if name != fastest), str(len(ours))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=20.0, help="for each line")
    parser.add_argument("--rounds", type=int, default=5, help="at least, for each line")
    parser.add_argument("--output", type=Path)
    options: Any = parser.parse_args()
    lines = []
    # the pieces of a batch have a thread each, beside which those of the BLAS come off badly
    for blas in sorted({1, options.threads}):
        with threads(options.threads, blas):
            lines.append(cells("forward and backward, L = 16, batch 256, float32",
                               interleaved(passes(options.threads), options.seconds,
                                           rounds=(options.rounds, 1000), block=0.5), 0.7, blas))
            lines.append(cells("one epoch of the default training",
                               interleaved(epochs(Settings(threads=options.threads)), 3 * options.seconds,
                                           rounds=(options.rounds, 20), block=0.0), 0.8, blas))
    head = ["work", "BLAS threads of NumPy", OURS, "fastest alternative", "ratio of medians (single rounds)",
            "ratio of the fastest rounds", "goal", "other alternatives, as ratios to the fastest", "rounds"]
    text = "\n".join([*table(lines, head), f"*{machine()}, PyTorch {torch.__version__}, geoopt {geoopt.__version__}; "
                      f"{options.threads} thread(s) for the pieces of a batch and for PyTorch, wall-clock time.*", ""])
    print(text)
    if options.output:
        options.output.write_text(text)


if __name__ == "__main__":
    main()
