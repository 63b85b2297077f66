"""Tasks one after the other, side by side on this machine (joblib), or on an existing cluster (dask.distributed)."""
from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, Protocol

from manifold_opt.experiments.suite.experiment import Result
from manifold_opt.experiments.suite.source import source_version
from manifold_opt.experiments.suite.task import Task

__all__ = ["Finished", "on_cluster", "one_by_one", "side_by_side"]

Finished = Generator[tuple[int, Result], None, None]
"""Number and result of each task, as they are finished."""

PATIENCE = 10.0
"""Seconds until a cluster must have answered."""

LOSSES = 3
"""So many times in a row workers may be killed without a run being finished in between."""


class Performed(Protocol):
    """What a process can do by itself, from where it was left, such as a task of an experiment or a curve of a job."""

    def perform(self) -> Any:
        """Do it, and leave what it gives on disk."""


def one_by_one(tasks: Sequence[Task], on_epoch: Callable[[int, int], object] | None = None) -> Finished:
    """Do the tasks in this process.

    Parameters
    ----------
    tasks : sequence of Task
        The tasks.
    on_epoch : callable, optional
        Called with the number of the task and its number of complete epochs.

    Yields
    ------
    (int, Result)
    """
    for number, task in enumerate(tasks):
        yield number, task.perform(None if on_epoch is None else lambda epochs: on_epoch(number, epochs))


def side_by_side(tasks: Sequence[Performed], jobs: int) -> Generator[tuple[int, Any], None, None]:
    """Do the tasks in so many processes of this machine, each with one BLAS thread.

    Should a process be killed, new ones go on with what is unfinished, from the last checkpoints.

    Parameters
    ----------
    tasks : sequence of Performed
        The tasks.
    jobs : int
        Number of processes.

    Yields
    ------
    (int, object)
        Number of the task and what it gave.

    Raises
    ------
    ValueError
        If joblib is not installed.
    OSError
        If processes are killed again and again.
    """
    try:
        from joblib import Parallel, delayed, parallel_config
        from joblib.externals.loky.process_executor import TerminatedWorkerError
    except ImportError as error:
        raise ValueError(f"more than one job at a time needs the extra 'cluster' ({error.name} is missing): install "
                         "manifold_opt[cluster], or take --jobs 1") from error
    left, losses = dict(enumerate(tasks)), 0
    while left:
        with parallel_config("loky", inner_max_num_threads=1):
            finished = Parallel(n_jobs=jobs, return_as="generator_unordered", pre_dispatch="all", batch_size=1)(
                delayed(_numbered)(number, task) for number, task in left.items())
            try:
                for number, result in finished:
                    losses = 0
                    del left[number]
                    yield number, result
            except TerminatedWorkerError as error:
                losses += 1
                if losses >= LOSSES:
                    raise OSError(f"processes were killed {losses} times in a row (out of memory?): what is finished "
                                  "is kept, the same command goes on, fewer --jobs need less memory") from error


def on_cluster(tasks: Sequence[Task], address: str) -> Finished:
    """Do the tasks on the workers of a dask.distributed cluster.

    The scheduler gives the task of a killed worker to another one, which goes on from the checkpoint.

    Parameters
    ----------
    tasks : sequence of Task
        The tasks; their folder must be on a file system that all workers see.
    address : str
        Address of the scheduler, such as "tcp://127.0.0.1:8786".

    Yields
    ------
    (int, Result)

    Raises
    ------
    ValueError
        If distributed is not installed, or a worker has no or another version of the package.
    OSError
        If the cluster does not answer, or is lost.
    """
    try:
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise ValueError(f"a cluster needs the extra 'cluster' ({error.name} is missing): install "
                         "manifold_opt[cluster]") from error
    try:
        client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise OSError(f"the cluster at {address} must answer within {PATIENCE:.0f} s: {error}") from error
    try:
        _check_workers(client, address)
        futures = {client.submit(_numbered, number, task, key=f"{task.key}-{number}", pure=False): number
                   for number, task in enumerate(tasks)}
        for future in distributed.as_completed(futures, loop=client.loop):
            yield _result(future, address)
    finally:
        with suppress(OSError, TimeoutError):
            client.close(timeout=2)


def _result(future: Any, address: str) -> tuple[int, Result]:
    """The result of a finished future; errors of the run as they are, those of the cluster with its address."""
    from distributed import CancelledError, KilledWorker
    from distributed.comm.core import CommClosedError
    try:
        number, result = future.result()
    except KilledWorker as error:
        raise OSError(f"the cluster at {address} lost every worker that took up a run: {error}") from error
    except (CancelledError, CommClosedError) as error:
        raise OSError(f"the cluster at {address} was lost: what is finished is kept, the same command goes on with a "
                      "cluster that answers") from error
    return number, result


def _check_workers(client: Any, address: str) -> None:
    """There are workers, and all have the source of this process."""
    def version() -> Any:
        try:
            from manifold_opt.experiments.suite.source import source_version
        except ImportError:
            return None
        return source_version()

    try:
        client.wait_for_workers(1, timeout=PATIENCE)
        found = client.run(version)
    except (OSError, TimeoutError) as error:
        raise OSError(f"the cluster at {address} must have a worker within {PATIENCE:.0f} s: it has none") from error
    here = source_version()
    for worker, there in found.items():
        if there != here:
            raise ValueError(f"workers must have the version of the command, {here}: the worker {worker} has "
                             f"{there or 'no such package, or an older one'}")


def _numbered(number: int, task: Performed) -> tuple[int, Any]:
    return number, task.perform()
