"""What the spaces of matrices share: every formula once, in the adjoint of the group."""
from __future__ import annotations

from collections.abc import Mapping
from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, check_array, check_finite, check_trailing_shape
from manifold_opt.arrays.fields import inner, transposed
from manifold_opt.groups.adjoint import Adjoint
from manifold_opt.groups.base import MatrixGroup
from manifold_opt.sections.inverse_cayley import inverse_cayley
from manifold_opt.sections.reflector import ReflectorSection
from manifold_opt.sections.section import GlobalSection
from manifold_opt.sections.transported import TransportedSection
from manifold_opt.sections.transport import CONNECTIONS, levi_civita_transport
from manifold_opt.spaces.base import HomogeneousSpace
from manifold_opt.tangent import MatrixTangentSpace

__all__ = ["MatrixSpace", "half_reflected", "over"]


class MatrixSpace(HomogeneousSpace):
    r"""A space of points (or representatives) :math:`Y \in R^{N \times n}` with :math:`Y^*Y = I`.

    A space of your own names its group and its global tangent space, and draws random points; everything else follows
    from the adjoint. The metric is the one that the group induces, half the squared norm of the shortest element of the
    Lie algebra that maps Y to Delta,

    .. math::

        g_Y(\Delta, \Delta) = \tfrac12\|\Omega\|^2, \quad \Omega = X - X^*, \quad X = (\mathcal G_Y\Delta)Y^T,

    which is the canonical one on the quotients of O(N) and the right-invariant one on those of Sp(N2). Gradient and
    projection belong to it: the gradient of L is :math:`(X - X^*)Y` with :math:`X = \nabla L\,Y^T`, the projection of
    Z is the gradient of :math:`\mathcal G_YZ`. So a subclass must not define a metric of its own (TypeError); a space
    with another metric derives from :class:`~manifold_opt.spaces.HomogeneousSpace` and says what its gradient is.

    Paper: v4, section 2; source of the symplectic half: Bendokat and Zimmermann, arXiv:2108.12447.

    Parameters
    ----------
    group : MatrixGroup
        The group that acts.
    tangent_space : MatrixTangentSpace
        The global tangent space, which says how many columns a point has and what kind of quotient the space is.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> space, rng = Stiefel(6, 2), np.random.default_rng(0)
    >>> Y = space.random_point(rng)
    >>> Z = rng.normal(size=(6, 2))
    >>> np.allclose(space.project_tangent(Y, Z), space.riemannian_gradient(Y, space.metric_operator(Y, Z)))
    True
    >>> Delta = space.project_tangent(Y, Z)
    >>> X = space.metric_operator(Y, Delta) @ Y.T
    >>> Omega = space.horizontal_lift(Y, Delta)
    >>> np.allclose(Omega, X - X.T), bool(np.isclose(space.metric(Y, Delta, Delta), np.sum(Omega**2) / 2))
    (True, True)
    """

    group: MatrixGroup
    tangent_space: MatrixTangentSpace

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in ("flat", "metric", "metric_operator", "horizontal_lift", "project_tangent", "riemannian_gradient"):
            if name in vars(cls):
                raise TypeError(f"{cls.__name__} must not define {name}: the metric of a MatrixSpace follows from its "
                                "group; for another one derive from HomogeneousSpace")

    def __init__(self, group: MatrixGroup, tangent_space: MatrixTangentSpace) -> None:
        if group.adjoint != tangent_space.adjoint or group.N != tangent_space.N:
            raise ValueError(f"tangent_space must be that of {group!r}: got {tangent_space!r}")
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
        with np.errstate(over="ignore", invalid="ignore"):
            defect = self.adjoint(Y) @ Y - np.eye(self.shape[1], dtype=Y.dtype)
            return np.asarray(np.linalg.norm(defect, axis=(-2, -1)))

    @final
    def tangent_defect(self, Y: Array, Delta: Array) -> Array:
        r"""The Frobenius norm of :math:`Y^*\Delta + \Delta^*Y`, or of what else must vanish in :math:`Y^*\Delta`."""
        with np.errstate(over="ignore", invalid="ignore"):
            A = self.adjoint(self._check("Y", Y)) @ self._check("Delta", Delta)
            return np.asarray(np.linalg.norm(self.tangent_space.frame_defect(A), axis=(-2, -1)))

    @final
    def metric_operator(self, Y: Array, Z: Array) -> Array:
        r"""The operator :math:`\mathcal G_YZ` of the metric, :math:`g(Z_1, Z_2) = \mathrm{Tr}(Z_1^T\mathcal G_YZ_2)`.

        It is :math:`(I - \frac12YY^T)Z` on the quotients of O(N), where :math:`Y^TY = I`, and
        :math:`(I - \frac12PP^T)Z(Y^TY)^{-1}` in general, with :math:`Y = QR` and the orthonormal :math:`P = (Q^T)^*`.
        """
        F, _, R = self._dual(self._check("Y", Y), self._check("Z", Z))
        return F if R is None else over(F, transposed(R))

    @final
    def metric(self, Y: Array, Delta1: Array, Delta2: Array) -> Array:
        r"""The metric :math:`\mathrm{Tr}(\Delta_1^T\mathcal G_Y\Delta_2)` at Y, of shape (...)."""
        self._check("Y", Y)
        return inner(self._check("Delta1", Delta1), self.metric_operator(Y, self._check("Delta2", Delta2)), (-2, -1))

    @final
    def project_tangent(self, Y: Array, Z: Array) -> Array:
        """The projection of Z (..., N, n) onto the tangent space at Y, orthogonal with respect to the metric."""
        F, Q, R = self._dual(self._check("Y", Y), self._check("Z", Z))
        X_Q = F - self.adjoint(transposed(Q)) @ (self.adjoint(F) @ Q)
        return self.tangent_space.drop_vertical(Y, np.asarray(X_Q if R is None else X_Q @ R))

    @final
    def horizontal_lift(self, Y: Array, Delta: Array) -> Array:
        r"""The lift :math:`\Omega = X - X^*` with :math:`X = (\mathcal G_Y\Delta)Y^T`, of shape (..., N, N).

        On the quotients of O(N) it is :math:`(I - \frac12YY^T)\Delta Y^T - Y\Delta^T(I - \frac12YY^T)`, on those of
        Sp(N2) the right-invariant lift. It maps Y to Delta (on the symplectic Grassmann manifold to the representative
        of Delta that is orthogonal to the vertical vectors).
        """
        F, Q, _ = self._dual(self._check("Y", Y), self._check("Delta", Delta))
        X = F @ transposed(Q)
        return np.asarray(X - self.adjoint(X))

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
        dL, Yt, adjoint = self._check("dL", dL), transposed(self._check("Y", Y)), self.adjoint
        # XY with X = dL Y^T - (dL Y^T)*, which is not formed
        XY = np.asarray(dL @ (Yt @ Y) - adjoint(Yt) @ (adjoint(dL) @ Y))
        return self.tangent_space.drop_vertical(Y, XY)

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

    @final
    def parallel_transport(self, Y: Array, Delta: Array, Z: Array, connection: str = "levi_civita") -> Array:
        r"""The tangent vector that Z becomes on the way from Y along :meth:`geodesic` to its end.

        With the representations X and W of Delta and Z over :math:`\Lambda` it is
        :math:`\Lambda\exp(X)W(1)E`. In the *canonical* connection of the reductive space W stays as it is: that is what
        a transported section does with the moments of a method. In the *Levi-Civita* connection, the one without
        torsion, :math:`W' = -\frac12[X, W]_{hor}`. Both preserve the metric (where the group is not compact, the
        bi-invariant pseudo-Riemannian one, whose geodesics these are). On the Grassmann kinds they are the same.
        Source: Kobayashi and Nomizu, Foundations of Differential Geometry, volume II, chapter X.

        Parameters
        ----------
        Y, Delta, Z : numpy.ndarray
            Points, and tangent vectors at them, (..., N, n).
        connection : {"levi_civita", "canonical"}
            Which connection.

        Returns
        -------
        numpy.ndarray
            Tangent vectors (..., N, n) at the point that the geodesic reaches.

        Raises
        ------
        ValueError
            If Y is off the space, Delta or Z is not tangent, or the connection is unknown;
            :class:`~manifold_opt.sections.RetractionError` on overflow.

        Examples
        --------
        On the sphere what is perpendicular to a great circle stays as it is:

        >>> import numpy as np
        >>> from manifold_opt import Stiefel
        >>> Y, Delta, Z = np.eye(3)[:, :, None]
        >>> Stiefel(3, 1).parallel_transport(Y, 1.5 * Delta, Z).ravel().round(15) + 0.0
        array([0., 0., 1.])
        """
        if connection not in CONNECTIONS:
            raise ValueError(f"connection must be one of {', '.join(CONNECTIONS)}: got {connection!r}")
        self.check_point(Y)
        self.check_tangent(Y, Delta)
        self.check_tangent(Y, Z, "Z")
        section = self.global_section(Y)
        X, W = section.lift(Delta), section.lift(Z)
        if connection == "levi_civita":
            W = levi_civita_transport(X, W)
        return section.move(X, "geodesic").push(W)

    @final
    def nearest_point(self, M: Array) -> Array:
        r"""The point nearest to M in the Frobenius norm, with which a training starts from given weights.

        On the O(N) spaces it is the polar factor :math:`UV^T` of :math:`M = U\Sigma V^T`, defined and unique wherever
        M has full column rank; on the Grassmann manifold it is a representative of the span of M. Where the group is
        not compact it is the Y with :math:`M = Y + (Y^T)^*S` for a self-adjoint S of spectral norm below one: then no
        point is nearer, and no other one as near. Where the iteration for it does not end in such a Y nothing is
        returned; it does where the defect of M is small. On the symplectic Grassmann manifold Y is the nearest
        representative. A point is its own nearest point to rounding.

        Source: N. J. Higham, Functions of Matrices, SIAM 2008, theorem 8.4 (polar factor).

        Parameters
        ----------
        M : numpy.ndarray
            Matrices (..., N, n).

        Returns
        -------
        numpy.ndarray
            Points (..., N, n), a new array in the dtype of M.

        Raises
        ------
        TypeError, ValueError
            If M is no floating-point array of that shape or not finite; if it has not full column rank (O(N) spaces),
            or no nearest point is certified (groups that are not compact).

        Examples
        --------
        What M lacks is symmetric positive definite:

        >>> import numpy as np
        >>> from manifold_opt import Stiefel
        >>> space, rng = Stiefel(6, 2), np.random.default_rng(0)
        >>> M = rng.normal(size=(6, 2))
        >>> Y = space.nearest_point(M)
        >>> np.allclose(Y @ (Y.T @ M), M), bool(np.linalg.eigvalsh(Y.T @ M).min() > 0)
        (True, True)
        """
        return np.ascontiguousarray(self.adjoint.nearest(check_finite("M", self._check("M", M))))

    _point_requirement = "Y*Y = I"

    @property
    def _tangent_requirement(self) -> str:
        return self.tangent_space.tangent_requirement

    def __eq__(self, other: object) -> bool:
        return (type(self) is type(other) and isinstance(other, MatrixSpace)
                and (self.group, self.tangent_space) == (other.group, other.tangent_space))

    def __hash__(self) -> int:
        return hash((type(self), self.shape))

    def metric_representative(self, Y: Array, Delta: Array) -> Array:
        """The vector that differs from Delta by a vertical one and is orthogonal to all of them: Delta itself where
        the group is compact or nothing is vertical; a space of another kind says which.
        """
        if not self.adjoint.is_compact and self.tangent_space.frame_dimension < self.adjoint.dimension(self.shape[1]):
            raise TypeError(f"{type(self).__name__} must define metric_representative: its group is not compact, so "
                            "that the representatives of the global tangent space are not orthogonal to vertical ones")
        return Delta

    def _dual(self, Y: Array, Z: Array) -> tuple[Array, Array, Array | None]:
        """F, Q and R with Y = QR and G_Y Z = F R^-T: nothing is divided by the Gram matrix of Y, so that one condition
        number is lost and not two. R is None where Y itself is orthonormal.
        """
        Z = self.metric_representative(Y, Z)
        if self.adjoint.is_compact:
            return half_reflected(Y, Z), Y, None
        Q, R = np.linalg.qr(Y)
        return half_reflected(self.adjoint(transposed(Q)), over(Z, R)), Q, R


def over(Z: Array, R: Array) -> Array:
    r"""The quotient :math:`ZR^{-1}` for stacks Z (..., N, n) and R (..., n, n)."""
    return transposed(np.linalg.solve(transposed(R), transposed(Z)))


def half_reflected(P: Array, Z: Array) -> Array:
    r"""The product :math:`(I - \frac12PP^T)Z` for orthonormal P (..., N, n)."""
    return np.asarray(Z - 0.5 * P @ (transposed(P) @ Z))
