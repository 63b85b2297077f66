"""One epoch of the default training: of this library, and of eager PyTorch with geoopt."""
from __future__ import annotations

from collections.abc import Callable

import geoopt
import torch
from benchmarks.torch_transformer import FORMS, PROJECTIONS, forward, relative_loss

from manifold_opt.experiments import Settings, Training, load_images

Epoch = Callable[[], float]


def library_epoch(settings: Settings) -> Epoch:
    """Epoch after epoch of the library's own training; the call returns the accuracy on the test images."""
    training = Training(settings, load_images())
    progress = training.start()

    def run() -> float:
        nonlocal progress
        progress = training.epoch(progress)
        return progress.record.accuracies[-1]
    return run


def torch_epoch(settings: Settings, form: str) -> Epoch:
    """The same in eager PyTorch: the same start, batches, loss and test, and geoopt's RiemannianAdam.

    The stacks of constrained weights are one parameter each on `EuclideanStiefel`. The images wait in memory as float32
    tensors, which is less work than the library's, which keeps bytes.
    """
    training = Training(settings, load_images())
    x, target = (torch.from_numpy(part(settings.dtype)) for part in (training.train.sequences, training.train.targets))
    test, labels = torch.from_numpy(training.test.sequences(settings.dtype)), torch.from_numpy(training.test.labels)
    start = training.params(training.start().state)
    blocks = {name: geoopt.ManifoldParameter(torch.from_numpy(Y.copy()), manifold=geoopt.EuclideanStiefel())
              if name in PROJECTIONS else torch.nn.Parameter(torch.from_numpy(Y.copy()))
              for name, Y in start["blocks"].items()}
    params = {"blocks": blocks, "classifier": torch.nn.Parameter(torch.from_numpy(start["classifier"].copy()))}
    optimizer = geoopt.optim.RiemannianAdam([*blocks.values(), params["classifier"]], lr=settings.learning_rate,
                                            betas=(0.9, 0.99), stabilize=settings.restore)
    epoch = 0

    def run() -> float:
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
            size = settings.batch_size
            predicted = [forward(params, test[i:i + size], form).argmax(dim=1) for i in range(0, len(test), size)]
        return float((torch.cat(predicted) == labels).double().mean())
    return run


def epochs(settings: Settings) -> dict[str, Epoch]:
    """All contenders."""
    return {"manifold_opt": library_epoch(settings), **{form: torch_epoch(settings, form) for form in FORMS}}
