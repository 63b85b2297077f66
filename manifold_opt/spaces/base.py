"""What every homogeneous space offers."""
from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import (Array, check_array, check_constraint, check_finite, check_sampling,
                                        check_trailing_shape, tolerance)
from manifold_opt.arrays.fields import inner, standard_normal
from manifold_opt.groups.base import LieGroup
from manifold_opt.sections.section import GlobalSection
from manifold_opt.tangent import GlobalTangentSpace

__all__ = ["HomogeneousSpace"]


class HomogeneousSpace(ABC):
    r"""A homogeneous space :math:`\mathcal M = G/H` with a canonical point E, its metric, lift, gradient and sections.

    Points and tangent vectors are arrays (..., \*shape); the axes before the last ones are a stack, whose members are
    treated all at once. The dtype of the arguments is kept.

    Paper: v4, section 2.

    Attributes
    ----------
    group : LieGroup
        The group G that acts.
    shape : tuple of int
        Shape of a single point.
    tangent_space : GlobalTangentSpace
        The global tangent space.
    dimension : int
        Dimension of the space.

    Examples
    --------
    >>> from manifold_opt import Euclidean, Grassmann, Stiefel
    >>> [space.dimension for space in (Stiefel(5, 2), Grassmann(5, 2), Euclidean(5, 2))]
    [7, 6, 10]
    """

    group: LieGroup
    shape: tuple[int, ...]
    tangent_space: GlobalTangentSpace

    @property
    def dimension(self) -> int:
        """Dimension of the space, which is that of the global tangent space."""
        return self.tangent_space.dimension

    @abstractmethod
    def canonical_point(self, dtype: npt.DTypeLike = np.float64) -> Array:
        """The canonical point E, whose orbit under the group is the space."""

    @abstractmethod
    def random_point(self, rng: np.random.Generator, batch: tuple[int, ...] = (),
                     dtype: npt.DTypeLike = np.float64) -> Array:
        """Random points, a stack of shape `batch`."""

    @abstractmethod
    def point_defect(self, Y: Array) -> Array:
        """Departure of Y from the space, one number for each member of the stack."""

    @abstractmethod
    def tangent_defect(self, Y: Array, Delta: Array) -> Array:
        """Departure of Delta from the tangent space at Y, one number for each member of the stack."""

    @abstractmethod
    def project_tangent(self, Y: Array, Z: Array) -> Array:
        """The projection onto the tangent space at Y, orthogonal with respect to the metric."""

    @abstractmethod
    def metric(self, Y: Array, Delta1: Array, Delta2: Array) -> Array:
        """The Riemannian metric at Y, one number for each member of the stack."""

    @abstractmethod
    def riemannian_gradient(self, Y: Array, dL: Array) -> Array:
        """The tangent vector that represents the Euclidean gradient dL in the metric."""

    @abstractmethod
    def horizontal_lift(self, Y: Array, Delta: Array) -> Array:
        r"""The dense horizontal lift :math:`\Omega(Y, \Delta)` in the Lie algebra, with :math:`\Omega Y = \Delta`."""

    @abstractmethod
    def global_section(self, Y: Array, kind: str = "transported") -> GlobalSection:
        """The library's deterministic section over Y."""

    @abstractmethod
    def load_section(self, arrays: Mapping[str, Array], kind: str) -> GlobalSection:
        """The section from the arrays of its :meth:`~manifold_opt.sections.GlobalSection.to_arrays`."""

    def inverse_cayley(self, Y: Array, Q: Array) -> Array:
        """The tangent vector at Y whose Cayley retraction is Q; ValueError where there is none, NotImplementedError if
        the space does not know it.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define inverse_cayley")

    def nearest_point(self, M: Array) -> Array:
        """The point nearest to an array in the Frobenius norm; ValueError naming M where there is none to be had,
        NotImplementedError if the space does not know it.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define nearest_point")

    def random_tangent(self, rng: np.random.Generator, Y: Array) -> Array:
        """The projection of standard normal arrays: tangent vectors at Y that fill the whole tangent space.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of randomness.
        Y : numpy.ndarray
            Points (..., *shape).

        Returns
        -------
        numpy.ndarray
            Tangent vectors (..., *shape) in the dtype of Y.
        """
        check_sampling(rng, (), self._check("Y", Y).dtype, self.group.field)
        return self.project_tangent(Y, standard_normal(rng, Y.shape, Y.dtype))

    def geodesic(self, Y: Array, Delta: Array) -> Array:
        r"""The retraction :math:`\lambda(Y)\exp(\bar B)E` with the lift :math:`\bar B` of Delta.

        The geodesic of the metric on the O(N) spaces and on vector spaces; on the symplectic spaces that of the
        bi-invariant pseudo-Riemannian metric. Paper: v4, section 4.

        Parameters
        ----------
        Y, Delta : numpy.ndarray
            Points and tangent vectors (..., *shape).

        Returns
        -------
        numpy.ndarray
            Points (..., *shape).

        Raises
        ------
        ValueError
            If Y is off the space or Delta is not tangent; :class:`~manifold_opt.sections.RetractionError` on overflow.
        """
        return self._retract(Y, Delta, "geodesic")

    def cayley(self, Y: Array, Delta: Array) -> Array:
        r"""The retraction :math:`\lambda(Y)\,\mathrm{cay}(\bar B)E` with the lift :math:`\bar B` of Delta.

        Paper: v4, section 4.

        Parameters
        ----------
        Y, Delta : numpy.ndarray
            Points and tangent vectors (..., *shape).

        Returns
        -------
        numpy.ndarray
            Points (..., *shape).

        Raises
        ------
        ValueError
            If Y is off the space or Delta is not tangent; :class:`~manifold_opt.sections.RetractionError` where the
            transform is undefined (symplectic spaces).
        """
        return self._retract(Y, Delta, "cayley")

    def check_point(self, Y: Array, name: str = "Y") -> Array:
        """Return Y if it lies on the space.

        Parameters
        ----------
        Y : numpy.ndarray
            Points (..., *shape).
        name : str
            Name of the argument, for the message.

        Returns
        -------
        numpy.ndarray
            The same object.

        Raises
        ------
        TypeError, ValueError
            If Y is not a floating-point array, has the wrong shape, or its defect exceeds the tolerance.
        """
        # finite first: NaN has no defect, and infinity as large a tolerance
        check_finite(name, self._check(name, Y))
        check_constraint(name, self._point_requirement, self.point_defect(Y), self._bound(Y, Y))
        return Y

    def check_tangent(self, Y: Array, Delta: Array, name: str = "Delta") -> Array:
        """Return Delta if it is tangent to the space at Y (taken to be a point).

        Parameters
        ----------
        Y, Delta : numpy.ndarray
            Points and vectors (..., *shape).
        name : str
            Name of the argument, for the message.

        Returns
        -------
        numpy.ndarray
            Delta, the same object.

        Raises
        ------
        TypeError, ValueError
            If Delta is not a floating-point array of the shape of Y, or its defect exceeds the tolerance.
        """
        check_finite("Y", self._check("Y", Y))
        check_finite(name, self._check(name, Delta))
        check_constraint(name, self._tangent_requirement, self.tangent_defect(Y, Delta), self._bound(Y, Delta))
        return Delta

    _point_requirement: str = "membership in the space"

    @property
    def _tangent_requirement(self) -> str:
        return "tangency"

    def _bound(self, Y: Array, Z: Array) -> float:
        """Tolerance of the defect of Y*Z: it grows with the norms of both, taken over the members of the stack."""
        axes = tuple(range(-len(self.shape), 0))
        with np.errstate(over="ignore"):
            largest = [float(np.sqrt(np.max(inner(X, X, axes), initial=0.0))) for X in (Y, Z)]
        return tolerance(100.0 * max(1.0, largest[0] * largest[1]), Y.dtype, self.shape[0] if self.shape else 1)

    @final
    def _check(self, name: str, Y: Array) -> Array:
        return check_trailing_shape(name, check_array(name, Y, self.group.field), self.shape)

    def _retract(self, Y: Array, Delta: Array, retraction: str) -> Array:
        self.check_point(Y)
        self.check_tangent(Y, Delta)
        section = self.global_section(Y)
        return section.move(section.lift(Delta), retraction).point

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(str, self.shape))})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.shape == other.shape

    def __hash__(self) -> int:
        return hash((type(self), self.shape))
