"""Which source runs here."""
from __future__ import annotations

import hashlib
import subprocess
from functools import cache
from pathlib import Path

from manifold_opt.version import __version__

__all__ = ["commit", "source_version"]

PACKAGE = Path(__file__).resolve().parents[2]


@cache
def source_version() -> str:
    """Version of the package, and the first digits of the SHA-256 of its modules."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{__version__} (source {digest.hexdigest()[:12]})"


def commit() -> str | None:
    """Commit of the checkout, with "+" if the package has changed since; None outside of a checkout."""
    if not (PACKAGE.parent / ".git").exists():
        return None
    commands = (["rev-parse", "--short=9", "HEAD"], ["status", "--porcelain", "--", "manifold_opt"])
    answers = [subprocess.run(["git", "-C", str(PACKAGE.parent), *command], capture_output=True, text=True,
                              check=False).stdout.strip() for command in commands]
    return f"{answers[0]}{'+' if answers[1] else ''}" if answers[0] else None
