"""The table of results."""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from manifold_opt.experiments.records import Record
from manifold_opt.experiments.rivals import RIVALS
from manifold_opt.experiments.settings import Settings

__all__ = ["table"]


def table(curves: Mapping[str, Settings], records: Mapping[str, Record]) -> str:
    """The results as a text table, one line for each curve.

    Parameters
    ----------
    curves : mapping of str to Settings
        Settings of the curves.
    records : mapping of str to Record
        Their records, of at least one epoch each.

    Returns
    -------
    str
        Mean loss over the last epoch, test accuracy at the end, largest orthogonality defect over the whole training
        in units of eps of the dtype, median time of an epoch.

    Examples
    --------
    >>> from manifold_opt.experiments import Record, paper_curves, table
    >>> print(table(paper_curves(["adam"]), {"adam": Record().extended([1.5, 1.0], 0.5, 3.0, 2.0)}))
    curve                 training loss  test accuracy  largest defect  seconds an epoch
    Adam on St(7, 49)            1.2500         50.0 %         3.0 eps               2.0
    """
    lines = [f"{'curve':<22}{'training loss':>13}{'test accuracy':>15}{'largest defect':>16}{'seconds an epoch':>18}"]
    width = max(22, *(len(settings.label) + 2 for settings in curves.values()))
    lines[0] = f"{'curve':<{width}}{lines[0][22:]}"
    for name, settings in curves.items():
        record = records[name]
        kept = settings.constrained and RIVALS[settings.rival].constrained
        defect = f"{max(record.defects):.1f} eps" if kept else "-"
        lines.append(f"{settings.label:<{width}}{record.final_loss:>13.4f}{100 * record.accuracies[-1]:>13.1f} %"
                     f"{defect:>16}{np.median(record.seconds):>18.1f}")
    return "\n".join(lines)
