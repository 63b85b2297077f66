"""Making the files of the oracle from scratch."""
from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


__all__ = ["export"]


def export(directory: str | Path, groups: Iterable[str] | None = None, *, large: bool = False) -> list[Path]:
    """Make cases from scratch and write them, the same bytes on every machine.

    Everything is computed in the ball arithmetic of python-flint (extra ``oracle``), whose radii prove that each number
    is rounded correctly; a number for which they do not raises an error.

    Parameters
    ----------
    directory : path
        Where to write; it is made if it does not exist.
    groups : iterable of str, optional
        Groups to make; all by default. The manifest lists these only.
    large : bool
        Whether to add the larger shapes, up to 40 x 6, which are not stored with the library.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    ValueError
        If a group is unknown.
    ImportError
        If python-flint is not there.

    Examples
    --------
    >>> import tempfile
    >>> from manifold_opt import oracle
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     files = oracle.export(directory, groups=["transformer"])
    ...     report = oracle.check(oracle.NumpyBackend(), cases="*", directory=directory)
    >>> report.passed
    True
    """
    try:
        from manifold_opt.oracle.make.catalogue import GROUPS, build
        from manifold_opt.oracle.make.manifest import write
    except ModuleNotFoundError as error:
        raise ImportError(f"export needs python-flint, pip install 'manifold_opt[oracle]': {error}") from error
    names = list(GROUPS) if groups is None else list(groups)
    if unknown := [name for name in names if name not in GROUPS]:
        raise ValueError(f"groups must be among {', '.join(GROUPS)}: got {', '.join(unknown)}")
    return write(Path(directory), ((name, build(name, large)) for name in names))
