"""The reflector section, the inverse of the Cayley retraction, angles and logarithm of planes, restoration, in JAX."""
from functools import partial

import jax
import jax.numpy as jnp
from jax.scipy.linalg import sqrtm

from jax_manifold import adjoint, columns, is_symplectic, lift, retract


@partial(jax.jit, static_argnums=0)
def restore(space, Lambda):
    """One Newton-Schulz step."""
    return Lambda @ (3 * jnp.eye(len(Lambda), dtype=Lambda.dtype) - adjoint(space, Lambda) @ Lambda) / 2


def rotation(space, Y):
    """Minus the polar factor of the frame rows of Y, or of their part that commutes with J, as a complex matrix."""
    P = Y[columns(space, *Y.shape)[0]]
    if is_symplectic(space):
        n = len(P) // 2
        P = (P[:n, :n] + P[n:, n:]) / 2 + 0.5j * (P[n:, :n] - P[:n, n:])
    U, _, V = jnp.linalg.svd(P)
    O = -U @ V
    return jnp.block([[O.real, -O.imag], [O.imag, O.real]]) if is_symplectic(space) else O


def inverse_and_difference(space, Y, O):
    """(Y* E O - I)^-1 and D = Y - E O."""
    frame = columns(space, *Y.shape)[0]
    EO = jnp.zeros_like(Y).at[frame].set(O)
    return jnp.linalg.inv(adjoint(space, Y) @ EO - jnp.eye(Y.shape[1], dtype=Y.dtype)), Y - EO


def reflector(space, Y, O):
    """The section as a matrix: H = I + D (Y* E O - I)^-1 D* with the frame columns times O."""
    frame, identity = columns(space, *Y.shape)[0], jnp.eye(len(Y), dtype=Y.dtype)
    inverse, D = inverse_and_difference(space, Y, O)
    H = identity + D @ inverse @ adjoint(space, D)
    return H.at[:, frame].set(H[:, frame] @ O)


@partial(jax.jit, static_argnums=0)
def reflector_section(space, Y):
    O = rotation(space, Y)
    return {"O": O, "section": reflector(space, Y, O)}


@partial(jax.jit, static_argnums=0)
def reflector_lift(space, Y, O, Delta):
    return lift(space, reflector(space, Y, O), Delta)


@partial(jax.jit, static_argnums=(0, 1))
def reflector_move(space, retraction, Y, O, W_A, W_B):
    """The point after the step, and O, which is made anew where it serves no more."""
    frame = columns(space, *Y.shape)[0]
    Y_new = reflector(space, Y, O) @ retract(space, retraction, W_A, W_B)[:, frame]
    inverse, _ = inverse_and_difference(space, Y_new, O)
    serves = jnp.linalg.norm(inverse) <= 2 * Y.shape[1]**0.5
    return {"Y_new": Y_new, "O_new": jnp.where(serves, O, rotation(space, Y_new))}


@partial(jax.jit, static_argnums=0)
def inverse_cayley(space, Y, Y_end):
    """The tangent vector whose Cayley retraction is Y_end (on the Grassmann kinds a point with the same span)."""
    identity, Ys = jnp.eye(Y.shape[1], dtype=Y.dtype), adjoint(space, Y)
    a = Ys @ Y_end
    normal = Y_end - Y @ a
    normal -= Y @ (Ys @ normal)
    if not space.endswith("grassmann"):
        M = 2 * jnp.linalg.inv(identity + a)
        return normal @ M - Y @ (M - adjoint(space, M))
    T = normal @ jnp.linalg.inv(a)   # tan(2x) where the vector is 2 tan(x): T = V (I - V* V/4)^-1
    root = sqrtm(identity + adjoint(space, T) @ T).real.astype(Y.dtype)
    return 2 * T @ jnp.linalg.inv(identity + root)


def aligned(Y, Y_end):
    """Angles, ascending; the part of Y_end normal to Y in the principal basis, and the basis at Y."""
    U, cosines, V = jnp.linalg.svd(Y.T @ Y_end)
    normal = Y_end @ V.T - Y @ (Y.T @ (Y_end @ V.T))
    normal -= Y @ (Y.T @ normal)
    return jnp.arctan2(jnp.linalg.norm(normal, axis=0), cosines), normal, U


@jax.jit
def principal_angles(Y, Y_end):
    """Cosines from the product, sines from the normal part."""
    normal = Y_end - Y @ (Y.T @ Y_end)
    sines = jnp.linalg.svd(normal - Y @ (Y.T @ normal), compute_uv=False)
    return jnp.arctan2(sines[::-1], jnp.linalg.svd(Y.T @ Y_end, compute_uv=False))


def grassmann_distance(Y, Y_end):
    return jnp.linalg.norm(principal_angles(Y, Y_end))


@jax.jit
def grassmann_log(Y, Y_end):
    """The normal part with its columns stretched from sines to angles."""
    angles, normal, U = aligned(Y, Y_end)
    sines = jnp.linalg.norm(normal, axis=0)
    return normal * jnp.where(sines > 0, angles / jnp.where(sines > 0, sines, 1), 1) @ U.T
