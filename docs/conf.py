"""Configuration of the documentation; the build command is in contributing.rst."""
import os
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent / "_ext")]

from manifold_opt.version import __version__  # noqa: E402

project = "manifold_opt"
author = "The manifold_opt authors"
copyright = "The manifold_opt authors, MIT licence"
version = release = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "numpydoc",
    "sphinx_codeautolink",
    "myst_nb",
    "sphinx_design",
    "sphinx_copybutton",
    "sphinxcontrib.bibtex",
    "inventories",
    "reference_pages",
    "notebooks",
    "identities",
    "paper_table",
    "speed_table",
    "offline_mathjax",
    "present_toctree",
]
exclude_patterns = ["_build", "_ext", "numerics/tables"]
nitpicky = True
# an example that is shown with other spaces than its source has gets no links; a function in the configuration is not cached
suppress_warnings = ["codeautolink.match_block", "config.cache"]

autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "inherited-members": False, "undoc-members": False}
autosummary_generate = False
codeautolink_autodoc_inject = True
codeautolink_custom_blocks = {"ipython3": "sphinx_codeautolink.clean_ipython"}
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

# pages with pictures, executed again only where a notebook has changed; "off" is for those in a hurry
nb_execution_mode = os.environ.get("NB_EXECUTION", "cache")
nb_execution_raise_on_error = True
nb_execution_timeout = 300
myst_enable_extensions = ["amsmath", "dollarmath", "colon_fence"]
bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "alpha"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True

html_theme = "pydata_sphinx_theme"
html_title = "manifold_opt"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["tables.js"]
html_search_scorer = str(Path(__file__).parent / "_static" / "scorer.js")
html_context = {"default_mode": "auto"}
html_show_sourcelink = False
# pages without siblings need no navigation between siblings
html_sidebars = {name: [] for name in ("index", "algorithm", "paper_to_code", "notation", "glossary", "conventions", "teaching",
                                       "troubleshooting", "changelog", "contributing", "references", "oracle_format",
                                       "experiments/index")}
html_theme_options = {
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "header_links_before_dropdown": 8,
    "footer_start": ["copyright"],
    "footer_end": [],
}
