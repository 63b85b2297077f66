"""What the spaces of matrices share: every formula once, in the adjoint of the group."""
from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, check_array, check_trailing_shape
from manifold_opt.groups.adjoint import Adjoint
from manifold_opt.groups.base import MatrixGroup
from manifold_opt.sections.global_section import GlobalSection, TransportedSection
from manifold_opt.sections.inverse_cayley import inverse_cayley
from manifold_opt.sections.reflector import ReflectorSection
from manifold_opt.spaces.base import HomogeneousSpace
from manifold_opt.tangent import MatrixTangentSpace

__all__ = ["MatrixSpace"]


class MatrixSpace(HomogeneousSpace):
    r"""A space of points (or representatives) :math:`Y \in R^{N \times n}` with :math:`Y^*Y = I`.

    A subclass names its group and its global tangent space and gives the operator :meth:`flat` of its metric and the
    dense lift; gradient, projection and metric follow, since with the operator :math:`\mathcal G_Y` of
    :math:`g_Y(\Delta_1, \Delta_2) = \mathrm{Tr}(\Delta_1^T\mathcal G_Y\Delta_2)` the projection of Z is the gradient
    of :math:`\mathcal G_YZ`.

    Paper: v4, section 2; source of the symplectic half: Bendokat and Zimmermann, arXiv:2108.12447.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> space, rng = Stiefel(6, 2), np.random.default_rng(0)
    >>> Y = space.random_point(rng)
    >>> Z = rng.normal(size=(6, 2))
    >>> np.allclose(space.project_tangent(Y, Z), space.riemannian_gradient(Y, space.flat(Y, Z)))
    True
    """

    group: MatrixGroup
    tangent_space: MatrixTangentSpace

    def __init__(self, group: MatrixGroup, tangent_space: MatrixTangentSpace) -> None:
        self.group, self.tangent_space = group, tangent_space
        self.shape = (tangent_space.N, tangent_space.n)

    @property
    def adjoint(self) -> Adjoint:
        """The adjoint of the group."""
        return self.group.adjoint

    @final
    def canonical_point(self, dtype: npt.DTypeLike = np.float64) -> Array:
        """The canonical point E (N, n): the frame columns of the identity."""
        return np.ascontiguousarray(self.group.identity(dtype)[:, self.adjoint.frame(*self.shape)])

    @final
    def point_defect(self, Y: Array) -> Array:
        r"""The Frobenius norm of :math:`Y^*Y - I`, of shape (...)."""
        self._check("Y", Y)
        return np.asarray(np.linalg.norm(self.adjoint(Y) @ Y - np.eye(self.shape[1], dtype=Y.dtype), axis=(-2, -1)))

    @final
    def tangent_defect(self, Y: Array, Delta: Array) -> Array:
        r"""The Frobenius norm of :math:`Y^*\Delta + \Delta^*Y`, or of what else must vanish in :math:`Y^*\Delta`."""
        A = self.adjoint(self._check("Y", Y)) @ self._check("Delta", Delta)
        return np.asarray(np.linalg.norm(self.tangent_space.frame_defect(A), axis=(-2, -1)))

    @abstractmethod
    def flat(self, Y: Array, Z: Array) -> Array:
        r"""The operator :math:`\mathcal G_YZ` of the metric,
        :math:`g(Z_1, Z_2) = \mathrm{Tr}(Z_1^T\mathcal G_YZ_2)`.
        """

    @final
    def metric(self, Y: Array, Delta1: Array, Delta2: Array) -> Array:
        r"""The metric :math:`\mathrm{Tr}(\Delta_1^T\mathcal G_Y\Delta_2)` at Y, of shape (...)."""
        self._check("Y", Y)
        return np.asarray(np.sum(self._check("Delta1", Delta1) * self.flat(Y, self._check("Delta2", Delta2)),
                                 axis=(-2, -1)))

    @final
    def project_tangent(self, Y: Array, Z: Array) -> Array:
        """The projection of Z (..., N, n) onto the tangent space at Y, orthogonal with respect to the metric."""
        self._check("Z", Z)
        return self.tangent_space.drop_vertical(Y, self._project(Y, Z))

    @final
    def riemannian_gradient(self, Y: Array, dL: Array) -> Array:
        r"""The gradient :math:`XY` with :math:`X = 2P_{\mathfrak g}(\nabla L\,Y^T)`, in every space.

        It is :math:`\nabla L - Y\nabla L^TY` on Stiefel and :math:`\nabla L\,Y^TY + JY\nabla L^TJY` on symplectic
        Stiefel; on the Grassmann kinds the vertical part is dropped, which is exact when L depends on the span only.

        Parameters
        ----------
        Y, dL : numpy.ndarray
            Points and Euclidean gradients (..., N, n).

        Returns
        -------
        numpy.ndarray
            Tangent vectors (..., N, n) with :math:`g(\mathrm{grad}\,L, \Delta) = \mathrm{Tr}(\nabla L^T\Delta)`.
        """
        return self.tangent_space.drop_vertical(self._check("Y", Y), self._full_gradient(Y, self._check("dL", dL)))

    @final
    def global_section(self, Y: Array, kind: str = "transported") -> GlobalSection:
        """The deterministic section over Y.

        Parameters
        ----------
        Y : numpy.ndarray
            Points (..., N, n).
        kind : {"transported", "reflector"}
            Whether the section is carried along as a group element, or recomputed from Y without N x N arrays.

        Returns
        -------
        GlobalSection

        Raises
        ------
        ValueError
            If Y is off the space, the kind is unknown, or the section does not exist at Y (symplectic spaces).
        """
        self.check_point(Y)
        if kind == "transported":
            return TransportedSection.from_point(Y, self.tangent_space)
        if kind == "reflector":
            return ReflectorSection(Y, self.tangent_space)
        raise ValueError(f"kind must be one of transported, reflector: got {kind!r}")

    @final
    def load_section(self, arrays: Mapping[str, Array], kind: str) -> GlobalSection:
        """The section from its arrays Y and Y_perp, or Y and O if it is a reflector."""
        Y, (N, n) = self._check("stored Y", arrays["Y"]), self.shape
        if kind == "reflector":
            O = check_trailing_shape("stored O", check_array("stored O", arrays["O"]), (n, n))
            return ReflectorSection(Y, self.tangent_space, O=O)
        Y_perp = check_trailing_shape("stored Y_perp", check_array("stored Y_perp", arrays["Y_perp"]), (N, N - n))
        return TransportedSection(Y, Y_perp, self.tangent_space)

    @final
    def inverse_cayley(self, Y: Array, Q: Array) -> Array:
        r"""The tangent vector at Y whose Cayley retraction is Q: the closed-form inverse of :meth:`cayley`.

        With :math:`a = Y^*Q` and :math:`b = Y_\perp^*Q` one has :math:`M^{-1} = \frac12(a + I)`, :math:`B = bM` and
        :math:`A = 2(I + \frac14B^*B - M)`; :math:`Y_\perp B = (Q - Ya)M` takes no completion. On the Grassmann kinds
        Q is first replaced by the representative for which :math:`Y^*Q` is the positive factor of its polar
        decomposition (the self-adjoint one with eigenvalues in the right half plane), so that A = 0 and the result
        does not depend on the representative of Q.

        Parameters
        ----------
        Y, Q : numpy.ndarray
            Points (..., N, n).

        Returns
        -------
        numpy.ndarray
            Tangent vectors (..., N, n).

        Raises
        ------
        ValueError
            If Y or Q is off the space, or the inverse is undefined: where -1 is an eigenvalue of :math:`Y^*Q`, on the
            symplectic Grassmann manifold where :math:`Y^*Q` has no polar decomposition.

        Examples
        --------
        >>> import numpy as np
        >>> from manifold_opt import Stiefel
        >>> space, rng = Stiefel(6, 3), np.random.default_rng(0)
        >>> Y, Q = space.random_point(rng, (2,))
        >>> np.allclose(space.cayley(Y, space.inverse_cayley(Y, Q)), Q)
        True
        """
        self.check_point(Y)
        self.check_point(Q, "Q")
        return inverse_cayley(Y, Q, self.tangent_space)

    _point_requirement = "Y*Y = I"

    @property
    def _tangent_requirement(self) -> str:
        return self.tangent_space.tangent_requirement

    def _full_gradient(self, Y: Array, dL: Array) -> Array:
        """XY with X = dL Y^T - (dL Y^T)*, without forming X."""
        Yt = np.swapaxes(Y, -1, -2)
        adjoint = self.adjoint
        return np.asarray(dL @ (Yt @ Y) - adjoint(Yt) @ (adjoint(dL) @ Y))

    def _project(self, Y: Array, Z: Array) -> Array:
        """The projection onto the solutions of Y*Z + Z*Y = 0, orthogonal with respect to the metric."""
        return np.asarray(Z - 0.5 * Y @ (self.adjoint(Y) @ Z + self.adjoint(Z) @ Y))
