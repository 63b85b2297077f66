"""One run from its first weights, or from its checkpoint, to its last epoch."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from manifold_opt.experiments.checkpoint import load_checkpoint, save_checkpoint
from manifold_opt.experiments.training import Progress, Training

__all__ = ["train_run"]


def train_run(training: Training, checkpoint: Path | None = None, on_step: Callable[..., object] | None = None,
              on_epoch: Callable[[Progress], object] | None = None, epochs: int | None = None) -> Progress:
    """Train to the last epoch of the settings; whenever the process stops, the same call goes on from the checkpoint.

    Seed and rival are settings like the others: ``Training(replace(settings, seed=3, rival="muon"), data)``.

    Parameters
    ----------
    training : Training
        What to train.
    checkpoint : pathlib.Path, optional
        A file that is read first, if it is there, and written anew after every epoch.
    on_step, on_epoch : callable, optional
        Called after every step with loss, gradients and new parameters, and after every epoch with the progress, once
        its checkpoint is written.
    epochs : int, optional
        How far to go, if not to the last epoch of the settings.

    Returns
    -------
    Progress
        Its record follows from settings and data alone, but for the seconds.

    Raises
    ------
    TypeError, ValueError
        If `training` is no training, the checkpoint is damaged or belongs to another one, or a number is not finite.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from manifold_opt.experiments import Settings, Training, load_images, train_run
    >>> training = Training(Settings(rival="projected_adam", blocks=1, epochs=2), load_images("fashion"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "run.npz")
    ...     begun = train_run(training, path, epochs=1)
    ...     resumed = train_run(training, path)
    >>> resumed.record.losses == train_run(training).record.losses
    True
    """
    if not isinstance(training, Training):
        raise TypeError(f"training must be a Training: got {type(training).__name__}")
    progress = load_checkpoint(checkpoint, training) if checkpoint and checkpoint.exists() else training.start()
    while progress.record.epochs < (training.settings.epochs if epochs is None else epochs):
        progress = training.epoch(progress, on_step)
        if checkpoint:
            save_checkpoint(checkpoint, training, progress)
        if on_epoch is not None:
            on_epoch(progress)
    return progress
