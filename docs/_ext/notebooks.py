"""The notebooks of ../tutorials as pages: copied at build time, each with a link to download it, and an index."""
import json
from pathlib import Path

HEAD = """Notebooks
=========

Twelve notebooks, from the sphere to the transformer. Each runs in less than half a minute, begins with what it does and
needs, and ends every section with an assertion. They are stored without outputs. To run them,
install the extra ``tutorials`` (``pip install ".[tutorials]"``) and open the folder with ``python -m jupyterlab tutorials``.

"""


def first_line(notebook):
    """The title: the first heading of the notebook."""
    lines = "".join("".join(cell["source"]) + "\n" for cell in notebook["cells"]).splitlines()
    return next((line.lstrip("# ").strip() for line in lines if line.startswith("# ")), "Notebook")


def write_if_new(path, text):
    """Write a text unless it is there, so that an incremental build has nothing to do."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def copy_notebooks(app):
    """Copy the notebooks to _tutorials and write the index."""
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
        notebook["cells"].insert(1, link)
        write_if_new(folder / path.name, json.dumps(notebook, ensure_ascii=False))
        rows.append(f"   * - :doc:`{first_line(notebook)} <{path.stem}>`\n"
                    f"     - :download:`{path.name} <download/{path.name}>`\n")
        names.append(f"   {path.stem}\n")
    for path in folder.glob("*.ipynb"):
        if path.name not in {one.name for one in paths}:
            path.unlink()
    index = HEAD
    if rows:
        index += ".. list-table::\n   :header-rows: 1\n   :widths: 70 30\n\n   * - Notebook\n     - Download\n"
        index += "".join(rows) + "\n.. toctree::\n   :hidden:\n\n" + "".join(names)
    write_if_new(folder / "index.rst", index)


def setup(app):
    app.connect("builder-inited", copy_notebooks)
    app.config.exclude_patterns.append("_tutorials/download")
    return {"parallel_read_safe": True}
