"""The one list of spaces, dtypes, stacks and seeds over which the behavior of the geometry is tested."""
from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from manifold_opt import Euclidean, Grassmann, Stiefel, SymplecticGrassmann, SymplecticStiefel

SPACES = [Stiefel(7, 3), Stiefel(5, 1), Stiefel(4, 4), Stiefel(1, 1), Grassmann(7, 3), Grassmann(5, 1), Grassmann(4, 4),
          SymplecticStiefel(10, 4), SymplecticStiefel(6, 2), SymplecticStiefel(6, 6), SymplecticStiefel(2, 2),
          SymplecticGrassmann(10, 4), SymplecticGrassmann(6, 2), SymplecticGrassmann(4, 4),
          Euclidean(3, 2), Euclidean(4), Euclidean()]
MATRIX_SPACES = [space for space in SPACES if not isinstance(space, Euclidean)]
DTYPES = [np.float32, np.float64]
STACKS = [(), (3,), (2, 1), (0,)]
SEEDS = [0, 1]


@dataclass(frozen=True)
class Case:
    """A space with a point, two tangent vectors and a Euclidean gradient on a stack."""

    space: object
    dtype: type
    batch: tuple[int, ...]
    seed: int

    def __post_init__(self) -> None:
        rng = np.random.default_rng([self.seed, zlib.crc32(repr(self.space).encode())])
        set_ = object.__setattr__
        set_(self, "rng", rng)
        options = {"condition": 5.0} if "Symplectic" in type(self.space).__name__ else {}
        set_(self, "Y", self.space.random_point(rng, self.batch, self.dtype, **options))
        set_(self, "Delta", self.space.random_tangent(rng, self.Y))
        set_(self, "Delta2", self.space.random_tangent(rng, self.Y))
        set_(self, "dL", rng.standard_normal(self.Y.shape).astype(self.dtype))

    def __str__(self) -> str:
        return f"{self.space!r}-{np.dtype(self.dtype)}-{self.batch}-{self.seed}".replace(" ", "")


def cases(spaces=SPACES, dtypes=DTYPES, stacks=STACKS, seeds=SEEDS):
    """All cases over the given lists, as parameters of pytest."""
    return [Case(space, dtype, batch, seed) for space in spaces for dtype in dtypes for batch in stacks
            for seed in seeds]
