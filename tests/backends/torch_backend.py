"""A port to PyTorch: the manifold step in its matrix functions, the transformer with gradients by autograd."""
import math

import numpy as np
import torch
from backends.torch_unitary import UnitaryOperations

METHODS = ("gradient", "momentum", "adam", "adam_with_decay")


def to_torch(X):
    return torch.from_numpy(np.ascontiguousarray(X))


def adjoint(space, M):
    """M^T, or J^T M^T J by halves."""
    if not space.startswith("symplectic"):
        return M.T
    p, q = M.shape[0] // 2, M.shape[1] // 2
    return torch.cat([torch.cat([M[p:, q:].T, -M[:p, q:].T], 1), torch.cat([-M[p:, :q].T, M[:p, :q].T], 1)])


def frame(space, N, n):
    """Mask of the columns of Lambda that make up Y."""
    mask = torch.zeros(N, dtype=torch.bool)
    mask[:n // 2 if space.startswith("symplectic") else n] = True
    if space.startswith("symplectic"):
        mask[N // 2:N // 2 + n // 2] = True
    return mask


def exponential(X):
    """The matrix exponential by scaling, a Taylor polynomial of degree 18, and squaring.

    torch.linalg.matrix_exp of PyTorch 2.13 has a wrong coefficient for single matrices (pytorch/pytorch issue 196592):
    in float64 it loses four digits at norms near 0.03, which the oracle reports as a departure of R.
    """
    norm = float(torch.linalg.matrix_norm(X, 1))
    doublings = max(0, math.ceil(math.log2(norm)) + 1) if norm > 0 else 0
    X = X / 2**doublings
    E = identity = torch.eye(len(X), dtype=X.dtype)
    for k in range(18, 0, -1):
        E = identity + X @ E / k
    for _ in range(doublings):
        E = E @ E
    return E


class TorchBackend(UnitaryOperations):
    """The operations on tensors; NumPy arrays at the border only."""

    def riemannian_gradient(self, space, Y, dL):
        return self._gradient(space, to_torch(Y), to_torch(dL)).numpy()

    def _gradient(self, space, Y, dL):
        if space == "euclidean":
            return dL
        X = dL @ Y.T
        grad = (X - adjoint(space, X)) @ Y
        return grad - Y @ (adjoint(space, Y) @ grad) if space.endswith("grassmann") else grad

    def lift(self, space, Lambda, Delta):
        return tuple(X.numpy() for X in self._lift(space, to_torch(Lambda), to_torch(Delta)))

    def _lift(self, space, Lambda, Delta):
        if space == "euclidean":
            return torch.zeros((0, 0), dtype=Delta.dtype), Delta
        columns = frame(space, *Delta.shape)
        A = adjoint(space, Lambda[:, columns]) @ Delta
        A = torch.zeros_like(A) if space.endswith("grassmann") else (A - adjoint(space, A)) / 2
        return A, adjoint(space, Lambda[:, ~columns]) @ Delta

    def lift_gradient(self, space, Lambda, dL):
        Lambda, dL = to_torch(Lambda), to_torch(dL)
        Y = Lambda if space == "euclidean" else Lambda[:, frame(space, *dL.shape)]
        return tuple(X.numpy() for X in self._lift(space, Lambda, self._gradient(space, Y, dL)))

    def update(self, method, hyper, A, B, moments, t):
        result = {}
        rate = hyper.get("learning_rate")
        if rate is None:
            rate = hyper["eta1"] * (hyper["eta2"] / hyper["eta1"])**(
                min(t - 1, hyper["steps"] - 1) / (hyper["steps"] - 1))
        for name, G in (("A", to_torch(A)), ("B", to_torch(B))):
            if method == "gradient":
                result[f"W_{name}"] = -rate * G
            elif method == "momentum":
                result[f"B1_{name}_new"] = hyper["alpha"] * to_torch(moments[f"B1_{name}"]) + G
                result[f"W_{name}"] = -rate * result[f"B1_{name}_new"]
            else:
                for k, value in (("1", G), ("2", G * G)):
                    rho, old = hyper[f"rho{k}"], to_torch(moments[f"B{k}_{name}"])
                    result[f"B{k}_{name}_new"] = ((rho - rho**t) * old + (1 - rho) * value) / (1 - rho**t)
                root = torch.sqrt(result[f"B2_{name}_new"]) + hyper["delta"]
                result[f"W_{name}"] = -rate * result[f"B1_{name}_new"] / root
        return {name: X.numpy() for name, X in result.items()}

    def retract(self, space, retraction, W_A, W_B):
        W_A, W_B = to_torch(W_A), to_torch(W_B)
        if space == "euclidean":
            return W_B.numpy()
        N, n = len(W_A) + len(W_B), len(W_A)
        columns = frame(space, N, n)
        X = torch.zeros((N, N), dtype=W_B.dtype)
        X[columns[:, None] & columns] = W_A.reshape(-1)
        X[~columns[:, None] & columns] = W_B.reshape(-1)
        X[columns[:, None] & ~columns] = -adjoint(space, W_B).reshape(-1)
        if retraction == "geodesic":
            return exponential(X).numpy()
        identity = torch.eye(N, dtype=X.dtype)
        return torch.linalg.solve(identity - X / 2, identity + X / 2).numpy()

    def move(self, space, retraction, Lambda, W_A, W_B):
        R = to_torch(self.retract(space, retraction, W_A, W_B))
        return (to_torch(Lambda) + R if space == "euclidean" else to_torch(Lambda) @ R).numpy()

    def step(self, space, method, retraction, hyper, Lambda, dL, moments, t):
        A, B = self.lift_gradient(space, Lambda, dL)
        result = {"A": A, "B": B, **self.update(method, hyper, A, B, moments, t)}
        return {**result, "Lambda_new": self.move(space, retraction, Lambda, result["W_A"], result["W_B"])}

    def transformer_forward(self, params, x, heads, skip):
        params = {name: to_torch(W) for name, W in params.items()}
        return {name: X.numpy() for name, X in forward(params, to_torch(x), skip).items()}

    def transformer_gradient(self, params, x, target, loss, heads, skip):
        params = {name: to_torch(W).requires_grad_() for name, W in params.items()}
        cache, target = forward(params, to_torch(x), skip), to_torch(target)
        if loss == "relative":
            value = torch.linalg.norm(cache["y"] - target) / torch.linalg.norm(target)
        else:
            value = torch.nn.functional.cross_entropy(cache["logits"], target)
        value.backward()
        return {"loss": value.detach().numpy(), **{f"d_{name}": W.grad.numpy() for name, W in params.items()}}


def forward(params, x, skip):
    """All quantities, with tokens as columns."""
    found = {name: [] for name in ("queries", "keys", "values", "probabilities", "attention", "activations")}
    Z = x.mT
    for block in range(len(params["blocks.bias"])):
        Q, K, V = (params[f"blocks.{name}"][block].mT @ Z[:, None] for name in ("query", "key", "value"))
        P = torch.softmax(K.mT @ Q / math.sqrt(x.shape[2]), dim=-2)
        Y = (V @ P).reshape(Z.shape)
        Y = Y + Z if skip else Y
        A = torch.tanh(params["blocks.weight"][block] @ Y + params["blocks.bias"][block][:, None])
        Z = Y + A
        for name, value in zip(found, (Q, K, V, P, Y, A)):
            found[name].append(value)
    logits = Z[:, :, -1] @ params["classifier"].T
    return {**{name: torch.stack(values) for name, values in found.items()}, "logits": logits,
            "y": torch.softmax(logits, dim=-1)}
