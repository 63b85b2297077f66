"""What a user adds from outside: a third group with its space, and a fourth kind of global tangent space."""
from __future__ import annotations

from typing import final

import numpy as np

from manifold_opt.arrays.checks import check_sampling
from manifold_opt.groups import Adjoint, MatrixGroup, OrthogonalGroup
from manifold_opt.groups.orthogonal import random_orthonormal
from manifold_opt.spaces import MatrixSpace, PseudoRiemannianSpace
from manifold_opt.tangent import MatrixTangentSpace, ReductiveTangentSpace


def transposed(M):
    return np.swapaxes(M, -1, -2)


@final
class SignatureAdjoint(Adjoint):
    """M* = eta_q M^T eta_p for blocks (p, q), where the last `minus` signs of eta are negative, if it has more."""

    is_compact = False

    def __init__(self, minus):
        self.minus = minus

    def signs(self, size, dtype=np.float64):
        signs = np.ones(size, dtype)
        if size > self.minus:
            signs[size - self.minus:] = -1
        return signs

    def __call__(self, M):
        p, q = (self.signs(size, M.dtype) for size in M.shape[-2:])
        return q[:, None] * transposed(M) * p

    def frame(self, N, n):
        return np.arange(n)

    def check_size(self, name, size):
        return size

    def coordinates(self, A):
        """The entries below the diagonal: they determine those above up to sign, so each occurs twice."""
        return A[(..., *np.tril_indices(A.shape[-1], -1))]

    def from_coordinates(self, c, n):
        A = np.zeros((*c.shape[:-1], n, n), c.dtype)
        A[(..., *np.tril_indices(n, -1))] = c
        return A - self(A)

    def complete(self, Y):
        """An orthonormal basis of {x : Y^T eta x = 0}, turned into eigenvectors of the form, positive ones first."""
        n = Y.shape[-1]
        eta = self.signs(Y.shape[-2], Y.dtype)[:, None]
        K = np.linalg.qr(eta * Y, mode="complete")[0][..., n:]
        omega, V = np.linalg.eigh(transposed(K) @ (eta * K))
        largest = np.take_along_axis(V, np.argmax(np.abs(V), axis=-2)[..., None, :], axis=-2)
        return (K @ (V * np.sign(largest) / np.sqrt(np.abs(omega))[..., None, :]))[..., ::-1]


@final
class IndefiniteOrthogonalGroup(MatrixGroup):
    """O(p, q) with p + q = N: the matrices with M^T eta M = eta."""

    def __init__(self, N, minus=2):
        self.adjoint = SignatureAdjoint(minus)
        super().__init__(N)

    def random(self, rng, batch=(), dtype=np.float64, *, condition=10.0):
        """Rotations of the positive and of the negative directions, with a boost of the condition number between."""
        batch, dtype = check_sampling(rng, batch, dtype)
        plus = self.N - self.adjoint.minus if self.N > self.adjoint.minus else self.N
        boost = np.zeros((self.N, self.N))
        if plus < self.N:
            boost[0, -1] = boost[-1, 0] = 0.5 * np.log(condition)
        turns = np.zeros((2, *batch, self.N, self.N))
        turns[..., :plus, :plus] = random_orthonormal(rng, (2, *batch, plus, plus))
        turns[..., plus:, plus:] = random_orthonormal(rng, (2, *batch, self.N - plus, self.N - plus))
        return (turns[0] @ self.exp(boost) @ turns[1]).astype(dtype)


@final
class IndefiniteStiefel(PseudoRiemannianSpace):
    """The Y (N, n) with Y^T eta Y = I, n <= q < N - n: frames of n vectors of positive length, O(p, q)/O(p - n, q)."""

    def __init__(self, N, n):
        group = IndefiniteOrthogonalGroup(N)
        super().__init__(group, ReductiveTangentSpace(group.adjoint, N, n))

    def random_point(self, rng, batch=(), dtype=np.float64):
        return self.group.random(rng, batch, dtype)[..., :self.shape[1]]


@final
class FlagTangentSpace(MatrixTangentSpace):
    """A in the algebra with zero diagonal blocks: what changes a flag, a chain of subspaces of the given sizes."""

    tangent_requirement = "Y*Delta in the algebra with zero diagonal blocks"

    def __init__(self, adjoint, N, sizes):
        super().__init__(adjoint, N, sum(sizes))
        self.sizes = tuple(sizes)
        block = np.repeat(np.arange(len(sizes)), sizes)
        self.outside = block[:, None] != block
        self.rows, self.columns = np.nonzero(np.tril(self.outside))

    def project_frame(self, a):
        return 0.5 * (a - self.adjoint(a)) * self.outside

    def frame_coordinates(self, A):
        return A[..., self.rows, self.columns]

    def frame_block(self, c):
        A = np.zeros((*c.shape[:-1], self.n, self.n), c.dtype)
        A[..., self.rows, self.columns] = c
        return A - self.adjoint(A)


@final
class Flag(MatrixSpace):
    """Flags in R^N: Y with orthonormal columns represents the spans of its first k1, k1 + k2, ... columns."""

    def __init__(self, N, *sizes):
        super().__init__(OrthogonalGroup(N), FlagTangentSpace(OrthogonalGroup.adjoint, N, sizes))

    def random_point(self, rng, batch=(), dtype=np.float64):
        batch, dtype = check_sampling(rng, batch, dtype)
        return random_orthonormal(rng, (*batch, *self.shape)).astype(dtype)

    def __repr__(self):
        return f"Flag({self.shape[0]}, {', '.join(map(str, self.tangent_space.sizes))})"
