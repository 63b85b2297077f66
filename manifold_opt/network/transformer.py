r"""The vision transformer of the paper's numerical example."""
from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, check_integer
from manifold_opt.arrays.trees import Tree
from manifold_opt.network.attention import MultiHeadAttention
from manifold_opt.network.blocks import Blocks, BlocksCache
from manifold_opt.network.classification import Classification
from manifold_opt.network.feed_forward import FeedForward
from manifold_opt.network.fused_attention import FusedAttention
from manifold_opt.network.layer import Layer
from manifold_opt.network.losses import Loss, loss_function
from manifold_opt.network.parameters import check_input, check_like, random_parameters
from manifold_opt.network.sizes import check_heads, check_switch
from manifold_opt.network.softmax import softmax_backward
from manifold_opt.network.workspace import Workspace
from manifold_opt.spaces import Euclidean, HomogeneousSpace, Stiefel

__all__ = ["ForwardCache", "VisionTransformer"]

ATTENTION: dict[str, Callable[[int, int, bool], Layer]] = {"fused": FusedAttention, "plain": MultiHeadAttention}
PROJECTIONS = ("query", "key", "value")


@final
@dataclass(frozen=True)
class ForwardCache:
    """What a backward pass needs: the cache of the blocks, their output z (batch, tokens, width), logits and y."""

    blocks: BlocksCache
    z: Array
    logits: Array
    y: Array


@final
class VisionTransformer:
    r"""Blocks of attention and residual feed-forward layer, then a classification by the last token.

    .. math:: Z \leftarrow \mathrm{attention}_l(Z), \quad Z \leftarrow Z + \tanh(W_l Z + b_l), \quad l = 1, \dots, L,
        \qquad f(x) = \mathrm{softmax}(C z_T) .

    The layers and their gradients are :class:`MultiHeadAttention` (or :class:`FusedAttention`, which computes the
    same), :class:`FeedForward` and :class:`Classification`. The parameters are one tree of stacked arrays: ::

        {"blocks": {"query": (L, heads, N, n), "key": ..., "value": ..., "weight": (L, N, N), "bias": (L, N)},
         "classifier": (classes, N)}

    with N the width and n = N/heads; :meth:`init` makes one, :meth:`spaces` tells on which space each leaf lies.

    Parameters
    ----------
    blocks, heads, width, classes : int
        L, the number of heads, N, and the number of classes. The heads must divide the width.
    skip : bool
        Whether the attention has a skip connection.
    joint_heads : bool
        Whether the weights of all heads form one matrix of shape (N, N), the heads' columns side by side, so that a
        constraint makes the columns of all heads orthonormal together. The leaves are then of shape (L, N, N).
    attention : {"fused", "plain"}
        Which of the two implementations computes the attention.

    Raises
    ------
    TypeError, ValueError
        If a size is no positive integer, the heads do not divide the width, or `attention` is unknown.

    References
    ----------
    Paper: v4, section 5.

    Examples
    --------
    A small step against the gradient lowers the loss at the rate that the gradient predicts.

    >>> import numpy as np
    >>> from manifold_opt.arrays.trees import leaves, map_tree
    >>> from manifold_opt.network import VisionTransformer, one_hot
    >>> rng = np.random.default_rng(0)
    >>> model = VisionTransformer(blocks=2)
    >>> params = model.init(rng, dtype=np.float64)
    >>> x, target = rng.random((8, 16, 49)), one_hot(np.arange(8), dtype=np.float64)
    >>> loss, grads = model.loss_and_gradient(params, x, target)
    >>> moved = map_tree(lambda Y, dY: Y - 1e-6 * dY, params, grads)
    >>> predicted = 1e-6 * sum((dY**2).sum() for _, dY in leaves(grads))
    >>> bool(np.isclose(loss - model.loss_and_gradient(moved, x, target)[0], predicted, rtol=1e-3))
    True
    """

    def __init__(self, blocks: int = 16, heads: int = 7, width: int = 49, classes: int = 10, skip: bool = False,
                 joint_heads: bool = False, attention: str = "fused") -> None:
        blocks, classes = check_integer("blocks", blocks, 1), check_integer("classes", classes, 1)
        width, heads = check_heads(width, heads)
        if not isinstance(attention, str) or attention not in ATTENTION:
            raise ValueError(f"attention must be one of {', '.join(map(repr, ATTENTION))}: got {attention!r}")
        self.blocks, self.heads, self.width, self.classes = blocks, heads, width, classes
        self.skip, self.joint_heads = check_switch("skip", skip), check_switch("joint_heads", joint_heads)
        self.layers = Blocks(ATTENTION[attention](width, heads, self.skip), FeedForward(width))
        self.classification = Classification(width, classes)

    def init(self, rng: np.random.Generator, dtype: npt.DTypeLike = np.float32,
             constrained: Collection[str] = PROJECTIONS,
             space: Callable[[int, int], HomogeneousSpace] = Stiefel) -> Tree:
        r"""Random parameters.

        Constrained weights are random points of their space (uniform on Stiefel and Grassmann manifolds). Free weights
        are drawn after Glorot and Bengio: uniformly from :math:`[-a, a]` with :math:`a = \sqrt{6/(\mathrm{rows} +
        \mathrm{columns})}` of each matrix. Biases are zero.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of randomness.
        dtype : dtype
            float32 or float64.
        constrained : collection of {"query", "key", "value"}
            The weights that are constrained; empty for none.
        space : callable
            Makes the space of a constrained weight from its numbers of rows and columns.

        Returns
        -------
        nested dict of numpy.ndarray

        Raises
        ------
        ValueError
            If `constrained` names anything else.
        """
        return random_parameters(rng, self.spaces(constrained, space), self.shapes, dtype)

    def spaces(self, constrained: Collection[str] = PROJECTIONS,
               space: Callable[[int, int], HomogeneousSpace] = Stiefel) -> Tree:
        """The space on which each matrix of a leaf lies, as a tree like that of the parameters.

        Parameters
        ----------
        constrained, space
            As in :meth:`init`.

        Returns
        -------
        nested dict of HomogeneousSpace

        Raises
        ------
        TypeError, ValueError
            If `constrained` is no collection of "query", "key" and "value".

        Examples
        --------
        >>> from manifold_opt.network import VisionTransformer
        >>> VisionTransformer().spaces(constrained=("query",))["blocks"]
        {'query': Stiefel(49, 7), 'key': Euclidean(49, 7), 'value': Euclidean(49, 7), 'weight': Euclidean(49, 49), \
'bias': Euclidean(49)}
        """
        if isinstance(constrained, (str, np.ndarray)) or not isinstance(constrained, Collection):
            raise TypeError(f"constrained must be a collection of names: got {constrained!r}")
        if unknown := set(constrained) - set(PROJECTIONS):
            raise ValueError(f"constrained may hold {', '.join(map(repr, PROJECTIONS))}: got {sorted(unknown)}")
        N, n = self.width, self.width if self.joint_heads else self.width // self.heads
        projections = {name: space(N, n) if name in constrained else Euclidean(N, n) for name in PROJECTIONS}
        return {"blocks": {**projections, "weight": Euclidean(N, N), "bias": Euclidean(N)},
                "classifier": Euclidean(*self.classification.shape)}

    @property
    def shapes(self) -> Tree:
        """Shapes of the parameters, as a tree like theirs."""
        L, N = self.blocks, self.width
        shapes = {name: (L, *shape) for name, shape in self.layers.shapes.items()}
        if self.joint_heads:
            shapes.update(dict.fromkeys(PROJECTIONS, (L, N, N)))
        return {"blocks": shapes, "classifier": self.classification.shape}

    def forward(self, params: Tree, x: Array, workspace: Workspace | None = None) -> tuple[Array, ForwardCache]:
        """Probabilities of the classes.

        Parameters
        ----------
        params : nested dict of numpy.ndarray
            Parameters as :meth:`init` makes them.
        x : numpy.ndarray
            Sequences of shape (batch, tokens, width), of the precision of the parameters. Parameters and sequences
            may be complex, for derivatives by complex steps.
        workspace : Workspace, optional
            Memory and threads. A cache that lives in a workspace is overwritten by the next forward pass with it.

        Returns
        -------
        y : numpy.ndarray
            Array of shape (batch, classes) whose rows sum to one.
        cache : ForwardCache
            What :meth:`backward` needs.

        Raises
        ------
        TypeError, ValueError
            If shapes, tree or dtypes do not fit, or a number is not finite; the message names the argument.
        """
        check_input(self.shapes, params, x)
        if 0 in x.shape:
            raise ValueError(f"x must hold at least one sequence of at least one token: got shape {x.shape}")
        workspace = _checked(workspace)
        z, blocks = self.layers.forward(self._by_block(params["blocks"]), x, workspace)
        y, logits = self.classification.forward(params["classifier"], z[:, -1])
        # the output is the caller's, who may write into it before the backward pass
        return y.copy(), ForwardCache(blocks, z, logits, y)

    def backward(self, params: Tree, cache: ForwardCache, dy: Array, workspace: Workspace | None = None) -> Tree:
        """Gradient with respect to the parameters of a scalar whose gradient with respect to y is dy.

        Parameters
        ----------
        params : nested dict of numpy.ndarray
            The parameters of the forward pass.
        cache : ForwardCache
            The cache of the forward pass.
        dy : numpy.ndarray
            Array of shape (batch, classes).
        workspace : Workspace, optional
            Memory and threads.

        Returns
        -------
        nested dict of numpy.ndarray
            Tree like that of the parameters. For the gradient of x as well see :meth:`pullback`.

        Raises
        ------
        TypeError, ValueError
            If dy is no finite array of the shape and precision of y, or `cache` no cache of a forward pass, or one that
            a later forward pass with the same workspace has overwritten.
        """
        return self.pullback(params, cache, dy, workspace)[0]

    def pullback(self, params: Tree, cache: ForwardCache, dy: Array,
                 workspace: Workspace | None = None) -> tuple[Tree, Array]:
        """The gradient of :meth:`backward`, and the gradient with respect to x, of shape (batch, tokens, width)."""
        if not isinstance(cache, ForwardCache):
            raise TypeError(f"cache must be what forward returned: got {type(cache).__name__}")
        check_like("dy", dy, cache.y)
        return self._pull_back_logits(params, cache, softmax_backward(cache.y, dy), workspace)

    def loss_and_gradient(self, params: Tree, x: Array, target: Array, loss: str | Loss = "relative",
                          workspace: Workspace | None = None) -> tuple[float, Tree]:
        """The loss of a batch and its gradient with respect to the parameters.

        This is forward pass, loss and backward pass in one call; the cross-entropy is taken from the logits, which is
        exact even where a probability underflows.

        Parameters
        ----------
        params, x, workspace
            As in :meth:`forward`.
        target : numpy.ndarray
            Target probabilities of shape (batch, classes), see :func:`one_hot`.
        loss : {"relative", "cross_entropy"} or Loss
            The loss function.

        Returns
        -------
        loss : float
        grads : nested dict of numpy.ndarray

        Raises
        ------
        TypeError, ValueError
            As in :meth:`forward`, and if the target does not fit, is zero or not finite, or the loss is unknown.
        """
        function = loss_function(loss)
        y, cache = self.forward(params, x, workspace)
        check_like("target", target, y)
        if not target.any():
            raise ValueError("target must not be zero: got norm 0")
        value, dlogits = function.of_logits(cache.logits, target)
        return float(value), self._pull_back_logits(params, cache, dlogits, workspace)[0]

    def predict(self, params: Tree, x: Array, batch: int = 256, workspace: Workspace | None = None) -> Array:
        """The most probable class of each sequence, an integer array (samples,), computed batch by batch.

        Parameters
        ----------
        params, x, workspace
            As in :meth:`forward`, but there may be no sequence at all.
        batch : int
            Sequences in a forward pass.

        Returns
        -------
        numpy.ndarray
            Integers from 0 to classes - 1.

        Raises
        ------
        TypeError, ValueError
            As in :meth:`forward`, and if `batch` is no positive integer.

        Examples
        --------
        >>> import numpy as np
        >>> from manifold_opt.network import VisionTransformer
        >>> model = VisionTransformer(blocks=1)
        >>> model.predict(model.init(np.random.default_rng(0)), np.zeros((0, 16, 49), np.float32))
        array([], dtype=int64)
        """
        batch = check_integer("batch", batch, 1)
        check_input(self.shapes, params, x)
        answers = [self.forward(params, x[i:i + batch], workspace)[0].argmax(axis=1) for i in range(0, len(x), batch)]
        return np.concatenate([np.empty(0, np.intp), *answers])

    def _pull_back_logits(self, params: Tree, cache: ForwardCache, dlogits: Array,
                          workspace: Workspace | None) -> tuple[Tree, Array]:
        """Gradients of parameters and x from that of the logits."""
        workspace = _checked(workspace)
        dz = np.zeros_like(cache.z)
        dC, dz[:, -1] = self.classification.backward(params["classifier"], cache.z[:, -1], dlogits)
        grads, dx = self.layers.backward(self._by_block(params["blocks"]), cache.blocks, dz, workspace)
        return {"blocks": self._stack(grads), "classifier": dC}, dx

    def _by_block(self, stacks: dict[str, Array]) -> list[dict[str, Array]]:
        """The parameters of each block, those of the attention with one matrix for each head."""
        if self.joint_heads:
            L, N, h = self.blocks, self.width, self.heads
            heads = {name: stacks[name].reshape(L, N, h, N // h).swapaxes(1, 2) for name in PROJECTIONS}
            stacks = {**stacks, **heads}
        return [{name: stack[block] for name, stack in stacks.items()} for block in range(self.blocks)]

    def _stack(self, grads: list[dict[str, Array]]) -> dict[str, Array]:
        """Gradients by block as stacks in the shape of the parameters; the transpose of taking them apart."""
        stacks = {name: np.stack([grad[name] for grad in grads]) for name in self.layers.shapes}
        if self.joint_heads:
            stacks |= {name: stacks[name].swapaxes(1, 2).reshape(self.shapes["blocks"][name]) for name in PROJECTIONS}
        return stacks


def _checked(workspace: Workspace | None) -> Workspace:
    """The workspace, or a new one; TypeError if it is anything else."""
    if workspace is not None and not isinstance(workspace, Workspace):
        raise TypeError(f"workspace must be a Workspace or None: got {type(workspace).__name__}")
    return Workspace() if workspace is None else workspace
