"""The command ``python -m manifold_opt experiments``."""
from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from manifold_opt.experiments.suite import EXPERIMENTS, Experiment, Plan, run_experiment
from manifold_opt.experiments.suite.page import write_answer, write_section
from manifold_opt.experiments.suite.shares import write_stored_shares

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Any) -> None:
    """Add the options of ``experiments``.

    Parameters
    ----------
    subparsers : argparse action
        What :meth:`argparse.ArgumentParser.add_subparsers` returns.
    """
    parser = subparsers.add_parser(
        "experiments", help="the paper's claim against its rivals",
        description="Each experiment writes NAME.json (settings, versions, curves), NAME.times.json, a table, a figure "
        "and a paragraph. Finished runs are not repeated and interrupted ones go on from their last epoch, so that the "
        "same command resumes.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"{name:<12} {experiment.question}" for name, experiment in EXPERIMENTS.items()))
    add = parser.add_argument
    add("names", nargs="+", metavar="NAME", choices=[*EXPERIMENTS, "all"],
        help=f"some of {', '.join(EXPERIMENTS)}, or all")
    add("--out", type=Path, metavar="DIR", default=Path("results") / "experiments",
        help="where everything is written (default %(default)s)")
    add("--seeds", type=int, metavar="N", help="how many seeds (default: as many as the experiment asks for)")
    add("--only", nargs="+", metavar="GROUP", default=(),
        help="only these groups of the experiment, or those of these rivals, such as adam")
    add("--jobs", type=int, metavar="N", default=1, help="runs at a time on this machine (default 1)")
    add("--dask", metavar="ADDRESS", help="address of a dask.distributed scheduler whose workers do the runs")
    add("--data", metavar="DIR", help="folder of IDX files in place of the experiment's own images")
    add("--quick", action="store_true", help="one short run of each group, to see that it works")
    add("--stored", action="store_true", help="no runs: tables, figures and paragraphs from what is in --out")
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

    Raises
    ------
    ValueError
        If an option is wrong, a file damaged, an extra not installed, or a worker has another version.
    OSError
        If a cluster does not answer or is lost, or a file cannot be written.
    """
    if arguments.jobs < 1:
        raise ValueError(f"jobs must be at least 1: got {arguments.jobs}")
    if arguments.jobs > 1 and arguments.dask is not None:
        raise ValueError("runs are done by a cluster or by processes of this machine: got both --dask and --jobs")
    if arguments.stored and not arguments.out.is_dir():
        raise ValueError(f"out must be a folder with stored results: there is no folder {arguments.out}")
    names = list(EXPERIMENTS) if "all" in arguments.names else list(dict.fromkeys(arguments.names))
    plan = Plan(arguments.out / "quick" if arguments.quick else arguments.out, arguments.seeds,
                tuple(arguments.only), arguments.data, arguments.quick, arguments.jobs, arguments.dask)
    try:
        for name in names:
            _one(EXPERIMENTS[name], plan, train=not arguments.stored, alone=len(names) == 1)
    except KeyboardInterrupt:
        print("\ninterrupted; the same command goes on from here", file=sys.stderr)
        return 130
    return 0


def _one(experiment: Experiment, plan: Plan, *, train: bool, alone: bool) -> None:
    """One experiment, or a word why it is left out; then its part of the page."""
    reason = experiment.missing() if plan.source is None and train else None
    if reason is not None and alone:
        raise ValueError(f"{experiment.name} needs its images: {reason}; or name a folder by --data")
    if reason is not None:
        print(f"{experiment.name}: left out, {reason}\n", file=sys.stderr)
    elif train:
        run_experiment(experiment, plan)
    print(f"{experiment.name}: {experiment.question}\n{write_section(experiment, plan.folder)}\n", flush=True)
    if experiment.name in ("methods", "depth", "warmup"):
        write_answer(plan.folder / "methods.json", EXPERIMENTS.values())
        if (plan.folder / "methods.json").exists():
            shares = write_stored_shares(plan.folder / "methods.json")
            print(f"share of the seeds that train, for the command train: {shares}")
