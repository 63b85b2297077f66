"""The groups, their algebras, the global tangent space and its elements."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.tangent import HorizontalElement
from manifold_opt.verify.identity import Bound, identity
from manifold_opt.verify.trial import Trial

__all__ = ["bracket", "horizontal_part"]

GROUP = "v4, section 2"
METHOD = "v4, section 4"


def bracket(X: Array, Z: Array) -> Array:
    """The commutator XZ - ZX of matrices (..., N, N)."""
    return np.asarray(X @ Z - Z @ X)


def horizontal_part(trial: Trial, X: Array) -> Array:
    """The part in g^hor of algebra elements (..., N, N): all but the complement block, and on Grassmann kinds A."""
    frame, complement = trial.adjoint.frame(*trial.shape), trial.adjoint.complement(*trial.shape)
    part = X.copy()
    part[..., complement[:, None], complement] = 0
    if trial.is_grassmann:
        part[..., frame[:, None], frame] = 0
    return part


@identity("group: random elements are in it", "M*M = I", r"M^*M = I", GROUP, Bound(10), needs=("group",),
          where=("matrix spaces",))
def random_in_group(trial: Trial) -> Array:
    """With the condition number of the trial on Sp(N2), relative to |M|^2."""
    M = trial.group_element("group", condition=trial.cond)
    return np.asarray(trial.space.group.defect(M) / np.linalg.norm(M, ord=2, axis=(-2, -1)) ** 2)


@identity("group: the inverse is the adjoint", "M^-1 M = M M^-1 = I", r"M^{-1} = M^*", GROUP, Bound(20),
          needs=("group",), where=("matrix spaces",))
def group_inverse(trial: Trial) -> Array:
    """Relative to |M|^2."""
    M = trial.group_element("group", condition=trial.cond)
    inverse, identity_matrix = trial.space.group.inverse(M), trial.space.group.identity(trial.dtype)
    size = np.linalg.norm(M, ord=2, axis=(-2, -1)) ** 2
    return np.maximum(trial.relative(inverse @ M - identity_matrix, size),
                      trial.relative(M @ inverse - identity_matrix, size))


@identity("group: adjoint is an involution and reverses products", "(M*)* = M, (MK)* = K*M*",
          r"(M^*)^* = M,\ (MK)^* = K^*M^*", GROUP, Bound(10), where=("matrix spaces",))
def adjoint_axioms(trial: Trial) -> Array:
    """On arbitrary matrices of all shapes that occur, relative to the product of the norms."""
    adjoint, (N, n), residuals = trial.adjoint, trial.shape, []
    for rows, columns in ((N, n), (n, n)):
        M, K = trial.normal("M", (N, rows)), trial.normal("K", (rows, columns))
        residuals.append(trial.relative(adjoint(M @ K) - adjoint(K) @ adjoint(M), trial.norm(M), trial.norm(K)))
        residuals.append(np.full(trial.batch, 0.0 if np.array_equal(adjoint(adjoint(K)), K) else 1.0))
    return np.asarray(np.max(residuals, axis=0))


@identity("group: projection onto the algebra", "P_g X in g, P_g P_g X = P_g X, Tr((X - P_g X)^T P_g Z) = 0",
          r"P_{\mathfrak g}X = \tfrac12(X - X^*)", GROUP, Bound(10), needs=("group",), where=("matrix spaces",))
def algebra_projection(trial: Trial) -> Array:
    """Membership, idempotence and orthogonality, relative to the norms."""
    group, X, Z = trial.space.group, trial.normal("X", (trial.N, trial.N)), trial.normal("Z'", (trial.N, trial.N))
    PX, PZ = group.project_algebra(X), group.project_algebra(Z)
    return np.asarray(np.max([group.algebra_defect(PX) / trial.norm(X),
                              trial.relative(group.project_algebra(PX) - PX, trial.norm(X)),
                              trial.relative(trial.dot(X - PX, PZ), trial.norm(X), trial.norm(Z))], axis=0))


@identity("group: exp and cay of the algebra", "exp(X), cay(X) in G; exp(-X) = exp(X)^-1, cay(-X) = cay(X)^-1",
          r"e^{\mathfrak g}, \mathrm{cay}(\mathfrak g) \subset G", METHOD, Bound(20), needs=("group",),
          where=("matrix spaces",))
def group_maps(trial: Trial) -> Array:
    """The defects and the products with the opposite, relative to the squared norms, times the length for exp."""
    group, X = trial.space.group, trial.algebra("exponent")
    identity_matrix, residuals = group.identity(trial.dtype), []
    for function, growth in ((group.exp, max(1.0, trial.scale)), (group.cayley, 1.0)):
        M, inverse = function(X), function(-X)
        size = np.linalg.norm(M, ord=2, axis=(-2, -1)) ** 2 * growth
        residuals += [group.defect(M) / size, trial.relative(M @ inverse - identity_matrix, size)]
    return np.asarray(np.max(residuals, axis=0))


@identity("group: equivariance of exp and cay", "exp(h X h^-1) = h exp(X) h^-1, the same for cay",
          r"\mathcal R(hXh^{-1}) = h\,\mathcal R(X)h^{-1}", METHOD, Bound(40), needs=("group",),
          where=("matrix spaces",))
def conjugation(trial: Trial) -> Array:
    """Under random elements of the isotropy group, relative to |h|^4 times the length."""
    group, X, h = trial.space.group, trial.algebra("exponent"), _isotropy(trial)
    inverse = trial.adjoint(h)
    size = np.linalg.norm(h, ord=2, axis=(-2, -1)) ** 4 * max(1.0, trial.scale) ** 2
    return np.maximum(*(trial.relative(function(h @ X @ inverse) - h @ function(X) @ inverse, size)
                        for function in (group.exp, group.cayley)))


@identity("splitting: blocks at E", "X = X_ver + X_hor, Tr(X_ver* X_hor) = Tr(X_ver^T X_hor) = 0, X_ver E in E g",
          r"\mathfrak g = \mathfrak g^{ver} \oplus \mathfrak g^{hor}", GROUP, Bound(10),
          needs=("group", "global_section"), where=("matrix spaces",))
def splitting_at_E(trial: Trial) -> Array:
    """The horizontal part rebuilt from its blocks, and both orthogonalities, relative to |X|^2."""
    X = trial.algebra("X")
    horizontal = horizontal_part(trial, X)
    vertical = X - horizontal
    frame, complement = trial.adjoint.frame(*trial.shape), trial.adjoint.complement(*trial.shape)
    blocks = HorizontalElement(horizontal[..., frame[:, None], frame], X[..., complement[:, None], frame],
                               trial.space.tangent_space)
    products = [trial.dot(vertical, horizontal), np.trace(trial.adjoint(vertical) @ horizontal, axis1=-2, axis2=-1)]
    return np.asarray(np.max([trial.relative(product, trial.norm(X) ** 2) for product in products]
                             + [trial.relative(blocks.to_dense() - horizontal, trial.norm(X))], axis=0))


@identity("splitting: reductive", "h B h^-1 in g^hor for B in g^hor, h in H",
          r"h\mathfrak g^{hor}h^{-1} = \mathfrak g^{hor}", GROUP, Bound(20), needs=("group", "global_section"),
          where=("matrix spaces",))
def reductive(trial: Trial) -> Array:
    """The vertical part of the conjugate, relative to |h|^2 |B|."""
    h, B = _isotropy(trial), trial.W.to_dense()
    conjugate = h @ B @ trial.adjoint(h)
    size = np.where(trial.norm(B) > 0, trial.norm(B), 1.0)
    return trial.relative(conjugate - horizontal_part(trial, conjugate), size,
                          np.linalg.norm(h, ord=2, axis=(-2, -1)) ** 2)


@identity("element: product of dense forms", "<X, Z> = 1/2 Tr(X^T Z)",
          r"\langle X, Z\rangle = \tfrac12\mathrm{Tr}(X^TZ)", METHOD, Bound(10), needs=("global_section",),
          where=("matrix spaces",))
def inner_product(trial: Trial) -> Array:
    """The inner product of elements of g^hor counts the off-diagonal blocks once, for both adjoints."""
    dense1, dense2 = trial.W.to_dense(), trial.W2.to_dense()
    return np.maximum(
        trial.relative(trial.W.inner(trial.W2) - 0.5 * trial.dot(dense1, dense2), trial.norm(dense1),
                       trial.norm(dense2)),
        trial.relative(trial.W.norm() ** 2 - 0.5 * trial.norm(dense1) ** 2, trial.norm(dense1) ** 2))


@identity("element: vector space", "dense(2X - Z) = 2 dense(X) - dense(Z)", r"2X - Z \in \mathfrak g^{hor}", METHOD,
          Bound(10), needs=("global_section",))
def vector_space(trial: Trial) -> Array:
    """Sum, difference, negative and multiples against the dense forms."""
    X, Z = trial.W, trial.W2
    dense = (2.0 * X - Z + (-Z) * 0.5).to_dense() - (2 * X.to_dense() - 1.5 * Z.to_dense())
    return trial.relative(dense, np.maximum(1.0, trial.norm(X.to_dense()) + trial.norm(Z.to_dense())))


@identity("element: elementwise operations stay in g^hor", "B1 / (sqrt(B2) + delta) in g^hor, B2 a mean of squares",
          r"B_1/(\sqrt{B_2} + \delta) \in \mathfrak g^{hor}", "v4, section 4 (Adam)", Bound(10),
          needs=("global_section",), where=("matrix spaces",))
def elementwise(trial: Trial) -> Array:
    """Adam's division, from two gradients: the algebra defect of its block A, relative to its largest size."""
    B1, B2 = trial.W + 2.0 * trial.W2, trial.W.square() + trial.W2.square()
    W = B1.divide(B2.sqrt().shift(1e-3))
    if trial.is_grassmann:
        return np.asarray(trial.norm(W.A) / np.maximum(1.0, trial.norm(W.B)))
    return trial.relative(W.A + trial.adjoint(W.A), np.maximum(1.0, trial.norm(W.A)))


def _isotropy(trial: Trial) -> Array:
    """Random elements diag(Q, h) of the isotropy group: Q = I except on the Grassmann kinds."""
    N, n = trial.shape
    frame, complement = trial.adjoint.frame(N, n), trial.adjoint.complement(N, n)
    h = np.zeros((*trial.batch, N, N), trial.dtype)
    h[..., frame[:, None], frame] = trial.group_element("Q", n, 2.0) if trial.is_grassmann else np.eye(n)
    if N > n:
        h[..., complement[:, None], complement] = trial.group_element("h", N - n, 2.0)
    return h
