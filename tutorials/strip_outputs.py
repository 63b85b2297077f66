"""Remove outputs, execution counts and editor traces from the notebooks: run it before a commit.

Run ``python tutorials/strip_outputs.py`` to rewrite all notebooks of this folder, with ``--check`` to name those that
would change.
"""
from __future__ import annotations

import json
import sys
from pathlib import Path

METADATA = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"}}

FOLDED = {"source_hidden": True}

# what pages and editors show folded: solutions of exercises, with what they print, and the code that draws a figure
KINDS = {("exercise", "markdown"): {"tags": ["exercise"]},
         ("exercise", "code"): {"jupyter": FOLDED, "tags": ["exercise", "hide-cell"]},
         ("drawing", "code"): {"jupyter": FOLDED, "tags": ["drawing", "hide-input"]}}


def metadata(cell: dict) -> dict:
    """The metadata that a cell keeps: what its first tag stands for."""
    tags = cell["metadata"].get("tags", [])
    return next((KINDS[tag, cell["cell_type"]] for tag in tags if (tag, cell["cell_type"]) in KINDS), {})


def stripped(notebook: dict) -> dict:
    """The notebook without anything that running it leaves behind."""
    cells = []
    for number, cell in enumerate(notebook["cells"]):
        kind = cell["cell_type"]
        source = "".join(cell["source"]).splitlines(keepends=True)
        kept = {"cell_type": kind, "id": f"{'code' if kind == 'code' else 'text'}-{number:02d}",
                "metadata": metadata(cell)}
        if kind == "code":
            kept |= {"execution_count": None, "outputs": []}
        cells.append({**kept, "source": source})
    return {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}


def main(arguments: list[str]) -> int:
    """Strip or check all notebooks; 1 if a check finds one to be stripped."""
    changed = []
    for path in sorted(Path(__file__).parent.glob("*.ipynb")):
        text = path.read_text(encoding="utf-8")
        clean = json.dumps(stripped(json.loads(text)), indent=1, ensure_ascii=False) + "\n"
        if clean != text:
            changed.append(path.name)
            if "--check" not in arguments:
                path.write_text(clean, encoding="utf-8")
    if changed:
        print("outputs in" if "--check" in arguments else "stripped", ", ".join(changed))
    return int(bool(changed) and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
