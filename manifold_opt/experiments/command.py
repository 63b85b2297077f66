"""The command ``python -m manifold_opt train``."""
from __future__ import annotations

import argparse
import shlex
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from manifold_opt.experiments.data import load_images
from manifold_opt.experiments.job import Job
from manifold_opt.experiments.report import table
from manifold_opt.experiments.rivals import RIVALS
from manifold_opt.experiments.settings import PAPER_CURVES, Settings, paper_curves
from manifold_opt.experiments.shares import load_shares

__all__ = ["add_parser", "run"]

FOLDER = Path("results", "train")

PUBLISHED, PUBLISHED_IMAGES = {"batch_size": 2048, "epochs": 500}, 60_000
"""What the published run has in place of the defaults, and its number of training images."""


def add_parser(subparsers: Any) -> None:
    """Add the parser of the command to what :meth:`argparse.ArgumentParser.add_subparsers` returned."""
    parser = subparsers.add_parser(
        "train", help="train the transformer of the paper's numerical example",
        description="Train a vision transformer with free weights and with weights on the Stiefel manifold (paper, "
                    "section 5). All curves have the same seed and see the same batches. A checkpoint is written "
                    "after every epoch; an interrupted job goes on with --resume.")
    add = parser.add_argument
    add("--epochs", type=int, help=f"passes through the training images (default {Settings.epochs})")
    add("--blocks", type=int, help=f"depth L of the transformer (default {Settings.blocks})")
    add("--heads", type=int, help=f"heads of a block, a divisor of 49 (default {Settings.heads})")
    add("--batch-size", type=int, help=f"images in a batch (default {Settings.batch_size})")
    add("--learning-rate", type=float, help=f"one rate for all weights (default {Settings.learning_rate})")
    add("--seed", type=int, help=f"of first weights and batches (default {Settings.seed})")
    add("--dtype", help=f"float32 or float64 (default {Settings.dtype})")
    add("--loss", help=f"relative or cross_entropy (default {Settings.loss})")
    add("--skip", action="store_true", default=None, help="attention with a skip connection")
    add("--threads", type=int, help=f"threads that share a batch (default {Settings.threads})")
    add("--warmup", type=int, metavar="STEPS", help="steps over which the rate rises linearly (default: none)")
    add("--jobs", type=int, default=1, metavar="N", help="curves that are trained at a time (default 1; extra cluster)")
    add("--rivals", nargs="+", metavar="NAME", help=f"some of {', '.join(RIVALS)} (default: {', '.join(PAPER_CURVES)})")
    add("--data", metavar="DIR", help="folder of IDX files, or mnist or fashion, which are embedded (default mnist)")
    add("--out", metavar="DIR", type=Path, help=f"where everything is written (default {FOLDER}, or {FOLDER}-2, ...)")
    add("--paper", action="store_true",
        help=f"the published setting: the {PUBLISHED_IMAGES:,} images of the full MNIST (bring the IDX files), "
             f"batches of {PUBLISHED['batch_size']}, {PUBLISHED['epochs']} epochs; takes hours")
    add("--resume", action="store_true", help="go on with the last job, or with the one in --out, with its settings")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train, print the table, and say where everything is; the exit code is 0, or 130 after Ctrl-C."""
    job = _resumed(arguments) if arguments.resume else _new(arguments)
    print(f"writing to {job.folder}", flush=True)
    try:
        records = job.run(jobs=arguments.jobs)
    except KeyboardInterrupt:
        print(f"\ninterrupted; go on with: python -m manifold_opt train --resume --out {shlex.quote(str(job.folder))}",
              file=sys.stderr)
        return 130
    print(table(job.curves, records, load_shares(), load_images(job.source).digest))
    print(f"figure: {job.folder / 'losses.png'}\ncurves, settings, versions: {job.folder / 'curves.json'}\n"
          f"parameters: {job.folder / 'parameters-*.npz'}")
    return 0


def _new(arguments: argparse.Namespace) -> Job:
    published = _published(arguments) if arguments.paper else {}
    curves = paper_curves(arguments.rivals or PAPER_CURVES, **{**published, **_given(arguments)})
    folder = arguments.out or _folders()[-1]
    if Job.begun(folder):
        raise ValueError(f"{folder} holds a job already: go on with it by --resume, or choose another folder by --out")
    return Job(folder, curves, arguments.data or "mnist")


def _published(arguments: argparse.Namespace) -> dict[str, int]:
    """The settings of the published run; ValueError unless the data are as many as those."""
    source = arguments.data or "mnist"
    if (images := len(load_images(source).train_labels)) != PUBLISHED_IMAGES:
        raise ValueError(f"--paper needs the {PUBLISHED_IMAGES:,} training images of the full MNIST, a folder of IDX "
                         f"files by --data: {source} has {images:,}")
    return PUBLISHED


def _resumed(arguments: argparse.Namespace) -> Job:
    """The job in the folder; options that are given once more must agree with it."""
    begun = [folder for folder in _folders() if Job.begun(folder)]
    if not begun and arguments.out is None:
        raise ValueError(f"there is no job to resume in {FOLDER}: name its folder by --out")
    if arguments.paper:
        raise ValueError("--paper is for a new job: a resumed one has its own settings")
    job = Job.load(arguments.out or begun[-1])
    for name, given, stored in (("rivals", arguments.rivals, list(job.curves)), ("data", arguments.data, job.source)):
        if given is not None and given != stored:
            raise ValueError(f"{job.folder} was begun with {name} = {stored!r}: a resumed job cannot change it, got "
                             f"{given!r}")
    return job.changed(_given(arguments))


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    """The settings among the options that were given."""
    names = {field.name for field in fields(Settings)}
    return {name: value for name, value in vars(arguments).items() if name in names and value is not None}


def _folders() -> list[Path]:
    """The folders of jobs that were not told where to write, and the next free one."""
    folders = [FOLDER]
    while folders[-1].exists():
        folders.append(FOLDER.with_name(f"{FOLDER.name}-{len(folders) + 1}"))
    return folders
