"""Restoration: what rounding has left is taken away again."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array, RetractionError
from manifold_opt.arrays.matrix_functions import newton_schulz
from manifold_opt.groups.adjoint import Adjoint

__all__ = ["restored"]


def restored(M: Array, adjoint: Adjoint) -> Array:
    r"""One Newton-Schulz step for points or group elements M; RetractionError unless it contracts.

    It squares the defect :math:`S = M^*M - I`, of which it leaves :math:`-\frac34S^2 + \frac14S^3`, where the norm of S
    is below one half; beyond one it makes it larger.
    """
    defect = np.linalg.norm(adjoint(M) @ M - np.eye(M.shape[-1], dtype=M.dtype), axis=(-2, -1))
    # written so that NaN is an error
    if not np.all(defect < 0.5):
        raise RetractionError("restoration must start from M*M = I up to 0.5, where the Newton-Schulz step contracts: "
                              f"defect {np.max(defect):.1e}; take smaller steps, or restore more often")
    return newton_schulz(M, adjoint)
