"""The first fifty steps: tokens that become equal, a softmax that saturates, gradients that vanish."""
from __future__ import annotations

from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.trees import Tree, leaves
from manifold_opt.experiments.training import Training

__all__ = ["IMAGES", "STEPS", "first_steps", "token_rank", "token_spread"]

STEPS = 50
"""Steps that are looked at."""

IMAGES = 64
"""Test images that the network is looked at with."""

RANK = 1e-3
"""Singular values below this share of the largest one do not count."""


def first_steps(training: Training) -> dict[str, Any]:
    """What the network does with the same test images after each of the first steps.

    Parameters
    ----------
    training : Training
        A training that has not begun.

    Returns
    -------
    dict of str to list of float
        One number a step: ``loss`` of the batch; ``gradient``, the norm of all gradients; ``rank`` and ``spread`` of
        the tokens of an image behind the last block, means over the images; ``saturation``, the mean of the largest
        probability; ``answers``, the mean distance of an image's probabilities from those of the mean image.
    """
    x = training.test.sequences(training.settings.dtype, slice(IMAGES))
    names = ("loss", "gradient", "rank", "spread", "saturation", "answers")
    seen: dict[str, list[float]] = {name: [] for name in names}

    def look(loss: float, grads: Tree, params: Tree) -> None:
        if len(seen["loss"]) == STEPS:
            return
        y, cache = training.model.forward(params, x)
        z, y = np.asarray(cache.z, dtype=float), np.asarray(y, dtype=float)
        norm = np.sqrt(sum(float(np.sum(grad.astype(float)**2)) for _, grad in leaves(grads)))
        values = {"loss": loss, "gradient": norm, "rank": token_rank(z), "spread": token_spread(z),
                  "saturation": y.max(axis=1).mean(), "answers": np.linalg.norm(y - y.mean(axis=0), axis=1).mean()}
        for name, value in values.items():
            seen[name].append(float(f"{value:.4g}"))

    progress = training.start()
    while len(seen["loss"]) < STEPS and progress.record.epochs < STEPS:
        progress = training.epoch(progress, look)
    return dict(seen)


def token_rank(z: Array) -> float:
    """Mean over the images of the number of singular values of the tokens (tokens, width) that count."""
    sigma = np.linalg.svd(z, compute_uv=False)
    return float(np.mean(np.sum(sigma > RANK * sigma[:, :1], axis=1)))


def token_spread(z: Array) -> float:
    """Mean over the images of the norm of the tokens' differences from their mean, as a share of their norm.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.experiments.suite.first_steps import token_rank, token_spread
    >>> equal = np.ones((1, 4, 3))
    >>> token_rank(equal), token_spread(equal), token_rank(np.eye(3)[None])
    (1.0, 0.0, 3.0)
    """
    difference = np.linalg.norm(z - z.mean(axis=1, keepdims=True), axis=(1, 2))
    return float(np.mean(difference / np.maximum(np.linalg.norm(z, axis=(1, 2)), np.finfo(float).tiny)))
