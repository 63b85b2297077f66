"""One run: the loop over epochs and batches, the only place where network and optimizer meet."""
from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.trees import Tree, leaves
from manifold_opt.experiments.data import ImageData
from manifold_opt.experiments.records import Record
from manifold_opt.experiments.rivals import ArrayState
from manifold_opt.experiments.settings import Settings
from manifold_opt.network import Workspace
from manifold_opt.optimizers import OptimizerState

__all__ = ["DivergedError", "Progress", "Training"]

FIRST_WEIGHTS, BATCHES = 0, 1
"""What a stream of random numbers is for; the rest of its seed is the seed of the settings and the epoch."""


@final
@dataclass(frozen=True)
class Progress:
    """How far a run has come: the optimizer's state, which holds the parameters, and the record."""

    state: OptimizerState | ArrayState
    record: Record


class DivergedError(ValueError):
    """A training cannot go on: a parameter, a gradient or the output is not finite; `record` is that of its epochs."""

    def __init__(self, message: str, record: Record) -> None:
        super().__init__(message, record)
        self.record = record

    def __str__(self) -> str:
        return str(self.args[0])


@final
class Training:
    """The training of one transformer on one set of images.

    Parameters
    ----------
    settings : Settings
        What to train and how.
    data : ImageData
        Images and labels.

    Raises
    ------
    TypeError, ValueError
        If an argument is of another type, or images and settings do not fit each other.

    Examples
    --------
    >>> from manifold_opt.experiments import Settings, Training, load_images
    >>> training = Training(Settings(blocks=1, epochs=1), load_images("fashion"))
    >>> progress = training.epoch(training.start())
    >>> progress.record.epochs, len(progress.record.losses[0])
    (1, 4)
    """

    def __init__(self, settings: Settings, data: ImageData) -> None:
        for name, value, kind in (("settings", settings, Settings), ("data", data, ImageData)):
            if not isinstance(value, kind):
                raise TypeError(f"{name} must be of type {kind.__name__}: got {type(value).__name__}")
        self.settings = settings
        self.data = data
        self.train, self.test = data.training(settings.patch), data.testing(settings.patch)
        self.model = settings.model(data.classes)
        self.optimizer = settings.optimizer(self.model)
        self.spaces = settings.spaces(self.model)
        self.workspace = Workspace(settings.threads, settings.pieces)

    def start(self) -> Progress:
        """The first weights, drawn from the seed."""
        rng = np.random.default_rng([FIRST_WEIGHTS, self.settings.seed])
        return Progress(self.optimizer.init(self.settings.first_weights(self.model, rng)), Record())

    def params(self, state: OptimizerState | ArrayState) -> Tree:
        """Copies of the parameters."""
        return self.optimizer.params(state)

    def batches(self, epoch: int) -> Iterator[Array]:
        """Indices of the images of each batch of an epoch, in an order that seed and epoch determine."""
        rng = np.random.default_rng([BATCHES, self.settings.seed, epoch])
        order, size = rng.permutation(len(self.train.labels)), self.settings.batch_size
        return (order[first:first + size] for first in range(0, len(order), size))

    def epoch(self, progress: Progress, on_step: Callable[[float, Tree, Tree], object] | None = None) -> Progress:
        """One more epoch.

        Parameters
        ----------
        progress : Progress
            From :meth:`start`, from the epoch before, or from a checkpoint.
        on_step : callable, optional
            Called after each step with its loss, its gradients and the new parameters.

        Returns
        -------
        Progress

        Raises
        ------
        DivergedError
            If a parameter, a gradient or the output is not finite; the message names it, the epoch and the step. It is
            a ValueError.
        """
        state, losses = progress.state, list[float]()
        params = self.params(state)
        defect, begin = self.defect(params), time.perf_counter()
        for images in self.batches(progress.record.epochs):
            x, target = (part(self.settings.dtype, images) for part in (self.train.sequences, self.train.targets))
            try:
                loss, grads = self.model.loss_and_gradient(params, x, target, self.settings.loss, self.workspace)
                # the state that the epoch began with stays whole, should the epoch be interrupted
                params, state = self.optimizer.step(params, grads, state, overwrite=state is not progress.state)
            except ValueError as error:
                raise DivergedError(f"{self.settings.label}, epoch {progress.record.epochs + 1}, step "
                                    f"{len(losses) + 1}: {error}", progress.record) from error
            defect = max(defect, self.defect(params))
            losses.append(loss)
            if on_step is not None:
                on_step(loss, grads, params)
        seconds = time.perf_counter() - begin
        return Progress(state, progress.record.extended(losses, self.accuracy(params), defect, seconds))

    def accuracy(self, params: Tree) -> float:
        """Share of the test images that are classified correctly."""
        x = self.test.sequences(self.settings.dtype)
        predicted = self.model.predict(params, x, self.settings.batch_size, self.workspace)
        return float(np.mean(predicted == self.test.labels))

    def defect(self, params: Tree) -> float:
        """Largest departure of a weight from its space in units of eps of the dtype, evaluated in double precision.

        For rivals that let their weights leave the space it is their distance from it.
        """
        spaces, eps = dict(leaves(self.spaces)), float(np.finfo(self.settings.dtype).eps)
        return max(float(spaces[path].point_defect(Y.astype(np.float64)).max()) for path, Y in leaves(params)) / eps
