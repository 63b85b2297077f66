"""The same transformer in eager PyTorch with autograd, in the forms in which a user would write it."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from manifold_opt.arrays import Array, map_tree

Attention = Callable[[Tensor, Tensor, Tensor], Tensor]

PROJECTIONS = ("query", "key", "value")


def matmul_attention(Q: Tensor, K: Tensor, V: Tensor, scale: float) -> Tensor:
    """Softmax of the scores, rows as tokens."""
    return torch.softmax(Q @ K.transpose(-1, -2) * scale, dim=-1) @ V


def library_attention(Q: Tensor, K: Tensor, V: Tensor, scale: float) -> Tensor:
    """PyTorch's own kernel."""
    return torch.nn.functional.scaled_dot_product_attention(Q, K, V, scale=scale)


def heads_by_batch(z: Tensor, weights: list[Tensor]) -> list[Tensor]:
    """Queries, keys and values (batch, heads, tokens, n), with the heads as a batch axis of each product."""
    return [z[:, None] @ W for W in weights]


def heads_together(z: Tensor, weights: list[Tensor]) -> list[Tensor]:
    """The same from one product with the weights of all heads side by side."""
    heads, N, n = weights[0].shape
    W = torch.cat([W.transpose(0, 1).reshape(N, heads * n) for W in weights], dim=1)
    QKV = (z.reshape(-1, N) @ W).reshape(*z.shape[:2], 3, heads, n).permute(2, 0, 3, 1, 4)
    return [QKV[0], QKV[1], QKV[2]]


FORMS = {"PyTorch, heads as batch": (heads_by_batch, matmul_attention),
         "PyTorch, one product": (heads_together, matmul_attention),
         "PyTorch, one product, fused attention": (heads_together, library_attention)}
"""How queries, keys and values are computed, and the attention from them."""


def forward(params: Any, x: Tensor, form: str) -> Tensor:
    """Probabilities (batch, classes)."""
    project, attend = FORMS[form]
    blocks, z = params["blocks"], x
    scale = x.shape[-1] ** -0.5
    for block in range(len(blocks["weight"])):
        Q, K, V = project(z, [blocks[name][block] for name in PROJECTIONS])
        z = attend(Q, K, V, scale).transpose(1, 2).reshape(z.shape)
        z = z + torch.tanh(z @ blocks["weight"][block].T + blocks["bias"][block])
    return torch.softmax(z[:, -1] @ params["classifier"].T, dim=-1)


def relative_loss(y: Tensor, target: Tensor) -> Tensor:
    """The loss of the paper's example."""
    return torch.linalg.norm(y - target) / torch.linalg.norm(target)


def to_torch(params: Any) -> Any:
    """Leaves that ask for gradients."""
    return map_tree(lambda Y: torch.from_numpy(Y.copy()).requires_grad_(), params)


def pass_contender(params: Any, x: Array, target: Array, form: str) -> Callable[[], tuple[float, Any]]:
    """A call that computes loss and gradient of all parameters."""
    tensors, sequences, targets = to_torch(params), torch.from_numpy(x), torch.from_numpy(target)
    leaves = [*tensors["blocks"].values(), tensors["classifier"]]

    def run() -> tuple[float, Any]:
        loss = relative_loss(forward(tensors, sequences, form), targets)
        grads = [grad.numpy() for grad in torch.autograd.grad(loss, leaves)]
        return float(loss.detach()), {"blocks": dict(zip(tensors["blocks"], grads)), "classifier": grads[-1]}
    return run
