"""The command line: ``python -m manifold_opt {train, verify, oracle, experiments}``."""
from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from importlib import import_module

from manifold_opt.version import __version__

COMMANDS = {
    "train": ("manifold_opt.experiments.command", "train the transformer of the paper's numerical example"),
    "verify": ("manifold_opt.verify.command", "check every identity on every space"),
    "oracle": ("manifold_opt.oracle.command", "export reference cases, check another backend against them"),
    "experiments": ("manifold_opt.experiments.suite.command", "reproduce the paper's experiments"),
}
"""Module and one line of help of each command; a module is imported only if its command is run."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        Exit code: 0 for success, 1 if a check failed, 2 for bad input, 130 after Ctrl-C.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # a path that the console cannot encode is printed with escapes, and is no reason to stop
        sys.stdout.reconfigure(errors="backslashreplace")
    parser = argparse.ArgumentParser(prog="python -m manifold_opt", description="Adam on manifolds (arXiv:2305.16901).")
    parser.add_argument("--version", action="version", version=f"manifold_opt {__version__}")
    subparsers = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, (module, help) in COMMANDS.items():
        if name in argv[:1]:
            import_module(module).add_parser(subparsers)
        else:
            subparsers.add_parser(name, help=help)
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except (ValueError, OSError) as error:
        print(f"manifold_opt: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
