"""The command ``python -m manifold_opt experiments``."""
from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any

from manifold_opt.experiments.suite import EXPERIMENTS, results_table, run_experiment

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Any) -> None:
    """Add the options of ``experiments``.

    Parameters
    ----------
    subparsers : argparse action
        What :meth:`argparse.ArgumentParser.add_subparsers` returns.
    """
    parser = subparsers.add_parser(
        "experiments", help="reproduce the paper's experiments",
        description="Each experiment writes NAME.json (settings, versions, curves) and NAME.png. Finished trainings "
        "are not repeated and interrupted ones go on, so that the same command resumes.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"{name:<12} {experiment.question}" for name, experiment in EXPERIMENTS.items()))
    parser.add_argument("names", nargs="+", metavar="NAME", choices=[*EXPERIMENTS, "all"],
                        help=f"some of {', '.join(EXPERIMENTS)}, or all")
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path("results") / "experiments",
                        help="where results are written (default %(default)s)")
    parser.add_argument("--data", metavar="DIR", help="folder of IDX files in place of the embedded images")
    parser.add_argument("--quick", action="store_true", help="one short training of each kind, to see that it works")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run experiments.

    Parameters
    ----------
    arguments : argparse.Namespace
        The options of :func:`add_parser`.

    Returns
    -------
    int
        0; on Ctrl-C 130.
    """
    command = shlex.join(["python", "-m", "manifold_opt", *sys.argv[1:]])
    names = list(EXPERIMENTS) if "all" in arguments.names else list(dict.fromkeys(arguments.names))
    folder = arguments.out / "quick" if arguments.quick else arguments.out
    try:
        for name in names:
            results = run_experiment(EXPERIMENTS[name], folder, command, source=arguments.data, quick=arguments.quick)
            print(f"{name}: {EXPERIMENTS[name].question}\n{results_table(results)}")
            print(f"written: {folder / name}.json, {folder / name}.png\n", flush=True)
    except KeyboardInterrupt:
        print("\ninterrupted; the same command goes on from here", file=sys.stderr)
        return 130
    return 0
