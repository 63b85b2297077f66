"""An experiment as a list of independent tasks: what is there is not repeated, and records are kept as they come."""
from __future__ import annotations

import os
import platform
import shlex
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, final

from tqdm import tqdm

from manifold_opt.experiments.data import ImageData
from manifold_opt.experiments.records import versions
from manifold_opt.experiments.shares import STORED
from manifold_opt.experiments.suite.blas import blas_kernels
from manifold_opt.experiments.suite.experiment import Experiment, Result, Run, first_images
from manifold_opt.experiments.suite.parallel import Finished, on_cluster, one_by_one, side_by_side
from manifold_opt.experiments.suite.source import commit
from manifold_opt.experiments.suite.storage import stored_results, write_results
from manifold_opt.experiments.suite.task import QUICK, Task

__all__ = ["Plan", "known_results", "run_experiment"]

RENEWED = 60.0
"""Seconds after which what has come in since is written again."""


@final
@dataclass(frozen=True)
class Plan:
    """How an experiment is run.

    Attributes
    ----------
    folder : pathlib.Path
        Where everything is written.
    seeds : int, optional
        How many seeds; as many as the experiment asks for by default.
    only : sequence of str
        The groups that are run, by their names or those of their rivals; all of them if empty.
    source : str, optional
        Images in place of the experiment's own.
    quick : bool
        One short run of each group, to see that everything works.
    jobs : int
        Processes of this machine.
    cluster : str, optional
        Address of a dask.distributed scheduler, in place of processes of this machine.
    progress : bool
        Whether a progress bar is shown.
    """

    folder: Path
    seeds: int | None = None
    only: tuple[str, ...] = ()
    source: str | None = None
    quick: bool = False
    jobs: int = 1
    cluster: str | None = None
    progress: bool = True

    def command(self, experiment: Experiment, seeds: int) -> str:
        """The command that makes all results of the experiment, without what does not change them."""
        words = ["python", "-m", "manifold_opt", "experiments", experiment.name]
        words += ["--seeds", str(seeds)] if seeds > experiment.seeds else []
        words += ["--data", self.source] if self.source is not None else []
        return shlex.join([*words, "--quick"] if self.quick else words)

    def chosen(self, experiment: Experiment, runs: Sequence[Run]) -> list[Run]:
        """The runs that are to be done; ValueError if there is no such group, or the number of seeds is wrong."""
        seeds = experiment.seeds if self.seeds is None else self.seeds
        if seeds < 1:
            raise ValueError(f"seeds must be at least 1: got {seeds}")
        names = [*dict.fromkeys(run.settings.rival for run in runs), *dict.fromkeys(run.group for run in runs)]
        for name in self.only:
            if name not in names:
                raise ValueError(f"only must name rivals or groups of {experiment.name}, some of "
                                 f"{', '.join(map(repr, names))}: got {name!r}")
        return [run for run in runs if run.settings.seed < seeds
                and (not self.only or {run.group, run.settings.rival} & set(self.only))]

    def all_seeds(self, experiment: Experiment, digest: str) -> int:
        """How many seeds results are written of: those that are there already are not dropped.

        ValueError if they are of other images, unless they are quick ones, which are soon made anew.
        """
        path = self.folder / f"{experiment.name}.json"
        if self.quick or not path.exists():
            return max(experiment.seeds, self.seeds or 0)
        stored, results = stored_results(path)
        if stored != digest:
            raise ValueError(f"{path} holds results of other images, which would be lost: choose another folder by "
                             "--out")
        return max(self.seeds or 0, experiment.seeds_with(results))

    def all_runs(self, experiment: Experiment, seeds: int) -> list[Run]:
        """The runs that results are written of."""
        runs = experiment.runs(range(seeds))
        if not self.quick:
            return runs
        first = {(run.group, run.measure): experiment.quick(run) for run in reversed(runs)}
        return list(reversed(first.values()))

    def finished(self, tasks: Sequence[Task], bar: Any) -> Finished:
        """The results as they come."""
        if self.cluster is not None:
            return on_cluster(tasks, self.cluster)
        if self.jobs > 1:
            return side_by_side(tasks, self.jobs)

        def show(number: int, epochs: int) -> None:
            run = tasks[number].run
            bar.set_postfix_str(f"{run.group}, seed {run.settings.seed}, epoch {epochs}/{run.settings.epochs}")
        return one_by_one(tasks, show)


def run_experiment(experiment: Experiment, plan: Plan) -> list[Result]:
    """Do the runs of an experiment that are not done yet; write the results.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    plan : Plan
        How.

    Returns
    -------
    list of Result
        All results of the experiment that are there, in its order.

    Raises
    ------
    ValueError
        If images, groups or records are wrong, those in the folder are of other images, or an extra is not installed.
    OSError
        If a cluster does not answer or is lost, or a file cannot be written.
    """
    data = _images(experiment, plan)
    store = plan.folder / "runs"
    store.mkdir(parents=True, exist_ok=True)
    now, source = commit(), plan.source or experiment.source
    seeds = plan.all_seeds(experiment, data.digest)
    every = [Task(run, source, plan.quick, data.digest, store.resolve(), now)
             for run in plan.all_runs(experiment, seeds)]
    chosen = {*plan.chosen(experiment, [task.run for task in every])}
    results = known_results(every, plan.folder)
    _say_commits(results, now, plan.folder)
    left = list({task.key: task for task in every if task.run in chosen and task.key not in results}.values())

    def write() -> list[Result]:
        found = [replace(results[task.key], run=task.run) for task in every if task.key in results]
        _write(experiment, plan, data, found, plan.command(experiment, seeds), len(every))
        return found

    try:
        _do(experiment, plan, left, len(chosen), results, write)
    finally:
        found = write()
    return found


def _images(experiment: Experiment, plan: Plan) -> ImageData:
    data = experiment.images(plan.source)
    return first_images(data, *QUICK) if plan.quick else data


def _do(experiment: Experiment, plan: Plan, left: Sequence[Task], chosen: int, results: dict[str, Result],
        write: Callable[[], object]) -> None:
    """Do the tasks that are left, with one bar over all runs; what came in is written every minute."""
    written = time.monotonic()
    with tqdm(total=chosen, initial=max(chosen - len(left), 0), desc=experiment.name, unit="run",
              disable=not plan.progress, dynamic_ncols=True, mininterval=0.2 if sys.stderr.isatty() else 10.0) as bar:
        if not left:
            return
        with closing(plan.finished(left, bar)) as finished:
            for number, result in finished:
                results[left[number].key] = result
                bar.update()
                if time.monotonic() - written > RENEWED:
                    write()
                    written = time.monotonic()


def known_results(tasks: Sequence[Task], folder: Path) -> dict[str, Result]:
    """What is there already, by the key of the task: in the results of any experiment in the folder, or as a record.

    Parameters
    ----------
    tasks : sequence of Task
        What is looked for.
    folder : pathlib.Path
        Where the results of experiments are.

    Returns
    -------
    dict of str to Result

    Raises
    ------
    ValueError
        If a file is damaged; the message names it.
    """
    wanted, found = {task.key: task for task in tasks}, dict[str, Result]()
    for path in sorted(folder.glob("*.json")):
        if path.name.endswith(".times.json") or path.name == STORED or not tasks:
            continue
        digest, results = stored_results(path)
        for result in results if digest == tasks[0].digest else ():
            key = replace(tasks[0], run=result.run).key
            if key in wanted and (fitted := wanted[key].fitted(result)) is not None:
                found[key] = fitted
    for key, task in wanted.items():
        if key not in found and (record := task.stored()) is not None:
            found[key] = record
    return found


def _say_commits(results: Mapping[str, Result], now: str | None, folder: Path) -> None:
    """Say so if results in the folder are of another commit; they are kept."""
    others = Counter(str(result.commit) for result in results.values() if result.commit != now)
    if others:
        named = ", ".join(f"{count} of commit {name}" for name, count in sorted(others.items()))
        print(f"{folder} holds results of another commit than {now}: {named}; they are kept and not repeated (choose "
              "another folder by --out to make them anew)", file=sys.stderr)


def _write(experiment: Experiment, plan: Plan, data: ImageData, results: list[Result], command: str,
           expected: int) -> None:
    """Write what is there."""
    header = {"experiment": experiment.name, "question": experiment.question, "command": command,
              "quick": plan.quick, "images": data.source, "sha256": data.digest, "runs": expected,
              "versions": versions()}
    machine = {"experiment": experiment.name, "date": date.today().isoformat(),
               "machine": f"{platform.machine()}, {os.cpu_count()} cores, {blas_kernels()}"}
    if results:
        write_results(plan.folder, experiment.name, header, machine, results)
