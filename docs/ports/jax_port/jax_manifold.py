"""The optimizer on manifolds in JAX: spaces, methods, one step."""
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular

jax.config.update("jax_enable_x64", True)   # otherwise JAX computes in float32, whatever it is given


def is_symplectic(space):
    return space.startswith("symplectic")


def form(size, dtype):
    """J = [[0, I], [-I, 0]]."""
    return jnp.kron(jnp.array([[0, 1], [-1, 0]], dtype), jnp.eye(size // 2, dtype=dtype))


def adjoint(space, M):
    """M^T, or J^T M^T J with the forms of the sizes of M."""
    J_p, J_q = (form(size, M.dtype) for size in M.shape)
    return J_q.T @ M.T @ J_p if is_symplectic(space) else M.T


def columns(space, N, n):
    """Numbers of the columns of Lambda that make up Y, and of the others."""
    frame = [*range(n // 2), *range(N // 2, N // 2 + n // 2)] if is_symplectic(space) else [*range(n)]
    return np.array(frame, int), np.array([j for j in range(N) if j not in frame], int)


@partial(jax.jit, static_argnums=0)
def global_section(space, Y):
    """Y with an orthonormal basis of its complement, in symplectic pairs on the symplectic spaces."""
    if space == "euclidean":
        return Y
    (N, n), (frame, complement) = Y.shape, columns(space, *Y.shape)
    J = form(N, Y.dtype)
    rest = jnp.linalg.qr(J.T @ Y if is_symplectic(space) else Y, mode="complete")[0][:, n:]
    if is_symplectic(space):   # eigenvectors of the skew matrix of the form, for its positive eigenvalues
        omega, V = jnp.linalg.eigh(1j * (rest.T @ J @ rest))
        V = V[:, (N - n) // 2:] * jnp.sqrt(2 / omega[(N - n) // 2:])
        rest = rest @ jnp.hstack([V.imag, V.real])
    return jnp.zeros((N, N), Y.dtype).at[:, frame].set(Y).at[:, complement].set(rest)


def full_gradient(space, Y, dL):
    X = dL @ Y.T
    return (X - adjoint(space, X)) @ Y


@partial(jax.jit, static_argnums=0)
def riemannian_gradient(space, Y, dL):
    if space == "euclidean":
        return dL
    grad = full_gradient(space, Y, dL)
    return grad - Y @ (adjoint(space, Y) @ grad) if space.endswith("grassmann") else grad


@partial(jax.jit, static_argnums=0)
def lift(space, Lambda, Delta):
    if space == "euclidean":
        return jnp.zeros((0, 0), Delta.dtype), Delta
    frame, complement = columns(space, *Delta.shape)
    A = adjoint(space, Lambda[:, frame]) @ Delta
    A = jnp.zeros_like(A) if space.endswith("grassmann") else (A - adjoint(space, A)) / 2
    return A, adjoint(space, Lambda[:, complement]) @ Delta


@partial(jax.jit, static_argnums=0)
def lift_gradient(space, Lambda, dL):
    if space == "euclidean":
        return lift(space, Lambda, dL)
    return lift(space, Lambda, full_gradient(space, Lambda[:, columns(space, *dL.shape)[0]], dL))


def whitened(space, Y, Z):
    """For the symplectic metric: Q of Y = QR, J^T Q, and Z R^-1 of the metric representative of Z.

    The metric of Z is ||(I - P/2)^(1/2) Z R^-1||^2, P = (J^T Q)(J^T Q)^T. On the Grassmann kind Z is made orthogonal to
    all Y X, X in the algebra. K^-1 = (Y^T Y)^-1 appears nowhere: it would double the digits that are lost.
    """
    J, (Q, R) = form(len(Y), Y.dtype), jnp.linalg.qr(Y)
    JQ = J.T @ Q

    def root(U):   # (I - P/2)^(1/2) U
        return U - (1 - 0.5**0.5) * JQ @ (JQ.T @ U)

    def divided(Z):   # Z R^-1
        return solve_triangular(R, Z.T, trans=1).T

    if space == "symplectic_grassmann":   # minus Y A with A from least squares, twice: an error of A is vertical
        n, units = len(R), jnp.eye(len(R), dtype=Y.dtype)
        basis = jnp.stack([form(n, Y.dtype).T @ (jnp.outer(units[i], units[j]) + jnp.outer(units[j], units[i]))
                           for i in range(n) for j in range(i + 1)])
        V, T = jnp.linalg.qr(jnp.stack([root(divided(Y @ X)).ravel() for X in basis], axis=1))
        for _ in range(2):
            Z -= Y @ jnp.tensordot(solve_triangular(T, V.T @ root(divided(Z)).ravel()), basis, 1)
    U = divided(Z)
    return Q, JQ, U


@partial(jax.jit, static_argnums=0)
def horizontal_lift(space, Y, Delta):
    """The dense lift."""
    if space == "euclidean":
        return Delta
    if not is_symplectic(space):
        half = Delta if space == "grassmann" else Delta - Y @ (Y.T @ Delta) / 2
        return half @ Y.T - Y @ half.T
    J, (Q, JQ, U) = form(len(Y), Y.dtype), whitened(space, Y, Delta)
    return U @ Q.T + J @ Q @ (U.T - U.T @ JQ @ JQ.T) @ J


@partial(jax.jit, static_argnums=0)
def project_tangent(space, Y, Z):
    """The tangent vector nearest to Z in the metric."""
    if space == "euclidean":
        return Z
    if not is_symplectic(space):
        return Z - Y @ (Y.T @ Z) if space == "grassmann" else Z - Y @ (Y.T @ Z + Z.T @ Y) / 2
    Q, JQ, U = whitened(space, Y, Z)
    X = (U - JQ @ (JQ.T @ U) / 2) @ Q.T
    tangent = (X - adjoint(space, X)) @ Y
    return tangent - Y @ (adjoint(space, Y) @ tangent) if space == "symplectic_grassmann" else tangent


@partial(jax.jit, static_argnums=0)
def metric(space, Y, Delta1, Delta2):
    products = horizontal_lift(space, Y, Delta1) * horizontal_lift(space, Y, Delta2)
    return jnp.sum(products) / (1 if space == "euclidean" else 2)


@partial(jax.jit, static_argnums=0)
def update(method, hyper, A, B, moments, t):
    """New moments and velocity, entry by entry; numbers are in double precision until they meet an array."""
    rate, result = hyper.get("learning_rate"), {}
    if rate is None:
        last = hyper["steps"] - 1
        rate = hyper["eta1"] * (hyper["eta2"] / hyper["eta1"])**(jnp.minimum(t - 1, last) / last)
    for block, G in (("A", A), ("B", B)):
        new = {}
        if method == "momentum":
            new["B1"] = hyper["alpha"] * moments[f"B1_{block}"] + G
        elif method != "gradient":
            for name, rho, value in (("B1", hyper["rho1"], G), ("B2", hyper["rho2"], G * G)):
                new[name] = ((rho - rho**t) * moments[f"{name}_{block}"] + (1 - rho) * value) / (1 - rho**t)
        result.update({f"{name}_{block}_new": value for name, value in new.items()})
        W = -rate * new.get("B1", G)
        result[f"W_{block}"] = W / (jnp.sqrt(new["B2"]) + hyper["delta"]) if "B2" in new else W
    return result


def exponential(X):
    """Scaling, a Taylor polynomial of degree 18, squaring; jax.scipy.linalg.expm loses twice as much at norm 10,000."""
    doublings = jnp.clip(jnp.ceil(jnp.log2(jnp.linalg.norm(X))) + 1, 0, 64)
    X = X * 2.0**-doublings
    E = identity = jnp.eye(len(X), dtype=X.dtype)
    for k in range(18, 0, -1):
        E = identity + X @ E / k
    return jax.lax.fori_loop(0, doublings.astype(int), lambda _, E: E @ E, E)


@partial(jax.jit, static_argnums=(0, 1))
def retract(space, retraction, A, B):
    if space == "euclidean":
        return B
    frame, complement = columns(space, len(A) + len(B), len(A))
    identity = jnp.eye(len(A) + len(B), dtype=B.dtype)
    W = jnp.zeros_like(identity).at[np.ix_(frame, frame)].set(A).at[np.ix_(complement, frame)].set(B)
    W = W.at[np.ix_(frame, complement)].set(-adjoint(space, B))
    return exponential(W) if retraction == "geodesic" else jnp.linalg.solve(identity - W / 2, identity + W / 2)


@partial(jax.jit, static_argnums=(0, 1))
def move(space, retraction, Lambda, W_A, W_B):
    R = retract(space, retraction, W_A, W_B)
    return Lambda + R if space == "euclidean" else Lambda @ R


def step(space, method, retraction, hyper, Lambda, dL, moments, t):
    def point(Lambda):
        return Lambda if space == "euclidean" else Lambda[:, columns(space, *dL.shape)[0]]

    A, B = lift_gradient(space, Lambda, dL)
    after = update(method, hyper, A, B, moments, t)
    new = move(space, retraction, Lambda, after["W_A"], after["W_B"])
    return {**after, "grad": riemannian_gradient(space, point(Lambda), dL), "A": A, "B": B,
            "R": retract(space, retraction, after["W_A"], after["W_B"]), "Lambda_new": new, "Y_new": point(new)}
