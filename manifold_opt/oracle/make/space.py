r"""The formulas of the spaces in their dense form, on arrays of balls.

Nothing here is shared with the code of the library: retractions act on the dense N x N element of the Lie algebra.
"""
from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle import conventions
from manifold_opt.oracle.make import balls

__all__ = ["DenseSpace"]


@final
@dataclass(frozen=True)
class DenseSpace:
    r"""A matrix space, or :math:`R^{N \times n}` as "euclidean"; ``kind`` is one of its five names."""

    kind: str
    N: int
    n: int

    @property
    def is_euclidean(self) -> bool:
        """Whether this is the vector space, where every section is a translation."""
        return self.kind == "euclidean"

    @property
    def is_symplectic(self) -> bool:
        """Whether the group is Sp(N2)."""
        return self.kind.startswith("symplectic")

    @property
    def is_grassmann(self) -> bool:
        """Whether A = 0."""
        return self.kind.endswith("grassmann")

    def adjoint(self, M: Array) -> Array:
        """The adjoint of a block."""
        return conventions.adjoint(self.kind, M)

    @property
    def frame(self) -> Array:
        """Indices of the columns of Lambda that make up Y."""
        return conventions.frame(self.kind, self.N, self.n)

    @property
    def complement(self) -> Array:
        """Indices of the other columns."""
        return conventions.complement(self.kind, self.N, self.n)

    def random_section(self, random: Random, condition: int = 1) -> Array:
        """An element of the group; of the given condition number if it is symplectic."""
        if self.is_euclidean:
            return balls.exact(balls.draw(random, self.N, self.n))
        U = self._random_isometry(random)
        if not self.is_symplectic:
            return U
        half = self.N // 2
        d = balls.exact(1 + 0.25 * balls.draw(random, half))
        d[0] = balls.number(condition).sqrt()
        return np.asarray(U * np.concatenate([d, 1 / d]) @ self._random_isometry(random))

    def _random_isometry(self, random: Random) -> Array:
        """The Cayley transform of a random skew-symmetric (and Hamiltonian) matrix."""
        X = balls.draw(random, self.N, self.N)
        S = X - X.T
        if self.is_symplectic:
            half = self.N // 2
            T = X[half:, :half] + X[half:, :half].T
            S = np.block([[S[:half, :half], -T], [T, S[:half, :half]]])
        E, S = balls.identity(self.N), balls.exact(S)
        return balls.solve(E - S, E + S)

    def point(self, Lambda: Array) -> Array:
        r"""The point :math:`Y = \Lambda E`."""
        return Lambda if self.is_euclidean else np.asarray(Lambda[:, self.frame])

    def gradient(self, Y: Array, dL: Array) -> Array:
        r"""The Riemannian gradient :math:`XY`, :math:`X = \nabla LY^T - (\nabla LY^T)^*`, less its vertical part."""
        if self.is_euclidean:
            return dL
        grad = self._full_gradient(Y, dL)
        return np.asarray(grad - Y @ (self.adjoint(Y) @ grad)) if self.is_grassmann else grad

    def lift(self, Lambda: Array, Delta: Array) -> tuple[Array, Array]:
        r"""The blocks :math:`A = \frac12(Y^*\Delta - (Y^*\Delta)^*)` (0 on Grassmann) and
        :math:`B = Y_\perp^*\Delta`.
        """
        if self.is_euclidean:
            return np.empty((0, 0), object), Delta
        return (balls.zeros(self.n, self.n) if self.is_grassmann
                else self.algebra_part(self.adjoint(Lambda[:, self.frame]) @ Delta),
                self.adjoint(Lambda[:, self.complement]) @ Delta)

    def algebra_part(self, A: Array) -> Array:
        r"""The part :math:`\frac12(A - A^*)` in the algebra, with exact zeros on a skew-symmetric diagonal."""
        A = (A - self.adjoint(A)) / 2
        if not self.is_symplectic:
            np.fill_diagonal(A, balls.number(0))
        return A

    def lift_gradient(self, Lambda: Array, dL: Array) -> tuple[Array, Array]:
        """The lift of the gradient."""
        return self.lift(Lambda, dL if self.is_euclidean else self._full_gradient(self.point(Lambda), dL))

    def _full_gradient(self, Y: Array, dL: Array) -> Array:
        X = dL @ Y.T
        return np.asarray((X - self.adjoint(X)) @ Y)

    def dense(self, A: Array, B: Array) -> Array:
        r"""The element :math:`[[A, -B^*], [B, 0]]` of the Lie algebra, placed as E is."""
        if self.is_euclidean:
            return B
        X = balls.zeros(self.N, self.N)
        X[np.ix_(self.frame, self.frame)] = A
        X[np.ix_(self.complement, self.frame)] = B
        X[np.ix_(self.frame, self.complement)] = -self.adjoint(B)
        return X

    def retract(self, retraction: str, A: Array, B: Array) -> Array:
        r"""The increment :math:`\exp(\bar B)` or :math:`(I - \frac12\bar B)^{-1}(I + \frac12\bar B)`."""
        return self.retract_dense(retraction, self.dense(A, B))

    def retract_dense(self, retraction: str, X: Array) -> Array:
        """The increment of a velocity given as a matrix."""
        if self.is_euclidean:
            return X
        if retraction == "geodesic":
            return balls.exponential(X)
        E = balls.identity(self.N)
        return balls.solve(E - X / 2, E + X / 2)

    def compose(self, Lambda: Array, R: Array) -> Array:
        r"""The product :math:`\Lambda R` of the group."""
        return np.asarray(Lambda + R if self.is_euclidean else Lambda @ R)
