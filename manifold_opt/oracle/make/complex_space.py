r"""The unitary spaces on arrays of balls: U(N) as the rotations of :math:`R^{2N}` that commute with the unit i.

A complex matrix a + ib is the real matrix [[a, -b], [b, a]], in which sums, products, inverses and exponentials are
those of the complex matrix, and the conjugate transpose is the transpose.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.make import balls

__all__ = ["ComplexSpace", "embedded", "parts_of"]


def embedded(arrays: Mapping[str, Array], name: str) -> Array:
    """The real matrix of a complex one, whose parts are given."""
    a, b = arrays[f"{name}_re"], arrays[f"{name}_im"]
    return np.asarray(np.concatenate([np.concatenate([a, -b], axis=1), np.concatenate([b, a], axis=1)]))


def parts_of(name: str, M: Array) -> dict[str, Array]:
    """The parts of the complex matrix of a real one."""
    rows, columns = M.shape[0] // 2, M.shape[1] // 2
    return {f"{name}_re": M[:rows, :columns], f"{name}_im": M[rows:, :columns]}


@final
@dataclass(frozen=True)
class ComplexSpace:
    """The complex Stiefel or Grassmann manifold; ``kind`` is one of the two names."""

    kind: str
    N: int
    n: int

    @property
    def is_grassmann(self) -> bool:
        """Whether A = 0."""
        return self.kind.endswith("grassmann")

    @property
    def frame(self) -> Array:
        """Indices of the real columns that make up Y."""
        return np.concatenate([np.arange(self.n), self.N + np.arange(self.n)])

    @property
    def complement(self) -> Array:
        """Indices of the others."""
        return np.setdiff1d(np.arange(2 * self.N), self.frame)

    def random_section(self, random: Random) -> Array:
        """The Cayley transform of a random skew-Hermitian matrix."""
        X, Z = balls.draw(random, self.N, self.N), balls.draw(random, self.N, self.N)
        S = embedded({"S_re": balls.exact(X - X.T), "S_im": balls.exact(Z + Z.T)}, "S")
        E = balls.identity(2 * self.N)
        return balls.solve(E - S, E + S)

    def gradient(self, Y: Array, dL: Array) -> Array:
        r"""The Riemannian gradient XY, less its vertical part."""
        grad = self._full_gradient(Y, dL)
        return np.asarray(grad - Y @ (Y.T @ grad)) if self.is_grassmann else grad

    def lift_gradient(self, Lambda: Array, dL: Array) -> tuple[Array, Array]:
        r"""The blocks :math:`A = \frac12(Y^HD - (Y^HD)^H)`, with a diagonal that is exactly imaginary, and
        :math:`B = Y_\perp^HD` of D = XY.
        """
        Y = Lambda[:, self.frame]
        D = self._full_gradient(Y, dL)
        B = Lambda[:, self.complement].T @ D
        if self.is_grassmann:
            return balls.zeros(2 * self.n, 2 * self.n), B
        A = Y.T @ D
        A = (A - A.T) / 2
        np.fill_diagonal(A, balls.number(0))
        return A, B

    def _full_gradient(self, Y: Array, dL: Array) -> Array:
        # the two copies of Y count once
        X = dL @ Y.T
        return np.asarray((X - X.T) @ Y)

    def retract(self, retraction: str, A: Array, B: Array) -> Array:
        """The exponential or the Cayley transform of [[A, -B^H], [B, 0]]."""
        X = balls.zeros(2 * self.N, 2 * self.N)
        X[np.ix_(self.frame, self.frame)] = A
        X[np.ix_(self.complement, self.frame)] = B
        X[np.ix_(self.frame, self.complement)] = -B.T
        if retraction == "geodesic":
            return balls.exponential(X)
        E = balls.identity(2 * self.N)
        return balls.solve(E - X / 2, E + X / 2)
