"""The same transformer in eager PyTorch with autograd, in the forms in which a user would write it."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear, scaled_dot_product_attention

from manifold_opt.arrays import Array, map_tree


def heads_by_batch(z: Tensor, W: Tensor) -> Tensor:
    """Queries, keys and values (3, batch, heads, tokens, n), with the heads as a batch axis of the product."""
    return z[:, None] @ W[:, None]


def heads_together(z: Tensor, W: Tensor) -> Tensor:
    """The same from one product with the weights of all heads side by side."""
    QKV: Tensor = linear(z, W.mT.flatten(0, 2)).view(*z.shape[:2], *W.shape[:2], -1)
    # the products that follow are faster from a copy than from a view
    return QKV.permute(2, 0, 3, 1, 4).contiguous()


def matmul_attention(Q: Tensor, K: Tensor, V: Tensor) -> Tensor:
    """Softmax of the scores, rows as tokens."""
    return torch.softmax(Q @ K.mT, dim=-1) @ V


def kernel_attention(Q: Tensor, K: Tensor, V: Tensor) -> Tensor:
    """PyTorch's own kernel."""
    return scaled_dot_product_attention(Q, K, V, scale=1.0)


FORMS = {"PyTorch, heads as batch": (heads_by_batch, matmul_attention),
         "PyTorch, one product": (heads_together, matmul_attention),
         "PyTorch, one product, fused attention": (heads_together, kernel_attention)}
"""How queries, keys and values are computed, and the attention from them."""


def forward(params: Any, x: Tensor, form: str) -> Tensor:
    """Probabilities (batch, classes)."""
    (project, attend), blocks, z = FORMS[form], params["blocks"], x
    # weights are scaled, stacked and taken apart once: cheaper than scores that are scaled and weights that are indexed
    scaled = blocks["query"] * x.shape[-1] ** -0.5
    projections = torch.stack([scaled, blocks["key"], blocks["value"]], dim=1)
    for P, W, b in zip(projections.unbind(), blocks["weight"].unbind(), blocks["bias"].unbind()):
        z = attend(*project(z, P).unbind()).transpose(1, 2).reshape(x.shape)
        z = z + torch.tanh(linear(z, W, b))
    return torch.softmax(linear(z[:, -1], params["classifier"]), dim=-1)


def relative_loss(y: Tensor, target: Tensor) -> Tensor:
    """The loss of the paper's example."""
    loss: Tensor = torch.linalg.norm(y - target) / torch.linalg.norm(target)
    return loss


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
