"""The RiemannianAdam of geoopt, dressed so that the same training loop can drive it (extra ``benchmark``)."""
from __future__ import annotations

from typing import Any, final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.trees import Tree, leaves, map_tree
from manifold_opt.optimizers import OptimizerState, ParameterState
from manifold_opt.sections import TranslationSection
from manifold_opt.spaces import Stiefel
from manifold_opt.tangent import VectorTangentSpace

__all__ = ["GeooptAdam", "geoopt_is_missing"]


def geoopt_is_missing() -> str | None:
    """Why geoopt cannot be used, or None.

    Returns
    -------
    str or None
    """
    try:
        import geoopt  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        return f"the extra 'benchmark' is not installed ({error.name})"
    return None


@final
class GeooptAdam:
    """RiemannianAdam on geoopt's EuclideanStiefel and on plain tensors, with this library's interface.

    Its second moment is one number for each matrix on the manifold, its retraction a QR decomposition.

    Parameters
    ----------
    learning_rate : float
        The rate.
    spaces : nested dict
        The space of each parameter.
    """

    def __init__(self, learning_rate: float, spaces: Tree) -> None:
        self.learning_rate, self.spaces = learning_rate, spaces

    def init(self, params: Tree) -> OptimizerState:
        """The state before the first step."""
        points = dict(leaves(params))
        moments = {path: {"exp_avg": np.zeros_like(Y), "exp_avg_sq": np.zeros_like(Y)} for path, Y in points.items()}
        return self._state(0, points, moments)

    def step(self, params: Tree, grads: Tree, state: OptimizerState,
             overwrite: bool = False) -> tuple[Tree, OptimizerState]:
        """One step of RiemannianAdam."""
        import geoopt
        import torch

        tensors: dict[str, Any] = {}
        for (path, Y), (_, space) in zip(leaves(params), leaves(self.spaces)):
            tensor = torch.from_numpy(Y.copy())
            tensors[path] = (geoopt.ManifoldParameter(tensor, manifold=geoopt.EuclideanStiefel())
                             if isinstance(space, Stiefel) else torch.nn.Parameter(tensor))
        optimizer = geoopt.optim.RiemannianAdam(tensors.values(), lr=self.learning_rate, betas=(0.9, 0.99), eps=3e-7)
        for path, gradient in leaves(grads):
            tensors[path].grad = torch.from_numpy(np.ascontiguousarray(gradient))
            if state.t:
                optimizer.state[tensors[path]] = {
                    "step": state.t, **{name: torch.from_numpy(array) for name, array in state.moments[path].items()}}
        optimizer.step()
        points = {path: tensor.detach().numpy() for path, tensor in tensors.items()}
        moments = {path: {name: optimizer.state[tensor][name].numpy() for name in ("exp_avg", "exp_avg_sq")}
                   for path, tensor in tensors.items()}
        return (map_tree(lambda path, _: points[path], self.spaces, names=True),
                self._state(state.t + 1, points, moments))

    def params(self, state: OptimizerState) -> Tree:
        """Copies of the parameters."""
        return map_tree(lambda path, _: state.sections[path].point.copy(), self.spaces, names=True)

    def save_state(self, state: OptimizerState) -> dict[str, Array]:
        """The state as a flat dict of arrays."""
        arrays = {"t": np.array(state.t)}
        for path, section in state.sections.items():
            arrays[f"point/{path}"] = section.point
            arrays.update({f"{name}/{path}": array for name, array in state.moments[path].items()})
        return arrays

    def load_state(self, arrays: dict[str, Array]) -> OptimizerState:
        """The state from :meth:`save_state`."""
        paths = [path for path, _ in leaves(self.spaces)]
        moments = {path: {name: arrays[f"{name}/{path}"] for name in ("exp_avg", "exp_avg_sq")} for path in paths}
        return self._state(int(arrays["t"]), {path: arrays[f"point/{path}"] for path in paths}, moments)

    @staticmethod
    def _state(t: int, points: dict[str, Array], moments: dict[str, dict[str, Array]]) -> OptimizerState:
        parameters = {path: ParameterState(TranslationSection(Y, VectorTangentSpace(Y.shape)), moments[path], t)
                      for path, Y in points.items()}
        return OptimizerState(t, parameters, ("GeooptAdam", "transported", None))
