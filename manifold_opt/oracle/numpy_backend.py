"""This library as a backend: the adapter that checks it, and the example for adapters of others."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.network import VisionTransformer
from manifold_opt.network.losses import loss_function
from manifold_opt.optimizers import Adam, AdamWithDecay, Gradient, Momentum, Optimizer
from manifold_opt.optimizers.method import Method
from manifold_opt.oracle.numpy_geometry import GeometryAnswers
from manifold_opt.oracle.numpy_methods import MethodAnswers
from manifold_opt.oracle.numpy_unitary import UnitaryAnswers
from manifold_opt.sections import GlobalSection, TranslationSection, TransportedSection
from manifold_opt.spaces import (Euclidean, Grassmann, HomogeneousSpace, Stiefel, SymplecticGrassmann,
                                 SymplecticStiefel)
from manifold_opt.tangent import HorizontalElement, VectorTangentSpace

__all__ = ["NumpyBackend"]

MATRIX_SPACES: dict[str, Any] = {"stiefel": Stiefel, "grassmann": Grassmann, "symplectic_stiefel": SymplecticStiefel,
                                 "symplectic_grassmann": SymplecticGrassmann}
CACHES = {"queries": "Q", "keys": "K", "values": "V", "probabilities": "P"}
METHODS: dict[str, Callable[..., Method]] = {"gradient": Gradient, "momentum": Momentum, "adam": Adam}


class NumpyBackend(GeometryAnswers, MethodAnswers, UnitaryAnswers):
    """Every operation of the oracle by means of this library.

    Parameters
    ----------
    section : {"transported", "reflector"}
        Which section :meth:`global_section` returns.
    cayley : {"cayley", "cayley_factor"}
        Which of the two forms of the Cayley transform is used.
    attention : {"plain", "fused"}
        Which of the two forms of attention is used; only the plain one has queries, keys, values and probabilities.

    Examples
    --------
    >>> from manifold_opt import oracle
    >>> print(oracle.check(oracle.NumpyBackend(), cases="transformer-small-float64-relative").results[1].verdict)
    agrees
    """

    def __init__(self, section: str = "transported", cayley: str = "cayley", attention: str = "plain") -> None:
        self.section, self.cayley, self.attention = section, cayley, attention

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def global_section(self, space: str, Y: Array) -> Array:
        """The library's own section as a matrix."""
        return _space(space, Y.shape).global_section(Y, self.section).to_dense()

    def riemannian_gradient(self, space: str, Y: Array, dL: Array) -> Array:
        """The Riemannian gradient."""
        return _space(space, Y.shape[-2:]).riemannian_gradient(Y, dL)

    def lift(self, space: str, Lambda: Array, Delta: Array) -> tuple[Array, Array]:
        """The blocks of the lift of a tangent vector."""
        X = _section(space, Lambda, Delta.shape[-1]).lift(Delta)
        return X.A, X.B

    def lift_gradient(self, space: str, Lambda: Array, dL: Array) -> tuple[Array, Array]:
        """The blocks of the lift of the gradient."""
        X = _section(space, Lambda, dL.shape[-1]).lift_gradient(dL)
        return X.A, X.B

    def horizontal_lift(self, space: str, Y: Array, Delta: Array) -> Array:
        """The dense lift."""
        return _space(space, Y.shape).horizontal_lift(Y, Delta)

    def metric(self, space: str, Y: Array, Delta1: Array, Delta2: Array) -> Array:
        """The Riemannian metric."""
        return _space(space, Y.shape).metric(Y, Delta1, Delta2)

    def project_tangent(self, space: str, Y: Array, Z: Array) -> Array:
        """The nearest tangent vector."""
        return _space(space, Y.shape).project_tangent(Y, Z)

    def restore(self, space: str, Lambda: Array) -> Array:
        """The section after one Newton-Schulz step."""
        return _section(space, Lambda, 2).restore().to_dense()

    def reflector_section(self, space: str, Y: Array) -> dict[str, Array]:
        """The reflector section and its rotation."""
        section = _space(space, Y.shape).global_section(Y, "reflector")
        return {"O": section.to_arrays()["O"], "section": section.to_dense()}

    def reflector_lift(self, space: str, Y: Array, O: Array, Delta: Array) -> tuple[Array, Array]:
        """The lift through the reflector section with a given rotation."""
        X = _space(space, Y.shape).load_section({"Y": Y, "O": O}, "reflector").lift(Delta)
        return X.A, X.B

    def reflector_move(self, space: str, retraction: str, Y: Array, O: Array, W_A: Array,
                       W_B: Array) -> dict[str, Array]:
        """The point after a step, and the rotation over it."""
        section = _space(space, Y.shape).load_section({"Y": Y, "O": O}, "reflector")
        after = section.move(HorizontalElement(W_A, W_B, section.tangent_space), self._retraction(retraction))
        return {"Y_new": after.point, "O_new": after.to_arrays()["O"]}

    def inverse_cayley(self, space: str, Y: Array, Y_end: Array) -> Array:
        """The tangent vector whose Cayley retraction is the other point."""
        return _space(space, Y.shape).inverse_cayley(Y, Y_end)

    def principal_angles(self, Y: Array, Y_end: Array) -> Array:
        """The principal angles of two subspaces."""
        return Grassmann(*Y.shape).principal_angles(Y, Y_end)

    def grassmann_distance(self, Y: Array, Y_end: Array) -> Array:
        """Their distance."""
        return Grassmann(*Y.shape).distance(Y, Y_end)

    def grassmann_log(self, Y: Array, Y_end: Array) -> Array:
        """The tangent vector of the shortest geodesic between them."""
        return Grassmann(*Y.shape).log(Y, Y_end)

    def update(self, method: str, hyper: Mapping[str, Any], A: Array, B: Array, moments: Mapping[str, Array],
               t: int) -> dict[str, Array]:
        """Velocity and new moments."""
        blocks = VectorTangentSpace(B.shape)
        before = {name: HorizontalElement(moments[f"{name}_A"], moments[f"{name}_B"], blocks)
                  for name in ("B1", "B2") if f"{name}_A" in moments}
        W, after = _method(method, hyper).update(HorizontalElement(A, B, blocks), before, t)
        result = {"W_A": W.A, "W_B": W.B}
        for name, X in after.items():
            result.update({f"{name}_A_new": X.A, f"{name}_B_new": X.B})
        return result

    def retract(self, space: str, retraction: str, W_A: Array, W_B: Array) -> Array:
        """The increment: where the section over E moves, which is the identity."""
        if space == "euclidean":
            return self.move(space, retraction, np.zeros_like(W_B), W_A, W_B)
        return self.move(space, retraction, np.eye(W_A.shape[-2] + W_B.shape[-2], dtype=W_A.dtype), W_A, W_B)

    def move(self, space: str, retraction: str, Lambda: Array, W_A: Array, W_B: Array) -> Array:
        """The section after the step."""
        section = _section(space, Lambda, W_B.shape[-1])
        W = HorizontalElement(W_A, W_B, section.tangent_space)
        return section.move(W, self._retraction(retraction)).to_dense()

    def step(self, space: str, method: str, retraction: str, hyper: Mapping[str, Any], Lambda: Array, dL: Array,
             moments: Mapping[str, Array], t: int) -> dict[str, Array]:
        """All quantities of a step."""
        section = _section(space, Lambda, dL.shape[1])
        A, B = self.lift_gradient(space, Lambda, dL)
        result = {"grad": self.riemannian_gradient(space, section.point, dL), "A": A, "B": B,
                  **self.update(method, hyper, A, B, moments, t)}
        W_A, W_B = result["W_A"], result["W_B"]
        Lambda_new = self.move(space, retraction, Lambda, W_A, W_B)
        return {**result, "R": self.retract(space, retraction, W_A, W_B), "Lambda_new": Lambda_new,
                "Y_new": _section(space, Lambda_new, dL.shape[1]).point}

    def transformer_forward(self, params: Mapping[str, Array], x: Array, heads: int, skip: bool) -> dict[str, Array]:
        """Probabilities and all caches."""
        y, cache = self._model(params, heads, skip).forward(_tree(params), x)
        attention, feed_forward = ([[caches[block][k] for caches in cache.blocks.pieces]
                                    for block in range(len(params["blocks.bias"]))] for k in (0, 1))
        result = {"y": y, "logits": cache.logits, "attention": _by_sample(feed_forward, "Z", axis=2),
                  "activations": _by_sample(feed_forward, "A", axis=2, shape=(x.shape[2], -1, x.shape[1]))}
        if self.attention == "plain":
            result.update({name: _by_sample(attention, field, axis=2) for name, field in CACHES.items()})
        return result

    def transformer_gradient(self, params: Mapping[str, Array], x: Array, target: Array, loss: str, heads: int,
                             skip: bool) -> dict[str, Any]:
        """Loss and gradients."""
        value, grads = self._model(params, heads, skip).loss_and_gradient(_tree(params), x, target, loss_function(loss))
        flat = {f"d_blocks.{name}": gradient for name, gradient in grads["blocks"].items()}
        return {"loss": value, "d_classifier": grads["classifier"], **flat}

    def training(self, method: str, retraction: str, hyper: Mapping[str, Any], params: Mapping[str, Array],
                 sections: Mapping[str, Array], x: Array, target: Array, loss: str, heads: int, skip: bool,
                 steps: int) -> dict[str, Any]:
        """Losses and weights of an optimizer that starts from the given sections."""
        model, tree = self._model(params, heads, skip), _tree(params)
        spaces = _tree({name: Stiefel(*value.shape[-2:]) if f"Lambda.{name}" in sections else Euclidean(*value.shape)
                        for name, value in params.items()})
        optimizer = Optimizer(_method(method, hyper), spaces, self._retraction(retraction), restore=None)
        start = optimizer.save_state(optimizer.init(tree))
        for name, Lambda in sections.items():
            path = name.removeprefix("Lambda.")
            start[f"section/{path}/Y_perp"] = Lambda[..., params[path].shape[-1]:]
        state, losses = optimizer.load_state(start), []
        after: dict[str, list[Array]] = {f"{name}_after": [] for name in params}
        for step in range(steps + 1):
            value, grads = model.loss_and_gradient(tree, x, target, loss_function(loss))
            losses.append(value)
            if step < steps:
                tree, state = optimizer.step(tree, grads, state)
                for name, found in after.items():
                    path = name.removesuffix("_after")
                    found.append(tree["blocks"][path[7:]] if path.startswith("blocks.") else tree[path])
        return {"losses": np.array(losses, x.dtype), **{name: np.array(found) for name, found in after.items()}}

    def riemannian_gradient_stack(self, space: str, Y: Array, dL: Array) -> Array:
        """The same function, which broadcasts, as for single arrays."""
        return self.riemannian_gradient(space, Y, dL)

    def lift_gradient_stack(self, space: str, Lambda: Array, dL: Array) -> tuple[Array, Array]:
        """The same function, which broadcasts, as for single arrays."""
        return self.lift_gradient(space, Lambda, dL)

    def retract_stack(self, space: str, retraction: str, W_A: Array, W_B: Array) -> Array:
        """The same function, from a stack of identities."""
        N = W_A.shape[-2] + W_B.shape[-2]
        identities = np.broadcast_to(np.eye(N, dtype=W_A.dtype), (*W_A.shape[:-2], N, N))
        return self.move(space, retraction, identities, W_A, W_B)

    def move_stack(self, space: str, retraction: str, Lambda: Array, W_A: Array, W_B: Array) -> Array:
        """The same function, of sections as many as there are velocities."""
        batch = np.broadcast_shapes(Lambda.shape[:-2], W_B.shape[:-2])
        return self.move(space, retraction, np.broadcast_to(Lambda, (*batch, *Lambda.shape[-2:])), W_A, W_B)

    def _retraction(self, retraction: str) -> str:
        return self.cayley if retraction == "cayley" else retraction

    def _model(self, params: Mapping[str, Array], heads: int, skip: bool) -> VisionTransformer:
        classes, width = params["classifier"].shape
        return VisionTransformer(blocks=len(params["blocks.bias"]), heads=heads, width=width, classes=classes,
                                 skip=skip, attention=self.attention)


def _space(space: str, shape: tuple[int, ...]) -> HomogeneousSpace:
    made: HomogeneousSpace = Euclidean(*shape) if space == "euclidean" else MATRIX_SPACES[space](*shape)
    return made


def _section(space: str, Lambda: Array, n: int) -> GlobalSection:
    if space == "euclidean":
        return TranslationSection(Lambda, VectorTangentSpace(Lambda.shape))
    return TransportedSection.from_dense(Lambda, MATRIX_SPACES[space](Lambda.shape[-1], n).tangent_space)


def _method(method: str, hyper: Mapping[str, Any]) -> Method:
    if method != "adam_with_decay":
        return METHODS[method](**hyper)
    adam = Adam(rho1=hyper["rho1"], rho2=hyper["rho2"], delta=hyper["delta"])
    return AdamWithDecay(steps=hyper["steps"], eta1=hyper["eta1"], eta2=hyper["eta2"], adam=adam)


def _tree(params: Mapping[str, Any]) -> dict[str, Any]:
    blocks = {name.removeprefix("blocks."): value for name, value in params.items() if name.startswith("blocks.")}
    return {"blocks": blocks, "classifier": params["classifier"]}


def _by_sample(blocks: list[list[Any]], field: str, axis: int, shape: tuple[int, ...] = ()) -> Array:
    """A field of the caches of all blocks and pieces (groups, ..., samples, ...) as one array (blocks, batch, ...)."""
    stacks = []
    for pieces in blocks:
        arrays = [getattr(piece, field) for piece in pieces]
        arrays = [np.moveaxis(array.reshape(len(array), *(shape or array.shape[1:])), axis, 1) for array in arrays]
        stacks.append(np.concatenate([array.reshape(-1, *array.shape[2:]) for array in arrays]))
    return np.stack(stacks)
