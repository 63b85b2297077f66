"""What a run measures."""
from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, final

import matplotlib
import numpy as np
import scipy

from manifold_opt.version import __version__

__all__ = ["Record", "versions"]


@final
@dataclass(frozen=True)
class Record:
    """The measurements of one run, epoch by epoch.

    Attributes
    ----------
    losses : tuple of tuple of float
        Loss of every batch before its step, one tuple an epoch.
    accuracies : tuple of float
        Share of the test images that are classified correctly after each epoch.
    defects : tuple of float
        Largest Frobenius norm of Y*Y - I of any constrained weight before and after every step of each epoch, in
        units of eps of the dtype; evaluated in double precision. Where the weights are free it is their distance from
        the constraint, and no error.
    seconds : tuple of float
        Time of the steps of each epoch (without the test images).

    Examples
    --------
    >>> from manifold_opt.experiments.records import Record
    >>> record = Record().extended(losses=[1.5, 1.0], accuracy=0.5, defect=3.0, seconds=2.0)
    >>> record.epochs, record.final_loss, Record.from_dict(record.to_dict()) == record
    (1, 1.25, True)
    """

    losses: tuple[tuple[float, ...], ...] = ()
    accuracies: tuple[float, ...] = ()
    defects: tuple[float, ...] = ()
    seconds: tuple[float, ...] = ()

    @property
    def epochs(self) -> int:
        """Number of complete epochs."""
        return len(self.losses)

    @property
    def epoch_losses(self) -> list[float]:
        """Mean loss over the batches of each epoch."""
        return [float(np.mean(losses)) for losses in self.losses]

    @property
    def final_loss(self) -> float:
        """Mean loss over the batches of the last epoch."""
        return self.epoch_losses[-1]

    def extended(self, losses: Sequence[float], accuracy: float, defect: float, seconds: float) -> Record:
        """The record with one more epoch."""
        return replace(self, losses=(*self.losses, tuple(losses)), accuracies=(*self.accuracies, accuracy),
                       defects=(*self.defects, defect), seconds=(*self.seconds, seconds))

    def padded(self, epochs: int) -> Record:
        """The record up to so many epochs of a training that cannot go on: the loss is infinite, no answer is right."""
        missing = max(epochs - self.epochs, 0)
        return replace(self, losses=(*self.losses, *((np.inf,),) * missing),
                       accuracies=(*self.accuracies, *(0.0,) * missing),
                       defects=(*self.defects, *(self.defects[-1:] or (0.0,)) * missing))

    def to_dict(self) -> dict[str, Any]:
        """The record as a dictionary that JSON can hold; every number survives exactly."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Record:
        """The record from :meth:`to_dict`."""
        return cls(losses=tuple(map(tuple, record["losses"])), accuracies=tuple(record["accuracies"]),
                   defects=tuple(record["defects"]), seconds=tuple(record["seconds"]))


def versions() -> dict[str, str]:
    """Versions of the library, of Python and of what the numbers rest on, and the kind of machine."""
    return {"manifold_opt": __version__, "python": platform.python_version(), "numpy": np.__version__,
            "scipy": scipy.__version__, "matplotlib": matplotlib.__version__, "platform": platform.platform(),
            "processors": str(os.cpu_count())}
