"""How many seeds train, from stored runs: what a single run does not tell, since training is bistable."""
from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, final

from manifold_opt.experiments.files import write_whole
from manifold_opt.experiments.settings import Settings

__all__ = ["Share", "Shares", "load_shares", "write_shares"]

STORED = "shares.json"
"""The file that comes with the library, beside the embedded images."""

APART = ("seed", "threads", "pieces")
"""Settings that do not tell one group of stored runs from another."""


@final
@dataclass(frozen=True)
class Share:
    """The runs of one rival with several seeds.

    Attributes
    ----------
    settings : Settings
        Their settings, but for the seed.
    seeds, final_losses : tuple
        The seeds, and the mean loss over the last epoch of each.
    trained : int
        How many of them train.
    interval : tuple of float
        The Wilson interval of the share, of 95 %.

    Examples
    --------
    >>> from manifold_opt.experiments import Settings, Share
    >>> Share(Settings(), (0, 1), (0.75, 1.34), 1, (0.095, 0.905)).text
    '1 of 2 (10..90 %)'
    """

    settings: Settings
    seeds: tuple[int, ...]
    final_losses: tuple[float, ...]
    trained: int
    interval: tuple[float, float]

    @property
    def text(self) -> str:
        """The share for readers, with its interval."""
        low, high = (f"{100 * end:.0f}" for end in self.interval)
        return f"{self.trained} of {len(self.seeds)} ({low}..{high} %)"


@final
@dataclass(frozen=True)
class Shares:
    """Stored shares, the images they are of (SHA-256), and the command that makes them."""

    command: str
    sha256: str
    groups: tuple[Share, ...]

    def of(self, settings: Settings, digest: str) -> Share | None:
        """The stored runs with these settings, whatever the seed, on the images with this SHA-256; None if there are
        none."""
        groups = self.groups if self.sha256 == digest else ()
        return next((group for group in groups if _common(group.settings) == _common(settings)), None)


def load_shares(path: Path | None = None) -> Shares | None:
    """Stored shares; None if there is no such file.

    Parameters
    ----------
    path : pathlib.Path, optional
        What :func:`write_shares` wrote; the file that comes with the library by default.

    Returns
    -------
    Shares or None

    Raises
    ------
    ValueError
        If the file is damaged, or of another version; the message names it.
    """
    if path is None:
        return _shipped()
    return _parsed(path.read_text(), str(path)) if path.exists() else None


def write_shares(path: Path, command: str, sha256: str, groups: Iterable[Share]) -> None:
    """Write stored shares, one line a group; the bytes follow from the arguments alone.

    Parameters
    ----------
    path : pathlib.Path
        Where to.
    command : str
        The command that makes the runs.
    sha256 : str
        Of the images, see :attr:`manifold_opt.experiments.ImageData.digest`.
    groups : iterable of Share
        The shares.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from manifold_opt.experiments import Settings, Share, load_shares, write_shares
    >>> share = Share(Settings(), (0, 1), (0.75, 1.34), 1, (0.095, 0.905))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "shares.json")
    ...     write_shares(path, "python -m manifold_opt experiments methods", "0" * 64, [share])
    ...     load_shares(path).of(Settings(seed=7), "0" * 64) == share
    True
    """
    lines = [json.dumps({"settings": _common(group.settings), "seeds": list(group.seeds),
                         # what is infinite is null in JSON
                         "final_losses": [loss if loss < math.inf else None for loss in group.final_losses],
                         "trained": group.trained,
                         "interval": list(group.interval)}, allow_nan=False) for group in groups]
    head = f' "command": {json.dumps(command)},\n "sha256": {json.dumps(sha256)},\n "groups": [\n  '
    text = "{\n" + head + ",\n  ".join(lines) + "\n ]\n}\n"
    write_whole(path, lambda file: file.write(text.encode()))


@lru_cache(maxsize=1)
def _shipped() -> Shares | None:
    path = resources.files("manifold_opt.experiments") / "embedded" / STORED
    return _parsed(path.read_text(), str(path)) if path.is_file() else None


def _parsed(text: str, name: str) -> Shares:
    """The shares in a text; ValueError naming its file if they are damaged."""
    try:
        stored = json.loads(text)
        return Shares(str(stored["command"]), str(stored["sha256"]), tuple(_group(group) for group in stored["groups"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{name} must hold shares of seeds that train, of this version: {error}") from error


def _group(stored: dict[str, Any]) -> Share:
    whole = {**Settings().to_dict(), **stored["settings"]}
    if set(stored["settings"]) != set(_common(Settings())):
        raise ValueError(f"settings must have the names {sorted(_common(Settings()))}")
    seeds, losses = _numbers(stored["seeds"], int), _numbers(
        [math.inf if loss is None else loss for loss in stored["final_losses"]], float)
    low, high = _numbers(stored["interval"], float)
    if len(seeds) != len(losses) or not seeds:
        raise ValueError(f"there must be as many losses as seeds: got {len(losses)} and {len(seeds)}")
    return Share(Settings.from_dict(whole), seeds, losses, int(stored["trained"]), (low, high))


def _numbers(values: Sequence[Any], kind: type) -> tuple[Any, ...]:
    return tuple(kind(value) for value in values)


def _common(settings: Settings) -> dict[str, Any]:
    """The settings that tell groups of runs apart."""
    return {name: value for name, value in settings.to_dict().items() if name not in APART}
