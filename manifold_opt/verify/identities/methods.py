"""Optimization methods against their closed forms and the textbook."""
from __future__ import annotations

from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.tangent import HorizontalElement
from manifold_opt.verify.identity import Bound, identity
from manifold_opt.verify.trial import NotCovered, Trial

__all__ = ["STEPS"]

ADAM = "v4, section 3 (Adam) and section 4; Kingma, Ba 2015, algorithm 1"
STEPS = 5
"""Number of steps after which Adam is compared with the textbook."""


@identity("adam: first step is the sign", "W_1 = -eta G / (|G| + delta)", r"W_1 = -\eta\,G/(|G| + \delta)", ADAM,
          Bound(10), needs=("global_section", "method"))
def first_step(trial: Trial) -> Array:
    """Entry by entry, relative to eta."""
    adam, (G, *_) = _adam(trial), _gradients(trial)
    W, _ = adam.update(G, adam.init(G), 1)
    expected = G.map(lambda B: -adam.learning_rate * B / (abs(B) + adam.delta))
    return np.asarray(_largest(trial, W - expected) / adam.learning_rate)


@identity("adam: the textbook algorithm",
          "W_t = -eta m^ / (sqrt(v^) + delta), m^ = m/(1 - rho1^t), v^ = v/(1 - rho2^t)",
          r"W_t = -\eta\,\hat m_t/(\sqrt{\hat v_t} + \delta)", ADAM, Bound(20), needs=("global_section", "method"))
def textbook(trial: Trial) -> Array:
    """Every velocity of a few steps with changing gradients, entry by entry on A and B, relative to eta."""
    adam, gradients = _adam(trial), _gradients(trial)
    moments = adam.init(gradients[0])
    m = v = 0.0 * gradients[0]
    worst = np.zeros(trial.batch)
    for t, G in enumerate(gradients, start=1):
        W, moments = adam.update(G, moments, t)
        m, v = adam.rho1 * m + (1 - adam.rho1) * G, adam.rho2 * v + (1 - adam.rho2) * G.square()
        m_hat, v_hat = m * (1 / (1 - adam.rho1**t)), v * (1 / (1 - adam.rho2**t))
        expected = -adam.learning_rate * m_hat.divide(v_hat.sqrt().shift(adam.delta))
        worst = np.maximum(worst, _largest(trial, W - expected) / adam.learning_rate)
    return worst


@identity("adam: velocities are horizontal", "W_t in g^hor", r"W_t \in \mathfrak g^{hor}", ADAM, Bound(10),
          needs=("global_section", "method"), where=("matrix spaces",))
def velocity_horizontal(trial: Trial) -> Array:
    """The algebra defect of the block A of the velocities, relative to eta."""
    adam, gradients = _adam(trial), _gradients(trial)
    moments, worst = adam.init(gradients[0]), np.zeros(trial.batch)
    for t, G in enumerate(gradients, start=1):
        W, moments = adam.update(G, moments, t)
        defect = trial.norm(W.A) if trial.is_grassmann else trial.norm(W.A + trial.adjoint(W.A))
        worst = np.maximum(worst, defect / adam.learning_rate)
    return worst


def _adam(trial: Trial) -> Any:
    missing = [name for name in ("learning_rate", "rho1", "rho2", "delta") if not hasattr(trial.method, name)]
    if missing:
        raise NotCovered("needs a method with " + ", ".join(missing))
    return trial.method


def _gradients(trial: Trial) -> list[HorizontalElement]:
    section = trial.section("transported")
    return [section.lift_gradient(trial.normal(f"gradient {t}", trial.shape)) for t in range(1, STEPS + 1)]


def _largest(trial: Trial, X: HorizontalElement) -> Array:
    """The largest entry of A and B."""
    blocks = [np.reshape(block, (*trial.batch, -1)) for block in (X.A, X.B)]
    return np.asarray(np.max(abs(np.concatenate(blocks, axis=-1)), axis=-1, initial=0.0))
