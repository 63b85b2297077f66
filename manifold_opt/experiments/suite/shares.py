"""Which seeds train, for the command that trains one of them: from the stored results of the main table."""
from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from pathlib import Path

from manifold_opt.experiments.settings import Settings
from manifold_opt.experiments.shares import STORED, Share, write_shares
from manifold_opt.experiments.suite.claims import summary_of
from manifold_opt.experiments.suite.experiment import Result, by_group, trainings
from manifold_opt.experiments.suite.storage import stored_results

__all__ = ["shares_of", "write_stored_shares"]


def write_stored_shares(stored: Path) -> Path:
    """Write ``shares.json`` beside the results of the main table, or into the package if they are its documentation's.

    Parameters
    ----------
    stored : pathlib.Path
        Results of the main table, ``methods.json``.

    Returns
    -------
    pathlib.Path
        Where the shares are.

    Raises
    ------
    ValueError
        If the results are damaged.
    """
    digest, results = stored_results(stored)
    package = Path(str(resources.files("manifold_opt.experiments")))
    documented = package.parents[1] / "docs" / "experiments"
    path = package / "embedded" / STORED if stored.parent.resolve() == documented else stored.with_name(STORED)
    write_shares(path, str(json.loads(stored.read_text())["command"]), digest, shares_of(results))
    return path


def shares_of(results: list[Result]) -> list[Share]:
    """One share for each group of trainings, by the order of the seeds."""
    shares = []
    for group in by_group(trainings(results)).values():
        ordered = sorted(group, key=lambda result: result.run.settings.seed)
        summary = summary_of(ordered)
        shares.append(Share(replace(ordered[0].run.settings, seed=0, threads=Settings.threads),
                            tuple(result.run.settings.seed for result in ordered),
                            tuple(result.record.final_loss for result in ordered), summary.trained, summary.interval))
    return shares
