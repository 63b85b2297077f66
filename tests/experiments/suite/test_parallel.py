"""Side by side and on a cluster: the same bytes, killed workers, lost schedulers, other versions."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from manifold_opt.experiments.suite import parallel, run_experiment
from manifold_opt.experiments.suite.page import write_section

ROOT = Path(__file__).parents[3]
FILES = ("tiny.json", "tiny.txt", "tiny.png", "tiny.inc")
LIMIT, LONG = 60.0, 30
ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore",
               "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def contents(folder):
    return {name: (folder / name).read_bytes() for name in FILES}


def all_files(experiment, plan):
    run_experiment(experiment, plan)
    write_section(experiment, plan.folder)
    return contents(plan.folder)


def wait_for(condition, what):
    """Wait until a condition holds, for a minute at most."""
    end = time.monotonic() + LIMIT
    while not (found := condition()):
        assert time.monotonic() < end, f"waited {LIMIT:.0f} s for {what}"
        time.sleep(0.02)
    return found


def _heed_interrupts() -> None:
    """What a shell starts in the background ignores Ctrl-C, and so do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def process(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ended, come what may."""
    started = subprocess.Popen([sys.executable, *command], env=ENVIRONMENT, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True, preexec_fn=_heed_interrupts)
    try:
        yield started
    finally:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGKILL)
        started.wait(LIMIT)


@contextmanager
def scheduler(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A scheduler on a port that the system chooses."""
    file = folder / "scheduler.json"
    file.unlink(missing_ok=True)
    with process("-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                 "--scheduler-file", str(file)) as started:
        import json
        yield wait_for(lambda: file.exists() and file.stat().st_size and json.loads(file.read_text()),
                       "the scheduler")["address"], started


def worker(address: str, folder: Path, *preload: str):
    """A worker of one thread, without a nanny that would start it again."""
    return process("-m", "distributed.cli.dask_worker", address, "--no-nanny", "--nthreads", "1", "--no-dashboard",
                   "--host", "127.0.0.1", "--local-directory", str(folder), *preload)


def wait_for_workers(address: str, count: int) -> None:
    """Wait until so many workers have found their scheduler, which takes long on a busy machine."""
    from distributed import Client
    with Client(address, timeout=LIMIT, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=LIMIT)


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and two workers, each in a process of its own."""
    pytest.importorskip("distributed")
    with scheduler(tmp_path) as (address, head), worker(address, tmp_path / "one") as one, \
            worker(address, tmp_path / "two") as two:
        wait_for_workers(address, 2)
        yield address, head, one, two


def test_two_jobs_write_the_same_bytes_as_one(tiny, plan):
    pytest.importorskip("joblib")
    one = all_files(tiny, replace(plan, folder=plan.folder / "one"))
    assert all_files(tiny, replace(plan, folder=plan.folder / "two", jobs=2)) == one


def test_a_killed_process_is_replaced(tiny, plan):
    pytest.importorskip("joblib")
    whole = all_files(tiny, replace(plan, folder=plan.folder / "whole"))
    tiny.epochs, killed = LONG, []
    task_folder = plan.folder / "runs"

    def kill() -> None:
        from joblib.externals.loky import reusable_executor
        wait_for(lambda: list(task_folder.glob("*.npz")), "a checkpoint")
        killed.append(next(iter(reusable_executor._executor._processes)))
        os.kill(killed[0], signal.SIGKILL)

    hand = threading.Thread(target=kill)
    hand.start()
    results = run_experiment(tiny, replace(plan, jobs=2))
    hand.join(LIMIT)
    assert killed and [result.record.epochs for result in results] == [LONG] * 6
    tiny.epochs = 3
    assert all_files(tiny, plan) == whole


def test_processes_killed_again_and_again_are_an_error(tiny, plan, monkeypatch):
    pytest.importorskip("joblib")
    monkeypatch.setattr(parallel, "_numbered", _suicide)
    with pytest.raises(OSError, match="killed 3 times in a row"):
        run_experiment(tiny, replace(plan, jobs=2))


def _suicide(number, task):
    os.kill(os.getpid(), signal.SIGKILL)


def test_without_the_extra_it_is_named(tiny, plan, monkeypatch):
    monkeypatch.setitem(sys.modules, "joblib", None)
    monkeypatch.setitem(sys.modules, "distributed", None)
    for change in ({"jobs": 2}, {"cluster": "tcp://127.0.0.1:1"}):
        with pytest.raises(ValueError, match=r"the extra 'cluster'.*manifold_opt\[cluster\]"):
            run_experiment(tiny, replace(plan, **change))
    assert len(run_experiment(tiny, plan)) == 6


def test_a_cluster_writes_the_same_bytes_though_a_worker_is_killed(tiny, plan, cluster):
    address, _, one, _ = cluster
    whole = all_files(tiny, replace(plan, folder=plan.folder / "whole"))
    tiny.epochs = LONG

    def kill() -> None:
        wait_for(lambda: len(list((plan.folder / "runs").glob("*.npz"))) == 2, "two checkpoints")
        os.kill(one.pid, signal.SIGKILL)

    hand = threading.Thread(target=kill)
    hand.start()
    results = run_experiment(tiny, replace(plan, cluster=address))
    hand.join(LIMIT)
    assert one.wait(LIMIT) == -signal.SIGKILL
    assert [result.record.epochs for result in results] == [LONG] * 6
    tiny.epochs = 3
    assert all_files(tiny, replace(plan, cluster=address)) == whole


def test_a_lost_scheduler_is_an_error_and_the_command_goes_on(tiny, plan, cluster):
    address, head, *_ = cluster
    tiny.epochs = LONG

    def kill() -> None:
        wait_for(lambda: list((plan.folder / "runs").glob("*.json")), "a finished run")
        os.kill(head.pid, signal.SIGKILL)

    hand = threading.Thread(target=kill)
    hand.start()
    with pytest.raises(OSError, match=f"the cluster at {address} was lost"):
        run_experiment(tiny, replace(plan, cluster=address))
    hand.join(LIMIT)
    done = {path.name: path.stat().st_mtime_ns for path in (plan.folder / "runs").glob("*.json")}
    assert done
    assert [result.record.epochs for result in run_experiment(tiny, plan)] == [LONG] * 6
    assert all((plan.folder / "runs" / name).stat().st_mtime_ns == made for name, made in done.items())


def test_a_cluster_that_does_not_answer_is_named(tiny, plan, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(parallel, "PATIENCE", 1.0)
    begin = time.monotonic()
    with pytest.raises(OSError, match="the cluster at tcp://127.0.0.1:9 must answer within 1 s"):
        run_experiment(tiny, replace(plan, cluster="tcp://127.0.0.1:9"))
    assert time.monotonic() - begin < 20


def test_workers_of_another_version_are_refused(tiny, plan, tmp_path):
    pytest.importorskip("distributed")
    preload = tmp_path / "other.py"
    preload.write_text("import manifold_opt.experiments.suite.source as source\n"
                       "source.source_version = lambda: '0.0.9 (source 0123)'\n")
    with scheduler(tmp_path) as (address, _), worker(address, tmp_path / "one", "--preload", str(preload)):
        wait_for_workers(address, 1)
        with pytest.raises(ValueError, match=r"version of the command, 0\.[0-9.]+ \(source \w+\).*0\.0\.9 \(source"):
            run_experiment(tiny, replace(plan, cluster=address))


def test_ctrl_c_ends_all_processes_and_the_command_goes_on(tiny, plan, images):
    pytest.importorskip("joblib")
    command = ["-m", "manifold_opt", "experiments", "spaces", "--data", images, "--jobs", "2", "--out",
               str(plan.folder), "--only", "St(7, 49), head by head", "Gr(7, 49), head by head", "--seeds"]
    # so many runs that the signal arrives before the last one ends; afterwards few seeds are enough
    with process(*command, "10") as started:
        wait_for(lambda: list((plan.folder / "runs").glob("*.json")), "a finished run")
        os.killpg(started.pid, signal.SIGINT)
        assert started.wait(LIMIT) == 130
        wait_for(lambda: not alive(started.pid), "the end of its processes")
    done = {path.name: path.stat().st_mtime_ns for path in (plan.folder / "runs").glob("*.json")}
    assert 1 <= len(done) < 20
    with process(*command, "2") as again:
        assert again.wait(2 * LIMIT) == 0
    records = {path.name: path.stat().st_mtime_ns for path in (plan.folder / "runs").glob("*.json")}
    assert len(records) >= 4 and done.items() <= records.items()


def alive(group: int) -> bool:
    """Whether a process of the group is still there."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
