"""The retractions by name."""
from __future__ import annotations

from manifold_opt.sections.cayley import Cayley, CayleyFactor
from manifold_opt.sections.geodesic import Geodesic
from manifold_opt.sections.retraction import Retraction

__all__ = ["RETRACTIONS", "get_retraction"]

RETRACTIONS: dict[str, Retraction] = {"cayley": Cayley(), "geodesic": Geodesic(), "cayley_factor": CayleyFactor()}
"""The retractions by name."""


def get_retraction(retraction: str | Retraction) -> Retraction:
    """Return the retraction of a given name, or the given retraction.

    Parameters
    ----------
    retraction : str or Retraction
        One of "cayley", "geodesic", "cayley_factor", or an object.

    Returns
    -------
    Retraction

    Raises
    ------
    ValueError
        If the name is unknown; the message lists the valid ones.
    TypeError
        If it is neither a name nor a retraction.

    Examples
    --------
    >>> from manifold_opt.sections import get_retraction
    >>> get_retraction("cayley")
    Cayley()
    """
    if isinstance(retraction, Retraction):
        return retraction
    if not isinstance(retraction, str):
        raise TypeError(f"retraction must be a name or a Retraction: got {type(retraction).__name__}")
    if retraction not in RETRACTIONS:
        raise ValueError(f"retraction must be one of {', '.join(RETRACTIONS)}: got {retraction!r}")
    return RETRACTIONS[retraction]
