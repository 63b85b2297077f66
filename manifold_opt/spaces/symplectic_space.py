"""What the two symplectic spaces share: how points are drawn."""
from __future__ import annotations

from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, check_sampling
from manifold_opt.groups.symplectic import random_symplectic
from manifold_opt.spaces.pseudo_riemannian_space import PseudoRiemannianSpace

__all__ = ["SymplecticSpace"]


class SymplecticSpace(PseudoRiemannianSpace):
    """A quotient of Sp(N2), with the two metrics of every space whose group is not compact.

    Source: Bendokat and Zimmermann, arXiv:2108.12447.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import SymplecticStiefel
    >>> Y = SymplecticStiefel(8, 4).random_point(np.random.default_rng(0), condition=50.0)
    >>> bool(np.isclose(np.linalg.cond(Y), 50.0))
    True
    """

    @final
    def random_point(self, rng: np.random.Generator, batch: tuple[int, ...] = (), dtype: npt.DTypeLike = np.float64, *,
                     condition: float = 10.0) -> Array:
        """Points (*batch, N2, n2) of the given condition number; see
        :func:`~manifold_opt.groups.symplectic.random_symplectic`.
        """
        batch, dtype = check_sampling(rng, batch, dtype)
        return random_symplectic(rng, (*batch, *self.shape), condition).astype(dtype)
