"""Logarithm, nearest point, transport and component of this library as a part of its backend."""
from __future__ import annotations

from typing import Any

from manifold_opt.arrays.checks import Array
from manifold_opt.spaces import Grassmann, Stiefel, SymplecticGrassmann, SymplecticStiefel

__all__ = ["GeometryAnswers", "MATRIX_SPACES"]

MATRIX_SPACES: dict[str, Any] = {"stiefel": Stiefel, "grassmann": Grassmann, "symplectic_stiefel": SymplecticStiefel,
                                 "symplectic_grassmann": SymplecticGrassmann}


class GeometryAnswers:
    """The operations of the geometry beside the step."""

    def stiefel_log(self, Y: Array, Y_end: Array) -> Array:
        """The tangent vector of the shortest geodesic."""
        return Stiefel(*Y.shape).log(Y, Y_end)

    def stiefel_distance(self, Y: Array, Y_end: Array) -> Array:
        """Its length."""
        return Stiefel(*Y.shape).distance(Y, Y_end)

    def nearest_point(self, space: str, M_given: Array) -> Array:
        """The nearest point."""
        found: Array = MATRIX_SPACES[space](*M_given.shape).nearest_point(M_given)
        return found

    def parallel_transport(self, space: str, connection: str, Y: Array, Delta: Array, Z: Array) -> Array:
        """The vector carried along the geodesic."""
        found: Array = MATRIX_SPACES[space](*Y.shape).parallel_transport(Y, Delta, Z, connection)
        return found

    def component(self, space: str, Y: Array) -> Array:
        """The sign of the determinant where it matters."""
        found: Array = MATRIX_SPACES[space](*Y.shape).component(Y)
        return found
