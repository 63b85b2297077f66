"""The unitary spaces in complex arrays of JAX; the gradient of the energy by jax.grad, conjugated."""
import jax
import jax.numpy as jnp
from jax_manifold import exponential


def join(re, im):
    return re + 1j * im


def split(**arrays):
    return {f"{name}_{part}": value for name, X in arrays.items()
            for part, value in (("re", X.real), ("im", X.imag))}


def star(M):
    return M.conj().T


def full_gradient(Y, dL):
    X = dL @ star(Y)
    return (X - star(X)) @ Y


def unitary_section(space, Y_re, Y_im):
    Y = join(Y_re, Y_im)
    rest = jnp.linalg.qr(Y, mode="complete")[0][:, Y.shape[1]:]
    return split(Lambda=jnp.concatenate([Y, rest], axis=1))


def unitary_gradient(space, Y_re, Y_im, dL_re, dL_im):
    Y = join(Y_re, Y_im)
    grad = full_gradient(Y, join(dL_re, dL_im))
    return split(grad=grad - Y @ (star(Y) @ grad) if space.endswith("grassmann") else grad)


def unitary_lift_gradient(space, Lambda_re, Lambda_im, dL_re, dL_im):
    Lambda, dL = join(Lambda_re, Lambda_im), join(dL_re, dL_im)
    n = dL.shape[1]
    D = full_gradient(Lambda[:, :n], dL)
    A = star(Lambda[:, :n]) @ D
    A = 0 * A if space.endswith("grassmann") else (A - star(A)) / 2
    return split(A=A, B=star(Lambda[:, n:]) @ D)


def unitary_update(method, hyper, A_re, A_im, B_re, B_im, moments, t):
    result = {}
    for block, X in (("A", join(A_re, A_im)), ("B", join(B_re, B_im))):
        old = {"rho1": join(moments[f"B1_{block}_re"], moments[f"B1_{block}_im"]), "rho2": moments[f"B2_{block}"]}
        # the second moment is that of the magnitude: one real number for both parts
        first, second = (((hyper[rho] - hyper[rho]**t) * old[rho] + (1 - hyper[rho]) * value) / (1 - hyper[rho]**t)
                         for rho, value in (("rho1", X), ("rho2", X.real**2 + X.imag**2)))
        W = -hyper["learning_rate"] * first / (jnp.sqrt(second) + hyper["delta"])
        result.update({f"B2_{block}_new": second, **split(**{f"B1_{block}_new": first, f"W_{block}": W})})
    return result


def unitary_retract(space, retraction, W_A_re, W_A_im, W_B_re, W_B_im):
    A, B = join(W_A_re, W_A_im), join(W_B_re, W_B_im)
    W = jnp.block([[A, -star(B)], [B, jnp.zeros((len(B), len(B)), B.dtype)]])
    identity = jnp.eye(len(W), dtype=W.dtype)
    return split(R=exponential(W) if retraction == "geodesic" else jnp.linalg.solve(
        identity - W / 2, identity + W / 2))


def unitary_move(space, retraction, Lambda_re, Lambda_im, *velocity):
    R = unitary_retract(space, retraction, *velocity)
    return split(Lambda_new=join(Lambda_re, Lambda_im) @ join(R["R_re"], R["R_im"]))


def unitary_step(space, method, retraction, hyper, Lambda_re, Lambda_im, dL_re, dL_im, moments, t):
    lift = unitary_lift_gradient(space, Lambda_re, Lambda_im, dL_re, dL_im)
    after = {**lift, **unitary_update(method, hyper, *lift.values(), moments, t)}
    velocity = [after[name] for name in ("W_A_re", "W_A_im", "W_B_re", "W_B_im")]
    return {**after, **unitary_move(space, retraction, Lambda_re, Lambda_im, *velocity)}


def unitary_energy(H_re, H_im, Y_re, Y_im):
    def energy(Y):
        return jnp.sum(Y.conj() * (join(H_re, H_im) @ Y)).real

    value, gradient = jax.value_and_grad(energy)(join(Y_re, Y_im))
    return {"energy": value, **split(dL_energy=gradient.conj())}
