"""The transformer in JAX, its gradients by jax.value_and_grad, and its training with attention on Stiefel manifolds."""
from functools import partial

import jax
import jax.numpy as jnp

from jax_manifold import lift_gradient, move, retract, riemannian_gradient, update


@partial(jax.jit, static_argnames=("heads", "skip"))
def transformer_forward(params, x, heads, skip):
    """All quantities; arrays (batch, heads, rows, tokens)."""
    found, Z = [], x.mT
    for block in range(len(params["blocks.bias"])):
        Q, K, V = (params[f"blocks.{name}"][block].mT @ Z[:, None] for name in ("query", "key", "value"))
        P = jax.nn.softmax(K.mT @ Q / x.shape[2]**0.5, axis=-2)
        Y = (V @ P).reshape(Z.shape) + (Z if skip else 0)
        A = jnp.tanh(params["blocks.weight"][block] @ Y + params["blocks.bias"][block][:, None])
        found.append({"queries": Q, "keys": K, "values": V, "probabilities": P, "attention": Y, "activations": A})
        Z = Y + A
    logits = Z[:, :, -1] @ params["classifier"].T
    return {**jax.tree.map(lambda *blocks: jnp.stack(blocks), *found), "logits": logits, "y": jax.nn.softmax(logits)}


@partial(jax.jit, static_argnames=("loss", "heads", "skip"))
def transformer_gradient(params, x, target, loss, heads, skip):
    def value(params):
        out = transformer_forward(params, x, heads, skip)
        if loss == "relative":
            return jnp.linalg.norm(out["y"] - target) / jnp.linalg.norm(target)
        return -jnp.sum(target * jax.nn.log_softmax(out["logits"])) / len(x)

    result, grads = jax.value_and_grad(value)(params)
    return {"loss": result, **{f"d_{name}": gradient for name, gradient in grads.items()}}


def stacked(function, signature):
    """A function of matrices for stacks of them; axes before the last two broadcast."""
    def call(*arguments):
        words = [argument for argument in arguments if isinstance(argument, str)]
        return jnp.vectorize(partial(function, *words), signature=signature)(*arguments[len(words):])
    return call


riemannian_gradient_stack = stacked(riemannian_gradient, "(N,n),(N,n)->(N,n)")
lift_gradient_stack = stacked(lift_gradient, "(N,N),(N,n)->(n,n),(m,n)")
retract_stack = stacked(retract, "(n,n),(m,n)->(N,N)")
move_stack = stacked(move, "(N,N),(n,n),(m,n)->(N,N)")


def training(method, retraction, hyper, params, sections, x, target, loss, heads, skip, steps):
    """Weights with a section move on Stiefel manifolds, the others in vector spaces; one t for all."""
    found = {"losses": [], **{f"{name}_after": [] for name in params}}
    sections = {name.removeprefix("Lambda."): Lambda for name, Lambda in sections.items()}
    moments = {}
    for t in range(1, steps + 2):
        grads = transformer_gradient(params, x, target, loss, heads, skip)
        found["losses"].append(grads["loss"])
        if t > steps:
            return {name: jnp.stack(values) for name, values in found.items()}
        new = {}
        for name, W in params.items():
            A, B = jnp.zeros((0, 0), W.dtype), grads[f"d_{name}"]
            if name in sections:
                A, B = lift_gradient_stack("stiefel", sections[name], B)
            zero = {f"{k}_{block}": jnp.zeros_like(G) for k in ("B1", "B2") for block, G in (("A", A), ("B", B))}
            after = update(method, hyper, A, B, moments.get(name, zero), t)
            moments[name] = {key.removesuffix("_new"): X for key, X in after.items() if key.endswith("_new")}
            if name in sections:
                sections[name] = move_stack("stiefel", retraction, sections[name], after["W_A"], after["W_B"])
                new[name] = sections[name][..., :W.shape[-1]]
            else:
                new[name] = W + after["W_B"]
            found[f"{name}_after"].append(new[name])
        params = new
