"""The table of results."""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from manifold_opt.experiments.records import Record
from manifold_opt.experiments.rivals import RIVALS
from manifold_opt.experiments.settings import Settings
from manifold_opt.experiments.shares import Share, Shares

__all__ = ["table"]


def table(curves: Mapping[str, Settings], records: Mapping[str, Record], shares: Shares | None = None,
          digest: str = "") -> str:
    """The results as a text table, one line for each curve.

    Parameters
    ----------
    curves : mapping of str to Settings
        Settings of the curves.
    records : mapping of str to Record
        Their records, of at least one epoch each.
    shares : Shares, optional
        Stored shares of seeds that train, see :func:`manifold_opt.experiments.load_shares`.
    digest : str
        SHA-256 of the images: shares of other images are not shown.

    Returns
    -------
    str
        Mean loss over the last epoch, test accuracy at the end, largest orthogonality defect over the whole training
        in units of eps of the dtype, median time of an epoch; and where runs with the same settings and other seeds are
        stored, how many of them train, with its interval.

    Examples
    --------
    >>> from manifold_opt.experiments import Record, paper_curves, table
    >>> print(table(paper_curves(["adam"]), {"adam": Record().extended([1.5, 1.0], 0.5, 3.0, 2.0)}))
    curve                 training loss  test accuracy  largest defect  seconds an epoch
    Adam on St(7, 49)            1.2500         50.0 %         3.0 eps               2.0
    """
    width = max(22, *(len(settings.label) + 2 for settings in curves.values()))
    stored = {name: shares.of(settings, digest) for name, settings in curves.items()} if shares is not None else {}
    stored = stored if any(stored.values()) else {}
    lines = [f"{'curve':<{width}}{'training loss':>13}{'test accuracy':>15}{'largest defect':>16}"
             f"{'seconds an epoch':>18}" + (f"{'seeds that train':>22}" if stored else "")]
    for name, settings in curves.items():
        record = records[name]
        kept = settings.constrained and RIVALS[settings.rival].constrained
        defect = f"{max(record.defects):.1f} eps" if kept else "-"
        lines.append(f"{settings.label:<{width}}{record.final_loss:>13.4f}{100 * record.accuracies[-1]:>13.1f} %"
                     f"{defect:>16}{np.median(record.seconds):>18.1f}" + _stored(stored, name))
    if stored and shares is not None:
        lines.append("(A single run says little: training is bistable. Seeds that train, with the 95 % interval of "
                     f"their share, are stored runs with these settings, made by: {shares.command})")
    return "\n".join(lines)


def _stored(stored: Mapping[str, Share | None], name: str) -> str:
    """The cell of the stored share; empty without stored shares."""
    share = stored.get(name)
    return "" if not stored else f"{share.text if share else '-':>22}"
