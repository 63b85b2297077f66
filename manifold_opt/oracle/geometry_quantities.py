"""Quantities and operations of the geometry beside the step: logarithm, nearest point, transport, component."""
from __future__ import annotations

from manifold_opt.oracle.quantity import TOLERANCE, Operation, Quantity

__all__ = ["GEOMETRY_KINDS", "GEOMETRY_OPERATIONS", "GEOMETRY_QUANTITIES"]

GEOMETRY_QUANTITIES: dict[str, Quantity] = {
    "M_given": Quantity("matrix near the space", "any matrix of full column rank; symplectic: near Y* Y = I", "-"),
    "nearest": Quantity("the point nearest to M_given in the Frobenius norm (on the Grassmann manifold the nearest "
                        "representative of its span)",
                        "Stiefel, Grassmann: U V^T of M = U S V^T; symplectic: Y* Y = I with M = Y + (Y^T)* S, S = S* "
                        "of spectral norm below 1, for two columns Y = (M - s (M^T)*)/(1 - s^2) with "
                        "(1 - s^2)^2 = w (1 + s^2) - s ||M||^2, w I = M* M", "-", TOLERANCE),
    "transported": Quantity("the tangent vector at exp(Omega) Y that Z becomes along exp(s Omega) Y, Omega = Omega(Y, "
                            "Delta)",
                            "canonical: exp(Omega) Z; levi_civita: exp(Omega) Z(1), Z' = -[Omega, Omega(Y, Z)] Y/2 "
                            "(on Grassmann 0)", "section 4; Kobayashi and Nomizu, vol. II, chapter X", TOLERANCE),
    "component": Quantity("the connected component: sign of the determinant if n = N, else 1", "sign(det Y)", "-",
                          TOLERANCE),
}
"""Every quantity by name; Delta and distance have theirs from the pairs of points."""

GEOMETRY_OPERATIONS: dict[str, Operation] = {
    "stiefel_log": Operation(("Y", "Y_end"), "Delta; the shortest geodesic of the canonical metric", ("Delta",),
                             ("Delta",)),
    "stiefel_distance": Operation(("Y", "Y_end"), "distance, a number", ("distance",), ("distance",)),
    "nearest_point": Operation(("space", "M_given"), "nearest", ("nearest",), ("nearest",)),
    "parallel_transport": Operation(("space", "connection", "Y", "Delta", "Z"), "transported; connection is canonical "
                                    "or levi_civita", ("transported",), ("transported",)),
    "component": Operation(("space", "Y"), "component, the number 1 or -1", ("component",), ("component",)),
}
"""Operations that a port may leave out."""

GEOMETRY_KINDS: dict[str, tuple[str, ...]] = {
    "logarithm": ("stiefel_log", "stiefel_distance"), "nearest": ("nearest_point",),
    "transport": ("parallel_transport",), "component": ("component",)}
"""What their cases ask."""
