r"""One step of a method in 100-digit arithmetic, every formula in its dense form.

Nothing here is shared with the fast code of the library but the adjoint: retractions act on the dense N x N element of
the Lie algebra, with an elimination for the Cayley transform and a Taylor series for the exponential.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any, final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.groups import Adjoint, SymplecticAdjoint, TransposeAdjoint
from manifold_opt.oracle import decimals
from manifold_opt.oracle.quantities import METHODS

__all__ = ["ExactSpace", "update", "velocity"]


@final
@dataclass(frozen=True)
class ExactSpace:
    r"""The formulas of one matrix space on object arrays; also of :math:`R^{N \times n}`, the Euclidean one.

    Paper: v4, sections 2 and 4.

    Parameters
    ----------
    kind : str
        "stiefel", "grassmann", "symplectic_stiefel", "symplectic_grassmann" or "euclidean".
    N, n : int
        Numbers of rows and columns.

    Examples
    --------
    >>> from random import Random
    >>> from manifold_opt.oracle import decimals
    >>> from manifold_opt.oracle.exact_step import ExactSpace
    >>> space = ExactSpace("symplectic_stiefel", 6, 2)
    >>> with decimals.context():
    ...     M = space.random_section(Random(0), condition=100)
    ...     defect = decimals.largest(space.adjoint(M) @ M - decimals.identity(6))
    >>> bool(defect < 1e-50)
    True
    """

    kind: str
    N: int
    n: int

    @property
    def is_euclidean(self) -> bool:
        """Whether this is the vector space, where every section is a translation."""
        return self.kind == "euclidean"

    @property
    def is_symplectic(self) -> bool:
        """Whether the group is Sp(2N)."""
        return self.kind.startswith("symplectic")

    @property
    def is_grassmann(self) -> bool:
        """Whether A = 0."""
        return self.kind.endswith("grassmann")

    @property
    def adjoint(self) -> Adjoint:
        """The adjoint of the group."""
        return SymplecticAdjoint() if self.is_symplectic else TransposeAdjoint()

    @property
    def frame(self) -> Array:
        """Indices of the columns of Lambda that make up Y."""
        return self.adjoint.frame(self.N, self.n)

    @property
    def complement(self) -> Array:
        """Indices of the other columns."""
        return self.adjoint.complement(self.N, self.n)

    def random_section(self, random: Random, condition: int = 1) -> Array:
        """An element of the group to 50 digits; of the given condition number if it is symplectic."""
        if self.is_euclidean:
            return decimals.exact(decimals.draw(random, self.N, self.n))
        U = self._random_isometry(random)
        if not self.is_symplectic:
            return U
        half = self.N // 2
        d = decimals.exact(1 + 0.25 * decimals.draw(random, half))
        d[0] = Decimal(condition).sqrt()
        return np.asarray(U * np.concatenate([d, 1 / d]) @ self._random_isometry(random))

    def _random_isometry(self, random: Random) -> Array:
        """The Cayley transform of a random skew-symmetric (and Hamiltonian) matrix."""
        X = decimals.draw(random, self.N, self.N)
        S = X - X.T
        if self.is_symplectic:
            half = self.N // 2
            T = X[half:, :half] + X[half:, :half].T
            S = np.block([[S[:half, :half], -T], [T, S[:half, :half]]])
        E, S = decimals.identity(self.N), decimals.exact(S)
        return decimals.solve(E - S, E + S)

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
        A = self.adjoint(Lambda[:, self.frame]) @ Delta
        A = decimals.exact(np.zeros((self.n, self.n))) if self.is_grassmann else (A - self.adjoint(A)) / 2
        return A, self.adjoint(Lambda[:, self.complement]) @ Delta

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
        X = decimals.exact(np.zeros((self.N, self.N)))
        X[np.ix_(self.frame, self.frame)] = A
        X[np.ix_(self.complement, self.frame)] = B
        X[np.ix_(self.frame, self.complement)] = -self.adjoint(B)
        return X

    def retract(self, retraction: str, A: Array, B: Array) -> Array:
        r"""The increment :math:`\exp(\bar B)` or :math:`(I - \frac12\bar B)^{-1}(I + \frac12\bar B)`."""
        X = self.dense(A, B)
        if self.is_euclidean:
            return X
        if retraction == "geodesic":
            return decimals.flushed(decimals.exponential(X))
        E = decimals.identity(self.N)
        return decimals.flushed(decimals.solve(E - X / 2, E + X / 2))

    def compose(self, Lambda: Array, R: Array) -> Array:
        r"""The product :math:`\Lambda R` of the group."""
        return np.asarray(Lambda + R if self.is_euclidean else Lambda @ R)


def update(method: str, hyper: Mapping[str, Any], G: Array, moments: Mapping[str, Array], t: int) -> dict[str, Array]:
    r"""The new moments: :math:`\alpha B_1 + B`, or the bias-corrected averages of B and :math:`B \odot B`.

    Paper: v4, sections 3 and 4.

    Parameters
    ----------
    method : str
        A key of `METHODS`.
    hyper : mapping
        The numbers of the method, as Python floats.
    G : numpy.ndarray
        A block of the gradient.
    moments : mapping
        The same block of the moments "B1" and "B2".
    t : int
        Number of the step, 1, 2, ...

    Returns
    -------
    dict of str to numpy.ndarray
        The same block of the new moments.

    Examples
    --------
    >>> from manifold_opt.oracle import decimals
    >>> from manifold_opt.oracle.exact_step import update
    >>> with decimals.context():
    ...     zero, G = decimals.exact([0.0]), decimals.exact([3.0])
    ...     new = update("adam", {"rho1": 0.9, "rho2": 0.99}, G, {"B1": zero, "B2": zero}, 1)
    >>> [float(value[0]) for value in new.values()]
    [3.0, 9.0]
    """
    if method == "momentum":
        return {"B1": np.asarray(Decimal(hyper["alpha"]) * moments["B1"] + G)}
    rhos = {name: Decimal(hyper[f"rho{name[1]}"]) for name in METHODS[method]}
    return {name: np.asarray(((rho - rho**t) * moments[name] + (1 - rho) * (G if name == "B1" else G * G))
                             / (1 - rho**t)) for name, rho in rhos.items()}


def velocity(method: str, hyper: Mapping[str, Any], G: Array, moments: Mapping[str, Array], t: int) -> Array:
    r"""The velocity :math:`-\eta B`, :math:`-\eta B_1` or :math:`-\eta B_1/(\sqrt{B_2} + \delta)`, from new moments.

    Paper: v4, sections 3 and 4.

    Parameters
    ----------
    method, hyper, G, t
        As in :func:`update`.
    moments : mapping
        The same block of the new moments.

    Returns
    -------
    numpy.ndarray

    Examples
    --------
    >>> from manifold_opt.oracle import decimals
    >>> from manifold_opt.oracle.exact_step import velocity
    >>> with decimals.context():
    ...     G = decimals.exact([3.0])
    ...     W = velocity("adam", {"learning_rate": 0.5, "delta": 1.0}, G, {"B1": G, "B2": G * G}, 1)
    >>> float(W[0])
    -0.375
    """
    rate = Decimal(hyper["learning_rate"]) if "learning_rate" in hyper else _decayed_rate(hyper, t)
    if not method.startswith("adam"):
        return np.asarray(-rate * moments.get("B1", G))
    return np.asarray(-rate * moments["B1"] / (np.sqrt(moments["B2"]) + Decimal(hyper["delta"])))


def _decayed_rate(hyper: Mapping[str, Any], t: int) -> Decimal:
    """The rate eta1 (eta2/eta1)^((t - 1)/(steps - 1)), and eta2 from the given step on."""
    eta1, eta2, steps = Decimal(hyper["eta1"]), Decimal(hyper["eta2"]), int(hyper["steps"])
    fraction = Decimal(min(t - 1, steps - 1)) / max(steps - 1, 1)
    return eta1 * (fraction * (eta2 / eta1).ln()).exp()
