"""The unitary spaces in PyTorch's complex tensors; the gradient of the energy by autograd."""
import numpy as np
import torch


def join(re, im):
    """A complex tensor of its parts."""
    return torch.complex(*(torch.from_numpy(np.ascontiguousarray(part)) for part in (re, im)))


def split(**tensors):
    return {f"{name}_{part}": getattr(X, word).numpy() for name, X in tensors.items()
            for part, word in (("re", "real"), ("im", "imag"))}


def gradient(space, Y, dL):
    """The Riemannian gradient."""
    grad = full_gradient(Y, dL)
    return grad - Y @ (Y.mH @ grad) if space.endswith("grassmann") else grad


def full_gradient(Y, dL):
    X = dL @ Y.mH
    return (X - X.mH) @ Y


class UnitaryOperations:
    """The operations on complex tensors."""

    def unitary_section(self, space, Y_re, Y_im):
        Y = join(Y_re, Y_im)
        Lambda = torch.linalg.qr(Y, mode="complete")[0]
        return split(Lambda=torch.cat([Y, Lambda[:, Y.shape[1]:]], dim=1))

    def unitary_gradient(self, space, Y_re, Y_im, dL_re, dL_im):
        return split(grad=gradient(space, join(Y_re, Y_im), join(dL_re, dL_im)))

    def unitary_lift_gradient(self, space, Lambda_re, Lambda_im, dL_re, dL_im):
        Lambda, dL = join(Lambda_re, Lambda_im), join(dL_re, dL_im)
        n = dL.shape[1]
        D = full_gradient(Lambda[:, :n], dL)
        A = Lambda[:, :n].mH @ D
        A = (A - A.mH) / 2 * (not space.endswith("grassmann"))
        return split(A=A, B=Lambda[:, n:].mH @ D)

    def unitary_update(self, method, hyper, A_re, A_im, B_re, B_im, moments, t):
        result = {}
        for block, X in (("A", join(A_re, A_im)), ("B", join(B_re, B_im))):
            old = {1: join(moments[f"B1_{block}_re"], moments[f"B1_{block}_im"]),
                   2: torch.from_numpy(moments[f"B2_{block}"])}
            new = {k: ((rho - rho**t) * old[k] + (1 - rho) * value) / (1 - rho**t) for k, rho, value in (
                (1, hyper["rho1"], X), (2, hyper["rho2"], X.real**2 + X.imag**2))}
            W = -hyper["learning_rate"] * new[1] / (torch.sqrt(new[2]) + hyper["delta"])
            result.update({f"B2_{block}_new": new[2].numpy(), **split(**{f"W_{block}": W, f"B1_{block}_new": new[1]})})
        return result

    def unitary_retract(self, space, retraction, W_A_re, W_A_im, W_B_re, W_B_im):
        from backends.torch_backend import exponential
        A, B = join(W_A_re, W_A_im), join(W_B_re, W_B_im)
        X = torch.cat([torch.cat([A, -B.mH], dim=1), torch.cat([B, B.new_zeros(len(B), len(B))], dim=1)])
        identity = torch.eye(len(X), dtype=X.dtype)
        return split(R=exponential(X) if retraction == "geodesic" else torch.linalg.solve(
            identity - X / 2, identity + X / 2))

    def unitary_move(self, space, retraction, Lambda_re, Lambda_im, *velocity):
        R = self.unitary_retract(space, retraction, *velocity)
        return split(Lambda_new=join(Lambda_re, Lambda_im) @ join(R["R_re"], R["R_im"]))

    def unitary_step(self, space, method, retraction, hyper, Lambda_re, Lambda_im, dL_re, dL_im, moments, t):
        lift = self.unitary_lift_gradient(space, Lambda_re, Lambda_im, dL_re, dL_im)
        result = {**lift, **self.unitary_update(method, hyper, *lift.values(), moments, t)}
        velocity = [result[name] for name in ("W_A_re", "W_A_im", "W_B_re", "W_B_im")]
        return {**result, **self.unitary_move(space, retraction, Lambda_re, Lambda_im, *velocity)}

    def unitary_energy(self, H_re, H_im, Y_re, Y_im):
        """The gradient is what autograd leaves in .grad."""
        Y = join(Y_re, Y_im).requires_grad_()
        value = torch.sum(Y.conj() * (join(H_re, H_im) @ Y)).real
        value.backward()
        return {"energy": value.detach().numpy(), **split(dL_energy=Y.grad)}
