"""Scaling laws of the transformer's forward and backward pass over batch and sequence length, fitted and plotted.

    PYTHONPATH=tests python -m benchmarks.network_scaling [--output docs/numerics/figures]

needs the packages of the extra "benchmark". One BLAS thread for each piece of the batch.
"""
from __future__ import annotations

import argparse
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from benchmarks.contenders import Step
from benchmarks.measure import machine, threads
from benchmarks.scaling import exponent, measure, plot

from manifold_opt.network import VisionTransformer, Workspace, one_hot

SEQUENCES = 32


def passes(batch: int, tokens: int, pieces: int) -> Step:
    """Loss and gradient of the default model, float32."""
    rng, model, workspace = np.random.default_rng(0), VisionTransformer(), Workspace(pieces)
    params, x = model.init(rng), rng.random((batch, tokens, model.width), np.float32)
    target = one_hot(rng.integers(0, 10, batch))
    return lambda: model.loss_and_gradient(params, x, target, workspace=workspace)


def over_batch(batch: int, kind: str) -> Step:
    """Sixteen tokens, as in the paper's example."""
    return passes(batch, 16, int(kind.split()[0]))


def over_tokens(tokens: int, kind: str) -> Step:
    """A fixed number of sequences."""
    return passes(SEQUENCES, tokens, int(kind.split()[0]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each point")
    parser.add_argument("--output", type=Path, default=Path("docs/numerics/figures"))
    options: Any = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    laws = (("scaling_batch", "batch, with 16 tokens", over_batch, [16, 32, 64, 128, 256, 512, 1024]),
            ("scaling_tokens", f"tokens, with {SEQUENCES} sequences", over_tokens, [4, 8, 16, 32, 64, 128, 256]))
    with threads(1):
        for name, label, make, sizes in laws:
            results = measure(make, dict.fromkeys(("1 thread", "2 threads"), sizes), options.seconds, perf_counter)
            plot(name, label, results, options.output)
            print(name, {kind: round(exponent(rows), 2) for kind, rows in results.items()}, machine(), flush=True)


if __name__ == "__main__":
    main()
