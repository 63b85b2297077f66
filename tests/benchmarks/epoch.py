"""One epoch of the default training: of this library, and of eager PyTorch with geoopt."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geoopt
import torch
from benchmarks.torch_transformer import forward, relative_loss

from manifold_opt import Adam
from manifold_opt.experiments import ImageData, Settings, Training, load_images

Epoch = Callable[[], tuple[list[float], float]]
"""Trains for one more epoch; losses of its steps, and accuracy on the test images at its end."""

FORMS = ("PyTorch, one product", "PyTorch, one product, fused attention")
"""The form with the heads as a batch axis takes twice as long, which the pass alone shows."""


def library_epoch(settings: Settings, data: ImageData) -> Epoch:
    """The library's own training."""
    training = Training(settings, data)
    progress = training.start()

    def run() -> tuple[list[float], float]:
        nonlocal progress
        progress = training.epoch(progress)
        return list(progress.record.losses[-1]), progress.record.accuracies[-1]
    return run


def torch_epoch(settings: Settings, data: ImageData, form: str) -> Epoch:
    """The same in eager PyTorch: the same start, batches, loss and test, and geoopt's RiemannianAdam.

    The stacks of constrained weights are one parameter each on `EuclideanStiefel`. The images wait in memory as
    floating-point tensors, which is less work than the library's, which keeps bytes.
    """
    training = Training(settings, data)
    x, target = (torch.from_numpy(part(settings.dtype)) for part in (training.train.sequences, training.train.targets))
    test = torch.from_numpy(training.test.sequences(settings.dtype))
    labels = torch.from_numpy(training.test.labels.copy())
    params, optimizer = parameters(training)
    epoch = 0

    def run() -> tuple[list[float], float]:
        nonlocal epoch
        losses = []
        for images in training.batches(epoch):
            chosen = torch.from_numpy(images)
            optimizer.zero_grad()
            loss = relative_loss(forward(params, x[chosen], form), target[chosen])
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
        epoch += 1
        with torch.no_grad():
            predicted = [forward(params, part, form).argmax(dim=1) for part in test.split(settings.batch_size)]
        return losses, float((torch.cat(predicted) == labels).double().mean())
    return run


def parameters(training: Training) -> tuple[Any, Any]:
    """The first weights as parameters of geoopt, and their optimizer."""
    settings, start = training.settings, training.params(training.start().state)
    blocks = {name: geoopt.ManifoldParameter(torch.from_numpy(Y.copy()), manifold=geoopt.EuclideanStiefel())
              if name in settings.constrained else torch.nn.Parameter(torch.from_numpy(Y.copy()))
              for name, Y in start["blocks"].items()}
    params = {"blocks": blocks, "classifier": torch.nn.Parameter(torch.from_numpy(start["classifier"].copy()))}
    adam = Adam(settings.learning_rate)
    return params, geoopt.optim.RiemannianAdam([*blocks.values(), params["classifier"]], lr=settings.learning_rate,
                                               betas=(adam.rho1, adam.rho2), eps=adam.delta,
                                               stabilize=settings.restore)


def epochs(settings: Settings) -> dict[str, Epoch]:
    """All contenders, on the packaged images."""
    data = load_images()
    return {"manifold_opt": library_epoch(settings, data),
            **{form: torch_epoch(settings, data, form) for form in FORMS}}
