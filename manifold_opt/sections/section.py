"""Global sections: group elements Lambda with Lambda E = Y, through which tangent vectors become global."""
from __future__ import annotations

from abc import ABC, abstractmethod

from manifold_opt.arrays.checks import Array
from manifold_opt.sections.retraction import Retraction
from manifold_opt.sections.retractions import get_retraction
from manifold_opt.tangent import GlobalTangentSpace, HorizontalElement

__all__ = ["GlobalSection"]


class GlobalSection(ABC):
    r"""A group element :math:`\Lambda = \lambda(Y)` over a point: :math:`\Lambda E = Y`.

    It maps tangent vectors at Y to the global tangent space and back, and carries the point along. Sections are
    immutable by convention: :meth:`move` and :meth:`restore` return new ones.

    Paper: v4, section 2 (global sections) and section 4.

    Attributes
    ----------
    point : numpy.ndarray
        The point Y.
    tangent_space : GlobalTangentSpace
        Where lifts lie.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> space, rng = Stiefel(6, 2), np.random.default_rng(0)
    >>> section = space.global_section(space.random_point(rng))
    >>> np.array_equal(section.to_dense() @ space.canonical_point(), section.point)
    True
    >>> Delta = space.random_tangent(rng, section.point)
    >>> np.allclose(section.push(section.lift(Delta)), Delta)
    True
    """

    point: Array
    tangent_space: GlobalTangentSpace

    @abstractmethod
    def to_dense(self) -> Array:
        """The group element as a matrix (..., N, N), columns placed as in E."""

    @abstractmethod
    def lift(self, Delta: Array) -> HorizontalElement:
        r"""The unique :math:`\bar B` in :math:`\mathfrak g^{hor}` with :math:`\Lambda\bar BE = \Delta`, for tangent
        Delta.
        """

    @abstractmethod
    def lift_gradient(self, dL: Array) -> HorizontalElement:
        """The lift of the Riemannian gradient, straight from the Euclidean gradient dL."""

    def lift_differential(self, dL: Array) -> HorizontalElement:
        r"""The element D of the global tangent space with :math:`\langle D, \bar B\rangle = dL(\Lambda\bar BE)`.

        Where the group is compact (and on vector spaces) :math:`\Lambda` is an isometry, and D is the lift of the
        Riemannian gradient.
        """
        return self.lift_gradient(dL)

    @abstractmethod
    def push(self, X: HorizontalElement) -> Array:
        r"""The tangent vector :math:`\Lambda\bar BE` at Y, the inverse of :meth:`lift`."""

    @abstractmethod
    def act(self, Y: Array) -> Array:
        r"""The action :math:`\Lambda Y` of the group element on arrays with N rows."""

    @abstractmethod
    def move(self, W: HorizontalElement, retraction: str | Retraction) -> GlobalSection:
        """The section over the retracted point."""

    def move_in_place(self, W: HorizontalElement, retraction: str | Retraction) -> GlobalSection:
        """The same as :meth:`move`; arrays of this section except its point may be overwritten, which uses it up."""
        return self.move(W, retraction)

    def derivative(self, X: HorizontalElement, retraction: str | Retraction, t: float) -> HorizontalElement:
        r"""The element Z with :math:`\frac{d}{dt}\Lambda\mathcal R(tX)E = \Lambda\mathcal R(tX)ZE`.

        A loss with the differential D over the section moved by tX has the derivative :math:`\langle D, Z\rangle`.
        """
        return get_retraction(retraction).derivative(X, t)

    @abstractmethod
    def restore(self) -> GlobalSection:
        """The section after one Newton-Schulz step, which squares the accumulated rounding defect."""

    @abstractmethod
    def to_arrays(self) -> dict[str, Array]:
        """The arrays that determine the section, to be stored."""
