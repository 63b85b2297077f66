"""What an identity is: a formula, its place, the residual it leaves, and the bound of that residual."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, tolerance
from manifold_opt.groups import SymplecticAdjoint
from manifold_opt.verify.trial import Trial

__all__ = ["Bound", "CONDITIONS", "IDENTITIES", "Identity", "identity", "register"]


@final
@dataclass(frozen=True)
class Bound:
    r"""The bound :math:`C\,\mathrm{eps}^q\sqrt N\,\kappa(Y)^p` of a relative residual.

    The residual of an identity between quantities of norm s is measured relative to s. The condition number
    :math:`\kappa(Y)` is 1 on the spaces of O(N) and on vector spaces. With q = 0 the bound is the number C itself, for
    quantities that are no rounding errors (ranks, slopes, standard errors).

    Parameters
    ----------
    C : float
        Constant.
    q : float
        Power of eps: 1 for algebraic identities, less for derivatives by differences.
    p : float
        Power of the condition number of the point.

    Examples
    --------
    >>> from manifold_opt.verify import Bound
    >>> Bound(10, p=2)("float64", 100, 2.0) == 400 * 2.0**-52
    True
    >>> Bound(10, p=2).law, Bound(0.25, q=0).law
    ('10 eps sqrt(N) cond^2', '0.25')
    """

    C: float
    q: float = 1.0
    p: float = 0.0

    def __call__(self, dtype: npt.DTypeLike, N: int, condition: float) -> float:
        """The bound for a dtype, an ambient dimension and a condition number."""
        if self.q == 0:
            return self.C
        eps = float(np.finfo(dtype).eps)
        return float(tolerance(self.C, dtype, N) * eps ** (self.q - 1) * condition**self.p)

    @property
    def law(self) -> str:
        """The bound as text."""
        if self.q == 0:
            return f"{self.C:g}"
        eps = "eps" if self.q == 1 else f"eps^{self.q:.2g}"
        condition = "" if self.p == 0 else " cond" if self.p == 1 else f" cond^{self.p:g}"
        return f"{self.C:g} {eps} sqrt(N){condition}"


@final
@dataclass(frozen=True)
class Identity:
    r"""An identity that can be verified on a space.

    Attributes
    ----------
    name : str
        Short and unique, "subject: statement".
    formula, latex : str
        The formula as plain text and as LaTeX.
    place : str
        Where it stands: a section of arXiv:2305.16901v4, or the literature.
    residual : callable
        From a :class:`~manifold_opt.verify.trial.Trial` to relative residuals, one for each member of the stack.
    bound : Bound
        The law that bounds them.
    needs : tuple of str
        Attributes of the space without which it cannot be verified.
    where : tuple of str
        Keys of :data:`CONDITIONS`: the kinds of spaces on which it holds.

    Examples
    --------
    >>> from manifold_opt import verify
    >>> verify.IDENTITIES["lift: maps Y to Delta"].formula
    'Omega(Y, Delta) Y = Delta'
    """

    name: str
    formula: str
    latex: str
    place: str
    residual: Callable[[Trial], Array]
    bound: Bound
    needs: tuple[str, ...] = ()
    where: tuple[str, ...] = ()

    def obstacle(self, trial: Trial) -> str | None:
        """Why the identity cannot be verified in a trial, or None."""
        missing = [name for name in self.needs if not trial.offers(name)]
        if missing:
            return "needs " + ", ".join(missing)
        unmet = [name for name in self.where if not CONDITIONS[name](trial)]
        if unmet:
            return "for spaces that are " + ", ".join(unmet)
        if self.bound.q and self.bound(trial.dtype, trial.N, trial.condition) >= 1:
            return f"no digit is left in {trial.dtype} at condition number {trial.condition:.0e}"
        return None


CONDITIONS: dict[str, Callable[[Trial], bool]] = {
    "matrix spaces": lambda trial: trial.adjoint is not None,
    "quotients of O(N)": lambda trial: trial.adjoint is not None and trial.is_isometric,
    "groups that are not compact": lambda trial: trial.adjoint is not None and not trial.is_isometric,
    "quotients of Sp(N2)": lambda trial: isinstance(trial.adjoint, SymplecticAdjoint),
    "Grassmann kinds": lambda trial: trial.is_grassmann,
    "no Grassmann kinds": lambda trial: not trial.is_grassmann,
    "proper quotients": lambda trial: trial.adjoint is not None and trial.shape[0] > trial.shape[1],
    "of positive dimension": lambda trial: trial.positive_dimension,
    "small": lambda trial: 0 < int(np.prod(trial.shape)) <= 200,
    "on O(N) or flat": lambda trial: trial.is_flat or (trial.adjoint is not None and trial.is_isometric),
}
"""Kinds of spaces, by the words of the report."""

IDENTITIES: dict[str, Identity] = {}
"""All identities by name, in the order of the subjects."""


def register(new: Identity) -> Identity:
    """Add an identity to :data:`IDENTITIES`.

    Parameters
    ----------
    new : Identity
        With a name that is not taken.

    Returns
    -------
    Identity
        The same object.

    Raises
    ------
    ValueError
        If the name is taken or a condition is unknown.

    Examples
    --------
    >>> from manifold_opt import verify
    >>> verify.register(verify.IDENTITIES["point: on the space"])
    Traceback (most recent call last):
    ...
    ValueError: names of identities must be unique: got 'point: on the space' again
    """
    if new.name in IDENTITIES:
        raise ValueError(f"names of identities must be unique: got {new.name!r} again")
    unknown = set(new.where) - set(CONDITIONS)
    if unknown:
        raise ValueError(f"conditions must be keys of CONDITIONS: got {sorted(unknown)}")
    IDENTITIES[new.name] = new
    return new


def identity(name: str, formula: str, latex: str, place: str, bound: Bound, needs: tuple[str, ...] = (),
             where: tuple[str, ...] = ()) -> Callable[[Callable[[Trial], Array]], Identity]:
    """Decorator that registers a residual as an identity; the arguments are the attributes of :class:`Identity`.

    Parameters
    ----------
    name, formula, latex, place : str
        See :class:`Identity`.
    bound : Bound
        Law of the residual.
    needs, where : tuple of str
        What must be there.

    Returns
    -------
    callable
        From a residual function to the registered :class:`Identity`.

    Examples
    --------
    >>> from manifold_opt.verify.identity import Bound, identity
    >>> identity("point: on the space", "", "", "", Bound(10))(lambda trial: trial.space.point_defect(trial.Y))
    Traceback (most recent call last):
    ...
    ValueError: names of identities must be unique: got 'point: on the space' again
    """
    def decorate(residual: Callable[[Trial], Array]) -> Identity:
        return register(Identity(name, formula, latex, place, residual, bound, needs, where))
    return decorate
