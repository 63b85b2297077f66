"""Formulas without a network: the part of MathJax that the pages load, from the package sphinx-mathjax-offline."""
from importlib.util import find_spec
from pathlib import Path
from shutil import copytree

from sphinx.errors import ExtensionError

FILES = ("tex-chtml.js", "input/tex/extensions", "output/chtml/fonts/woff-v2")


def copy_mathjax(app, error):
    """After a build without errors, copy the script, its TeX extensions and its fonts to _static/mathjax."""
    if error is not None or app.builder.format != "html":
        return
    target = Path(app.outdir) / "_static" / "mathjax"
    for name in FILES:
        source = app.config.mathjax_source / name
        if source.is_dir():
            copytree(source, target / name, dirs_exist_ok=True)
        else:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(source.read_bytes())


def setup(app):
    package = find_spec("sphinx-mathjax-offline")
    if package is None:
        raise ExtensionError('the package sphinx-mathjax-offline is missing: pip install ".[docs]"')
    source = Path(package.submodule_search_locations[0]) / "static" / "mathjax"
    app.add_config_value("mathjax_source", source, "", types=[Path])
    app.config.mathjax_path = "mathjax/tex-chtml.js"
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True}
