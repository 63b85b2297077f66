"""A trial: the random quantities on which identities are measured, all determined by one seed."""
from __future__ import annotations

import inspect
import zlib
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, dtype_of_field
from manifold_opt.arrays.fields import inner, standard_normal
from manifold_opt.groups import TranslationGroup
from manifold_opt.tangent import HorizontalElement, SymmetricTangentSpace

__all__ = ["NotCovered", "Trial", "RETRACTION_NAMES"]

RETRACTION_NAMES = ("geodesic", "cayley", "riemannian_geodesic")
"""Names of the methods of a space that are verified as retractions."""


class NotCovered(Exception):
    """Raised by a residual that has nothing to measure here; the report lists the identity as not covered.

    Examples
    --------
    >>> from manifold_opt.verify import NotCovered
    >>> str(NotCovered("too large"))
    'too large'
    """


@final
class Trial:
    r"""One setting of space, seed, dtype, batch and condition number, with the arrays that identities share.

    Every array is drawn from a generator of its own, seeded with the seed and the name of the array, so that
    the outcome of one identity does not depend on which others are evaluated.

    Parameters
    ----------
    space : object
        A space, or any object with `shape` and `random_point(rng)`; `batch`, `dtype` and `condition` are passed to
        `random_point` if it takes them.
    seed : int
        Determines everything.
    dtype : dtype
        float32 or float64.
    batch : tuple of int or None
        Stack of points; None means (4,) if `random_point` takes a batch, and no stack otherwise.
    cond : float
        Condition number of the points where they have one to choose (symplectic spaces).
    scale : float
        Length of the tangent vectors; on quotients of Sp(N2), where long steps overflow, at most 1.
    method : object or None
        A method such as Adam, with `init` and `update`.
    retractions : mapping or None
        Functions (Y, Delta) -> Y by name; by default the methods of the space in :data:`RETRACTION_NAMES`.

    Raises
    ------
    TypeError
        If the space has no `shape` or no `random_point`.

    Examples
    --------
    >>> from manifold_opt import Stiefel
    >>> from manifold_opt.verify import Trial
    >>> trial = Trial(Stiefel(6, 2), seed=0)
    >>> trial.Y.shape, trial.Delta.shape, bool((trial.W.norm().round(12) == 1).all())
    ((4, 6, 2), (4, 6, 2), True)
    """

    def __init__(self, space: Any, seed: int, dtype: npt.DTypeLike = np.float64, batch: tuple[int, ...] | None = None,
                 cond: float = 10.0, scale: float = 1.0, method: Any = None,
                 retractions: Mapping[str, Callable[[Array, Array], Array]] | None = None) -> None:
        for name in ("shape", "random_point"):
            if not hasattr(space, name):
                raise TypeError(f"space must have the attribute {name}: got {type(space).__name__}")
        self.space, self.seed, self.cond = space, int(seed), float(cond)
        field: Any = getattr(getattr(space, "group", None), "field", "any")
        # of a complex space a real dtype says how precise its numbers are
        self.dtype: np.dtype[Any] = np.dtype(dtype) if field == "any" else dtype_of_field(dtype, field)
        self.shape: tuple[int, ...] = tuple(space.shape)
        self._sampler = set(inspect.signature(space.random_point).parameters)
        self.batch = ((4,) if "batch" in self._sampler else ()) if batch is None else tuple(batch)
        self.adjoint: Any = getattr(space, "adjoint", None)
        self.is_grassmann: bool = isinstance(getattr(space, "tangent_space", None), SymmetricTangentSpace)
        self.is_isometric: bool = self.adjoint is None or bool(self.adjoint.is_compact)
        self.is_flat: bool = isinstance(getattr(space, "group", None), TranslationGroup)
        self.scale = float(scale) if self.is_isometric else min(float(scale), 1.0)
        self.N = int(self.shape[0]) if self.shape else 1
        self.eps = float(np.finfo(self.dtype).eps)
        self.method = method
        self._shared: dict[str, Any] = {}
        self.own_retractions = retractions is not None
        self.retractions = dict(retractions) if retractions is not None else {
            name: getattr(space, name) for name in RETRACTION_NAMES if hasattr(space, name)}

    def offers(self, name: str) -> bool:
        """Whether the space has an attribute, the trial a retraction ("R:name") or a method ("method")."""
        if name.startswith("R:"):
            return name[2:] in self.retractions
        if name == "method":
            return self.method is not None
        return hasattr(self.space, name)

    @property
    def positive_dimension(self) -> bool:
        """Whether there is a direction to go; True where the space does not tell."""
        return bool(getattr(self.space, "dimension", 1) > 0)

    def rng(self, name: str) -> np.random.Generator:
        """The generator of the quantity of a given name."""
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What several identities share: made at the first call, the same object at the next."""
        if name not in self._shared:
            self._shared[name] = make()
        return self._shared[name]

    def only_with_scale_one(self) -> None:
        """NotCovered where the scale is not one, for identities that have lengths of their own."""
        if self.scale != 1.0:
            raise NotCovered("measured at lengths of its own, with scale 1")

    def normal(self, name: str, shape: tuple[int, ...]) -> Array:
        """Standard normal numbers (*batch, *shape) of the trial's dtype."""
        return standard_normal(self.rng(name), (*self.batch, *shape), self.dtype)

    def points(self, name: str, batch: tuple[int, ...]) -> Array:
        """Random points of the space, in a stack of the given shape."""
        rng = self.rng(name)
        wanted = {"batch": batch, "dtype": self.dtype, "condition": self.cond}
        if "batch" in self._sampler or not batch:
            return np.asarray(self.space.random_point(rng, **{k: v for k, v in wanted.items() if k in self._sampler}))
        del wanted["batch"]
        given = {k: v for k, v in wanted.items() if k in self._sampler}
        members = [self.space.random_point(rng, **given) for _ in range(int(np.prod(batch)))]
        return np.reshape(np.stack(members), (*batch, *self.shape))

    def norm(self, X: Array) -> Array:
        """Frobenius norms over everything but the stack, of shape (batch)."""
        return np.asarray(np.linalg.norm(np.reshape(X, (*self.batch, -1)), axis=-1))

    def dot(self, X: Array, Z: Array) -> Array:
        """Frobenius products over everything but the stack, of shape (batch)."""
        return inner(np.reshape(X, (*self.batch, -1)), np.reshape(Z, (*self.batch, -1)), (-1,))

    def relative(self, difference: Array, *scales: Array | float) -> Array:
        """Norms of a difference relative to the product of the scales (absolute where that is zero)."""
        residual = self.norm(difference)
        scale = np.broadcast_to(np.prod(np.stack(np.broadcast_arrays(*scales)), axis=0), residual.shape)
        return np.asarray(residual / np.where(scale > 0, scale, 1.0))

    def expand(self, numbers: Array) -> Array:
        """Numbers (batch) with trailing axes, to multiply points."""
        return np.reshape(numbers, (*self.batch, *(1 for _ in self.shape))).astype(self.dtype)

    @cached_property
    def Y(self) -> Array:
        """Random points."""
        return self.points("Y", self.batch)

    @cached_property
    def sigma(self) -> Array:
        """Spectral norms of the points (at least 1 on spaces of vectors), shape (batch): 1 on quotients of O(N)."""
        if len(self.shape) == 2 and self.adjoint is not None:
            return np.asarray(np.linalg.norm(self.Y, ord=2, axis=(-2, -1)))
        return np.asarray(np.maximum(1.0, self.norm(self.Y)))

    @cached_property
    def _R(self) -> Array:
        return np.asarray(np.linalg.qr(self.Y, mode="r"))

    def length(self, Delta: Array) -> Array:
        """The size of a tangent vector in the metric, before a vertical part is taken away: the norm of Delta R^-1.

        On quotients of O(N) and on spaces of vectors it is the Frobenius norm; on quotients of Sp(N2), with Y = QR,
        that of the lift up to a factor between 1/2 and 2.
        """
        if self.is_isometric:
            return self.norm(Delta)
        Rt, Dt = np.swapaxes(self._R, -1, -2), np.swapaxes(Delta, -1, -2)
        return np.asarray(np.linalg.norm(np.linalg.solve(Rt, Dt), axis=(-2, -1)))

    @cached_property
    def condition(self) -> float:
        """The largest condition number of the points; 1 on quotients of O(N) and on spaces of vectors."""
        return 1.0 if self.is_isometric else float(np.max(np.linalg.cond(self.Y)))

    def random_tangent(self, name: str) -> Array:
        """Random tangent vectors at Y, as the space draws them."""
        if not self.positive_dimension:
            return np.zeros_like(self.Y)
        if hasattr(self.space, "random_tangent"):
            return np.asarray(self.space.random_tangent(self.rng(name), self.Y))
        if not hasattr(self.space, "project_tangent"):
            raise NotCovered("needs random_tangent or project_tangent")
        return np.asarray(self.space.project_tangent(self.Y, self.normal(name, self.shape)))

    def tangent(self, name: str, *, by_lift: bool = False) -> Array:
        """Tangent vectors of length `scale`: that of the global representation, or :meth:`length`."""
        Delta = self.random_tangent(name)
        if by_lift:
            length = self.length(Delta)
        elif hasattr(self.space, "global_section"):
            length = np.asarray(self.section("transported").lift(Delta).norm())
        else:
            length = self.norm(Delta)
        Delta = Delta * self.expand(1.0 / np.where(length > 0, length, 1.0))
        if hasattr(self.space, "project_tangent"):
            # a vector that was short came with the rounding errors of a long one
            Delta = np.asarray(self.space.project_tangent(self.Y, Delta))
        return np.asarray(Delta * self.dtype.type(self.scale))

    @cached_property
    def Delta(self) -> Array:
        """Tangent vectors of length `scale`."""
        return self.tangent("Delta")

    @cached_property
    def Delta2(self) -> Array:
        """Other tangent vectors of length `scale`."""
        return self.tangent("Delta2")

    @cached_property
    def Z(self) -> Array:
        """Standard normal arrays in the shape of the points."""
        return self.normal("Z", self.shape)

    @cached_property
    def dL(self) -> Array:
        """Euclidean gradients; on the Grassmann kinds of losses that depend on the span only.

        Such a loss does not change along vertical directions YA: the part of Y^T dL in the algebra is zero.
        """
        dL = self.normal("dL", self.shape)
        if self.adjoint is None or not self.is_grassmann:
            return dL
        vertical = np.swapaxes(self.Y, -1, -2) @ dL
        vertical = 0.5 * (vertical - self.adjoint(vertical))
        return np.asarray(dL - np.swapaxes(np.linalg.pinv(self.Y), -1, -2) @ vertical)

    @cached_property
    def _sections(self) -> dict[str, Any]:
        return {}

    def section(self, kind: str) -> Any:
        """The section over Y; NotCovered where the reflector of a quotient of Sp(N2) is undefined at Y."""
        if kind not in self._sections:
            try:
                self._sections[kind] = self.space.global_section(self.Y, kind)
            except ValueError as error:
                if kind == "transported" or self.is_isometric:
                    raise
                raise NotCovered(str(error)) from error
        return self._sections[kind]

    @cached_property
    def W(self) -> HorizontalElement:
        """The global representation of Delta through the transported section."""
        lifted: HorizontalElement = self.section("transported").lift(self.Delta)
        return lifted

    @cached_property
    def W2(self) -> HorizontalElement:
        """The global representation of Delta2."""
        lifted: HorizontalElement = self.section("transported").lift(self.Delta2)
        return lifted

    @cached_property
    def _dense(self) -> dict[str, Array]:
        return {}

    def Lambda(self, kind: str = "transported") -> Array:
        """The dense section."""
        if kind not in self._dense:
            self._dense[kind] = np.asarray(self.section(kind).to_dense())
        return self._dense[kind]

    def Lambda_norm(self, kind: str = "transported") -> Array:
        """Spectral norms of the dense section, shape (batch)."""
        return np.asarray(np.linalg.norm(self.Lambda(kind), ord=2, axis=(-2, -1)))

    def algebra(self, name: str) -> Array:
        """Random elements of the Lie algebra, of Frobenius norm `scale`."""
        X = self.space.group.project_algebra(self.normal(name, (self.N, self.N)))
        length = np.linalg.norm(X, axis=(-2, -1), keepdims=True)
        return np.asarray(X * (self.scale / np.where(length > 0, length, 1.0)).astype(self.dtype))

    def group_element(self, name: str, size: int | None = None, condition: float = 1.0) -> Array:
        """Random elements of the group (of another size, if given), orthogonal unless a condition number is given."""
        group = self.space.group if size is None else type(self.space.group)(size)
        more = {} if self.is_isometric else {"condition": condition}
        if not more.keys() <= set(inspect.signature(group.random).parameters):
            raise NotCovered("needs a group that draws elements of a given condition number")
        return np.asarray(group.random(self.rng(name), self.batch, self.dtype, **more))
