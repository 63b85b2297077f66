"""Where free training breaks down: depth, gradients of the blocks, singular values of their Jacobians."""
from __future__ import annotations

from typing import Any, final

import numpy as np
from matplotlib.figure import Figure

from manifold_opt.arrays.checks import Array
from manifold_opt.experiments.settings import Settings
from manifold_opt.experiments.suite.drawing import finish
from manifold_opt.experiments.suite.experiment import Experiment, Result, Run, by_group, spread
from manifold_opt.experiments.training import Progress, Training
from manifold_opt.network import Workspace

__all__ = ["DepthExperiment", "block_jacobians", "gradient_norms"]

DEPTHS = (1, 2, 4, 8, 16, 32)


@final
class DepthExperiment(Experiment):
    """Adam with free and with constrained weights over the number of blocks.

    Paper: v4, section 5; the argument is that orthonormal weights keep gradients from vanishing.
    """

    name = "depth"
    question = "At which depth does free training break down, and is it the gradients that vanish?"

    def runs(self) -> list[Run]:
        """Both kinds of weights at every depth, two seeds."""
        return [Run(f"{'free' if free else 'constrained'}, L = {depth}",
                    Settings(blocks=depth, constrained=() if free else ("query", "key", "value"), seed=seed, epochs=4,
                             threads=1))
                for seed in (0, 1) for depth in DEPTHS for free in (True, False)]

    def diagnostics(self, training: Training, first: Progress, last: Progress) -> dict[str, Any]:
        """Gradient norms and Jacobians of every block, before the first step and after the last."""
        return {when: {"gradient_norms": _rounded(gradient_norms(training, progress)),
                       "singular_values": _rounded(block_jacobians(training, progress))}
                for when, progress in (("first", first), ("last", last))}

    def draw(self, results: list[Result]) -> Figure:
        """Loss and accuracy over the depth; gradient norms and largest singular values over the blocks."""
        figure = Figure(figsize=(10, 7.5), layout="constrained")
        (loss, accuracy), (norms, singular) = figure.subplots(2, 2)
        for kind, color in (("free", "#D55E00"), ("constrained", "#0072B2")):
            groups = {name: group for name, group in by_group(results).items() if name.startswith(f"{kind},")}
            depths = [group[0].run.settings.blocks for group in groups.values()]
            final = {loss: [[result.record.final_loss for result in group] for group in groups.values()],
                     accuracy: [[100 * result.record.accuracies[-1] for result in group] for group in groups.values()]}
            for axes, values in final.items():
                low, middle, high = np.transpose([spread(seeds) for seeds in values])
                axes.plot(depths, middle, marker=".", color=color, label=f"{kind} weights")
                axes.fill_between(depths, low, high, color=color, alpha=0.2, linewidth=0)
            deepest = [group[0] for group in groups.values() if group[0].run.settings.blocks == min(16, max(depths))]
            for when, line in (("first", "-"), ("last", "--")):
                for result in deepest:
                    measured, label = result.diagnostics[when], f"{kind}, {when} step"
                    blocks = np.arange(1, result.run.settings.blocks + 1)
                    norms.semilogy(blocks, measured["gradient_norms"], line, color=color, marker=".", label=label)
                    largest = np.array(measured["singular_values"])[:, 2]
                    singular.semilogy(blocks, largest, line, color=color, marker=".", label=label)
        finish(loss, xlabel="blocks L", ylabel="training loss after 4 epochs", xscale="log", ylim=(0, None))
        finish(accuracy, xlabel="blocks L", ylabel="test accuracy in %", xscale="log", ylim=(0, 100))
        for axes in (loss, accuracy):
            axes.set_xticks(DEPTHS, [str(depth) for depth in DEPTHS])
            axes.minorticks_off()
        finish(norms, xlabel="block", ylabel="norm of the gradient of the block's weights", title="L = 16")
        finish(singular, xlabel="block", ylabel="largest singular value of the Jacobian", title="L = 16")
        for axes in (loss, norms):
            axes.legend(frameon=False, fontsize="small")
        return figure


def gradient_norms(training: Training, progress: Progress) -> Array:
    """Norm of the gradient of the weights of every block, on the first batch of images.

    Parameters
    ----------
    training : Training
        The training.
    progress : Progress
        Gives the parameters.

    Returns
    -------
    numpy.ndarray
        Array (blocks,).
    """
    images = np.arange(min(training.settings.batch_size, len(training.train.labels)))
    x, target = (part(training.settings.dtype, images) for part in (training.train.sequences, training.train.targets))
    _, grads = training.model.loss_and_gradient(training.params(progress.state), x, target, training.settings.loss)
    squares = [np.sum(np.reshape(grad, (len(grad), -1)).astype(float)**2, axis=1) for grad in grads["blocks"].values()]
    return np.asarray(np.sqrt(np.sum(squares, axis=0)))


def block_jacobians(training: Training, progress: Progress) -> Array:
    """Singular values of the Jacobian of every block at the first training image: smallest, median and largest.

    The rows of the Jacobian are pullbacks of unit vectors, all in one batch of copies of the image.

    Parameters
    ----------
    training : Training
        The training.
    progress : Progress
        Gives the parameters.

    Returns
    -------
    numpy.ndarray
        Array (blocks, 3).
    """
    weights = training.params(progress.state)["blocks"]
    x = training.train.sequences(training.settings.dtype, np.arange(1))
    size, workspace = x[0].size, Workspace()
    units = np.eye(size, dtype=x.dtype).reshape(size, *x.shape[1:])
    values = []
    for block in range(training.settings.blocks):
        layer = [{name: stack[block] for name, stack in weights.items()}]
        copies = np.ascontiguousarray(np.broadcast_to(x, units.shape))
        y, cache = training.model.layers.forward(layer, copies, workspace)
        _, rows = training.model.layers.backward(layer, cache, units, workspace)
        sigma = np.linalg.svd(rows.reshape(size, size).astype(float), compute_uv=False)
        values.append([sigma[-1], np.median(sigma), sigma[0]])
        x = y[:1].copy()
    return np.array(values)


def _rounded(values: Array) -> Any:
    """Nested lists of numbers with four significant digits."""
    return np.vectorize(lambda value: float(f"{value:.4g}"))(values).tolist()
