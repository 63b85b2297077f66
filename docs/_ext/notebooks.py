"""The notebooks of ../tutorials as pages: copied at build time, each with a link to download it, and an index."""
import json
import re
from pathlib import Path

HEAD = """Notebooks
=========

From the sphere to the transformer and beyond. Each notebook runs in less than half a minute, begins with what it does
and needs, and ends every section with an assertion. They are stored without outputs. To run them, install the extra
``tutorials`` (``pip install ".[tutorials]"``) and open the folder with ``python -m jupyterlab tutorials``.
Minutes are for reading and running, without the exercises (eighty words, or eight lines of code, a minute);
:doc:`/teaching` has plans for a lecture, a day and a term.

They do not run in the browser. JupyterLite was tried: its kernel loads Pyodide, with NumPy and SciPy, from a server on
the internet, and browsers refuse the workers it needs on pages that are opened from disk. This site shall work without
a network and without a server.

"""


def first_line(notebook):
    """The title: the first heading of the notebook."""
    lines = "".join("".join(cell["source"]) + "\n" for cell in notebook["cells"]).splitlines()
    return next((line.lstrip("# ").strip() for line in lines if line.startswith("# ")), "Notebook")


def restructured(markdown):
    """A line of Markdown as reStructuredText: formulas, links, code, and links to notebooks as their plain text."""
    text = re.sub(r"`([^`]+)`", r"``\1``", markdown)
    text = re.sub(r"\[([^\]]*)\]\((https?://[^)]*)\)", r"`\1 <\2>`__", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"\$([^$]+)\$", r":math:`\1`", text)


def plain(title):
    """A title without TeX, for links and the sidebar."""
    return title.replace(r"$\mathbb R^m$", "ℝᵐ").replace("$", "").replace("`", "")


def promise(notebook, name):
    """What the first cell says after, for example, "What you need."."""
    first = "".join(notebook["cells"][0]["source"])
    return restructured(re.search(rf"\*\*{re.escape(name)}\*\* (.*)", first)[1])


def minutes(notebook):
    """Minutes for reading and running, without what is folded, in steps of five."""
    def count(kind, split):
        return sum(len(split("".join(cell["source"]))) for cell in notebook["cells"] if cell["cell_type"] == kind
                   and not {"exercise", "drawing"} & set(cell["metadata"].get("tags", [])))
    return 5 * round((count("markdown", str.split) / 80 + count("code", str.splitlines) / 8) / 5)


def with_links_of_pages(notebook):
    """The notebook whose links to the sources of chapters, ../docs/NAME.rst, lead to their pages."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = [line.replace("](../docs/", "](../") for line in cell["source"]]
    return notebook


def write_if_new(path, text):
    """Write a text unless it is there, so that an incremental build has nothing to do."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def copy_notebooks(app, config):
    """Copy the notebooks to _tutorials and write the index, before Sphinx looks for pages."""
    folder = Path(app.srcdir) / "_tutorials"
    folder.mkdir(exist_ok=True)
    (folder / "download").mkdir(exist_ok=True)
    paths = sorted((Path(app.srcdir).parent / "tutorials").glob("*.ipynb"))
    rows, names = [], []
    for path in paths:
        text = path.read_text(encoding="utf-8")
        notebook = json.loads(text)
        write_if_new(folder / "download" / path.name, text)
        link = {"cell_type": "markdown", "id": "download", "metadata": {},
                "source": [f"{{download}}`Download this notebook <download/{path.name}>`"]}
        title = first_line(notebook)
        rows.append(f"   * - :doc:`{plain(title)} <{path.stem}>`\n\n"
                    f"       {promise(notebook, 'What you will do.')}\n     - {minutes(notebook)}\n"
                    f"     - {promise(notebook, 'What you need.')}\n"
                    f"     - :download:`ipynb <download/{path.name}>`\n")
        titled = next(cell for cell in notebook["cells"] if "".join(cell["source"]).startswith("# "))
        titled["source"] = [line.replace(f"# {title}", f"# {plain(title)}") for line in titled["source"]]
        notebook["cells"].insert(1, link)
        write_if_new(folder / path.name, json.dumps(with_links_of_pages(notebook), ensure_ascii=False))
        names.append(f"   {plain(title)} <{path.stem}>\n")
    for path in folder.glob("*.ipynb"):
        if path.name not in {one.name for one in paths}:
            path.unlink()
    index = HEAD
    if rows:
        index += (".. list-table::\n   :header-rows: 1\n   :widths: 54 8 30 8\n\n   * - Notebook\n     - Minutes\n"
                  "     - Needs\n     - Download\n")
        index += "".join(rows) + "\n.. toctree::\n   :hidden:\n\n" + "".join(names)
    write_if_new(folder / "index.rst", index)


def setup(app):
    app.connect("config-inited", copy_notebooks)
    app.config.exclude_patterns.append("_tutorials/download")
    return {"parallel_read_safe": True}
