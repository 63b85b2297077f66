"""What is compared: one Adam step of this library, of geoopt, and of a plain implementation with N x N matrices."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from manifold_opt import Adam, Optimizer
from manifold_opt.arrays import Array
from manifold_opt.spaces.matrix_space import MatrixSpace
from manifold_opt.tangent import HorizontalElement, VectorTangentSpace

Step = Callable[[], Any]


def example(space: MatrixSpace, batch: tuple[int, ...] = (), dtype: str = "float64") -> tuple[Array, Array]:
    """A point (or a stack) and a gradient, the same in each run."""
    rng = np.random.default_rng(0)
    options = {} if space.adjoint.is_compact else {"condition": 2.0}
    Y = space.random_point(rng, batch, np.dtype(dtype), **options)
    return Y, rng.standard_normal(Y.shape).astype(dtype)


def library_step(space: MatrixSpace, Y: Array, dL: Array, section: str = "transported",
                 retraction: str = "cayley") -> Step:
    """Optimizer.step of this library, with its checks; the restoration every 100 steps is on, as it is by default."""
    optimizer = Optimizer(Adam(), space, retraction=retraction, section=section)
    params, state = Y, optimizer.init(Y)

    def step() -> Array:
        nonlocal params, state
        params, state = optimizer.step(params, dL, state, overwrite=True)
        return np.asarray(params)
    return step


def dense_step(space: MatrixSpace, Y: Array, dL: Array) -> Step:
    """The paper's step as it is written: lift, section, moments and Cayley transform are N x N matrices."""
    adjoint, N = space.adjoint, space.shape[0]
    frame, complement = adjoint.frame(*space.shape), adjoint.complement(*space.shape)
    identity = np.eye(N, dtype=Y.dtype)
    Lambda, t = space.global_section(Y).to_dense(), 0
    moments: dict[str, Any] = {}
    # on dense matrices the same formulas of Adam, as those of a vector space
    empty = np.zeros((*Y.shape[:-2], 0, 0), Y.dtype)
    lift = getattr(space, "pseudo_horizontal_lift", space.horizontal_lift)

    def step() -> Array:
        nonlocal Lambda, t, moments
        t += 1
        Y = Lambda[..., frame]
        Omega = lift(Y, space.riemannian_gradient(Y, dL))
        B = adjoint(Lambda) @ Omega @ Lambda
        # what is zero exactly must be so: Adam divides rounding errors by their size
        B = 0.5 * (B - adjoint(B))
        B[..., complement[:, None], complement] = 0
        G = HorizontalElement(empty, B, VectorTangentSpace(B.shape))
        W, moments = Adam().update(G, moments or Adam().init(G), t)
        Lambda = Lambda @ np.linalg.solve(identity - 0.5 * W.B, identity + 0.5 * W.B)
        return np.asarray(Lambda[..., frame])
    return step


def geoopt_step(Y: Array, dL: Array, manifold: str) -> Step:
    """`RiemannianAdam.step` of geoopt on "EuclideanStiefel" or "CanonicalStiefel", the stack as one parameter.

    The retraction of its canonical Stiefel manifold is not first order, that of the Euclidean one is the Q factor of
    Y + W. Its second moment is one number for each matrix, not one for each entry.
    """
    import geoopt
    import torch
    point = geoopt.ManifoldParameter(torch.from_numpy(Y.copy()), manifold=getattr(geoopt, manifold)())
    gradient = torch.from_numpy(dL.copy())
    optimizer = geoopt.optim.RiemannianAdam([point], lr=1e-3, betas=(0.9, 0.99), stabilize=100)

    def step() -> Any:
        point.grad = gradient
        optimizer.step()
        return point
    return step
