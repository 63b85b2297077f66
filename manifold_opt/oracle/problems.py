"""Problems of the trajectories: losses and Euclidean gradients, in the arithmetic of their arguments."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array

__all__ = ["PROBLEMS", "loss_and_gradient"]

PROBLEMS = ("brockett", "procrustes", "symplectic_eigenvalues")
"""The names of the problems."""


def loss_and_gradient(problem: str, data: Mapping[str, Array], Y: Array) -> tuple[Any, Array]:
    r"""Loss and Euclidean gradient at a point, of floats or of balls, with the matrices M (and D, a vector) or P and Q.

    "brockett": :math:`\mathrm{Tr}(Y^TMYD)`; "procrustes": :math:`\frac12\|PY - Q\|^2`; "symplectic_eigenvalues":
    :math:`\mathrm{Tr}(Y^TMY)`.

    >>> import numpy as np
    >>> from manifold_opt.oracle.problems import loss_and_gradient
    >>> loss, gradient = loss_and_gradient("symplectic_eigenvalues", {"M": np.eye(2)}, np.eye(2))
    >>> float(loss), gradient.tolist()
    (2.0, [[2.0, 0.0], [0.0, 2.0]])
    """
    if problem == "procrustes":
        residual = data["P"] @ Y - data["Q"]
        return np.sum(residual * residual) / 2, data["P"].T @ residual
    MY = data["M"] @ Y * data["D"] if problem == "brockett" else data["M"] @ Y
    return np.sum(Y * MY), 2 * MY
