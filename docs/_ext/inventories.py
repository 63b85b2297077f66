"""Links into the documentation of Python, NumPy, SciPy and Matplotlib without a network.

``inventories.txt`` lists the names that these pages use: a line for each project with its address, and below it lines
with a name, its role and its place ($ is the name). They are what an inventory of intersphinx holds, and become one.
"""
import zlib
from pathlib import Path

HEAD = ("# Sphinx inventory version 2\n# Project: {}\n# Version: \n"
        "# The remainder of this file is compressed using zlib.\n")


def projects(text):
    """Address and entries of each project, by its name."""
    found = {}
    for line in filter(str.strip, text.splitlines()):
        if line[0] != " ":
            name, address = line.split()
            entries = found.setdefault(name, (address, []))[1]
        else:
            entries.append("{} {} 1 {} -\n".format(*line.split()))
    return found


def write_inventories(app, config):
    """Write the inventories and name them in the configuration of intersphinx."""
    folder = Path(app.doctreedir) / "inventories"
    folder.mkdir(parents=True, exist_ok=True)
    text = (Path(app.srcdir) / "inventories.txt").read_text(encoding="utf-8")
    for name, (address, entries) in projects(text).items():
        file = folder / f"{name}.inv"
        file.write_bytes(HEAD.format(name).encode() + zlib.compress("".join(entries).encode()))
        config.intersphinx_mapping[name] = (address, str(file))


def setup(app):
    app.setup_extension("sphinx.ext.intersphinx")
    app.connect("config-inited", write_inventories, priority=400)
    return {"parallel_read_safe": True}
