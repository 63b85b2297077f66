"""The identities by subject; importing this package fills :data:`manifold_opt.verify.identity.IDENTITIES`."""
from manifold_opt.verify.identities import (constraints, gradients, lifts, sections, retractions, steps,  # noqa: F401
                                            geodesics, group_axioms, algebra, tangent_space, curvature, sampling,
                                            distance, methods, nearest, connections, logarithm, orthogonalized)

__all__ = ["algebra", "connections", "constraints", "curvature", "distance", "geodesics", "gradients", "group_axioms",
           "lifts", "logarithm", "methods", "nearest", "orthogonalized", "retractions", "sampling", "sections", "steps",
           "tangent_space"]
