"""The axioms of groups and of vector spaces, as residuals with bounds: for the library's own and for those of users.

Each function yields a name, residuals, and the bound in the rounding unit of the operations that the axiom compares.
"""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays import tolerance


def size(X):
    """The norm of the largest member of a stack, at least 1."""
    largest = float(np.max(np.abs(X), initial=1.0))
    return max(1.0, largest * float(np.linalg.norm(X / largest)))


def distance(X, Z):
    return float(np.linalg.norm(np.asarray(X, float) - np.asarray(Z, float)))


def elements(group, rng, batch, dtype, near):
    """Three group elements: random ones, or within `near` of the identity."""
    if near is None:
        return [group.random(rng, batch, dtype) for _ in range(3)]
    shape = (*batch, *group.identity().shape)
    return [group.exp(group.project_algebra(np.asarray(near * rng.standard_normal(shape)).astype(dtype)))
            for _ in range(3)]


def group_axioms(group, rng, batch=(), dtype=np.float64, near=None):
    """Closure, identity, inverse, associativity, action, the exponential and the Cayley transform of one group."""
    (M, K, L), e = elements(group, rng, batch, dtype, near), group.identity(dtype)
    Y = np.asarray(rng.standard_normal((*batch, *e.shape))).astype(dtype)
    bound = tolerance(40, dtype, max(e.shape, default=1)) * size(M)**2 * size(K)**2 * size(L)**2 * size(Y)
    MK, inverse = group.product(M, K), group.inverse(M)
    assert M.shape == MK.shape == inverse.shape == (*batch, *e.shape)
    assert M.dtype == MK.dtype == inverse.dtype == e.dtype == dtype
    assert group.defect(M).shape == batch
    yield "identity is an element", group.defect(e), 0
    yield "closure", group.defect(MK), bound
    yield "inverses are elements", group.defect(inverse), bound
    yield "identity on the left", distance(group.product(e, M), M), 0
    yield "identity on the right", distance(group.product(M, e), M), 0
    yield "inverse on the left", distance(group.product(inverse, M), np.broadcast_to(e, M.shape)), bound
    yield "inverse on the right", distance(group.product(M, inverse), np.broadcast_to(e, M.shape)), bound
    yield "inverse of the inverse", distance(group.inverse(inverse), M), 0
    yield "associativity", distance(group.product(MK, L), group.product(M, group.product(K, L))), bound
    yield "the identity acts as nothing", distance(group.act(e, Y), Y), 0
    yield "action", distance(group.act(MK, Y), group.act(M, group.act(K, Y))), bound
    yield "action of the inverse", distance(group.act(inverse, group.act(M, Y)), Y), bound
    X = group.project_algebra(np.asarray(0.1 * Y).astype(dtype))
    yield "projection on the algebra", group.algebra_defect(X), 0
    yield "projection is idempotent", distance(group.project_algebra(X), X), 0
    for transform in (group.exp, group.cayley):
        g = transform(X)
        assert g.dtype == dtype and g.shape == X.shape
        scale = size(g)**2
        yield f"{transform.__name__} into the group", group.defect(g), tolerance(100 * scale, dtype, max(X.size, 1))
        yield f"{transform.__name__} of zero", distance(transform(0 * X), np.broadcast_to(e, X.shape)), 0
        yield (f"{transform.__name__} of the opposite", distance(transform(-X), group.inverse(g)),
               tolerance(100 * scale, dtype, max(X.size, 1)))
    two = np.asarray(2 * X).astype(dtype)
    yield ("one-parameter group", distance(group.product(group.exp(X), group.exp(X)), group.exp(two)),
           tolerance(100 * size(group.exp(X))**2, dtype, max(X.size, 1)))


def algebra_dimension(group):
    """The rank of the projection onto the Lie algebra."""
    e = group.identity()
    basis = np.eye(max(e.size, 1)).reshape((-1, *e.shape))
    return np.linalg.matrix_rank(np.stack([np.ravel(group.project_algebra(b)) for b in basis]))


def vector_space_axioms(space, rng, batch=(), dtype=np.float64):
    """Vector space axioms of a global tangent space, its coordinates, and that its dense form is linear."""
    X, Y, Z = (space.random(rng, batch, dtype) for _ in range(3))
    zero, a, b = space.zero(batch, dtype), 0.75, -1.5
    scale = max([1.0, *(size(V.B) + size(V.A) for V in (X, Y, Z))])
    bound = tolerance(20 * scale, dtype, max(space.dimension, 1))
    assert X.batch == zero.batch == batch and X.dtype == zero.dtype == dtype and X.norm().shape == batch

    def apart(V, W):
        assert V.space == W.space and V.dtype == W.dtype == dtype
        return max(distance(V.A, W.A), distance(V.B, W.B))

    yield "commutative", apart(X + Y, Y + X), 0
    yield "associative", apart((X + Y) + Z, X + (Y + Z)), bound
    yield "zero", apart(X + zero, X), 0
    yield "opposite", apart(X - X, zero), 0
    yield "opposite by minus", apart(-X, -1.0 * X), 0
    yield "one", apart(1.0 * X, X), 0
    yield "distributive over vectors", apart(a * (X + Y), a * X + a * Y), bound
    yield "distributive over numbers", apart((a + b) * X, a * X + b * X), bound
    yield "products of numbers", apart((a * b) * X, a * (b * X)), bound
    yield "quotient by a number", apart(X / 4.0, 0.25 * X), 0
    numbers = rng.standard_normal(batch)
    yield "one number for each member", distance(X.scale(numbers).inner(Y), numbers * X.inner(Y)), bound * size(numbers)
    yield "frame blocks are frame blocks", distance(space.project_frame(X.A), X.A), 0
    yield "dense forms add up", distance((a * X + Y).to_dense(), a * X.to_dense() + Y.to_dense()), bound
    yield "dense forms and their horizontal part", apart(space.horizontal_part(X.to_dense()), X), 0
    c, d = space.coordinates(X), space.coordinates(Y)
    assert c.shape == (*batch, space.dimension) and c.dtype == dtype
    yield "coordinates are linear", distance(space.coordinates(a * X + Y), a * c + d), bound
    yield "coordinates are orthonormal", distance(np.sum(c * d, axis=-1), X.inner(Y)), bound * scale
    yield "coordinates and back", apart(space.element(c), X), bound
    yield "inner product is symmetric", distance(X.inner(Y), Y.inner(X)), 0
    yield "norm", distance(X.norm()**2, X.inner(X)), bound * scale


def failures(axioms):
    """Those of the axioms that do not hold, with their largest residual."""
    return [(name, float(np.max(residual, initial=0.0)), bound) for name, residual, bound in axioms
            if not float(np.max(residual, initial=0.0)) <= bound]
