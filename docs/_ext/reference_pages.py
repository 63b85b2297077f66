"""The reference: one page a package, made from the docstrings at build time.

First comes a table of the names that the package exports, then the modules that define them in the order in which data
flow, and last what works inside. Public names are documented in the module that defines them; a reference to another
import path of the same object (manifold_opt.Adam for manifold_opt.optimizers.adam.Adam) is resolved by importing it.
"""
import re
from importlib import import_module
from inspect import isclass, isroutine
from pathlib import Path
from pkgutil import iter_modules

from docutils import nodes
from sphinx import addnodes
from sphinx.ext.autosummary import Autosummary
from sphinx.pycode import ModuleAnalyzer

LAYERS = {
    "arrays": ["checks", "fields", "trees", "matrix_functions", "fractions"],
    "groups": ["base", "adjoint", "isometric", "orthogonal", "unitary", "symplectic", "translation"],
    "tangent": ["global_tangent_space", "reductive", "symmetric", "vector", "element"],
    "sections": ["section", "transported", "reflector", "translation", "retraction", "group_step", "cayley",
                 "geodesic", "retractions", "inverse_cayley"],
    "spaces": ["base", "matrix_space", "stiefel", "grassmann", "complex_stiefel", "complex_grassmann",
               "pseudo_riemannian_space", "symplectic_space", "symplectic_stiefel", "symplectic_grassmann",
               "euclidean", "product"],
    "network": ["patches", "layout", "workspace", "layer", "softmax", "attention", "fused_attention", "feed_forward",
                "blocks", "classification", "losses", "parameters", "transformer"],
    "optimizers": ["optimizer", "method", "gradient", "momentum", "adam", "adam_with_decay", "adam_w", "muon",
                   "schedule", "bfgs", "minimize", "objective", "line_search", "quasi_newton"],
    "verify": ["identity", "trial", "identities", "run", "report", "confirmation", "gradient_check",
               "retraction_check", "slopes", "differences"],
    "experiments": ["data", "idx", "settings", "training", "checkpoint", "records", "report", "figures", "files"],
    "oracle": ["format", "case", "quantities", "question", "judge", "runner", "answers", "report", "testing"],
    "plotting": [],
    "report": [],
}
"""Modules in reading order; those not named follow in alphabetical order."""
LONGEST_VALUE = 80
"""Characters of a value or default that is shown."""


def modules(layer):
    """Names of the public modules of a layer in reading order, those of its folders after them."""
    package = import_module(f"manifold_opt.{layer}")
    if not hasattr(package, "__path__"):
        return []
    found = sorted(module.name for module in iter_modules(package.__path__) if not module.name.startswith("_"))
    ordered = [name for name in LAYERS[layer] if name in found]
    names = []
    for name in ordered + [name for name in found if name not in ordered]:
        names.append(f"{layer}.{name}")
        module = import_module(f"manifold_opt.{layer}.{name}")
        if hasattr(module, "__path__"):
            names += [f"{layer}.{name}.{inner.name}" for inner in iter_modules(module.__path__)]
    return names


def exports(package):
    """What a package exports, by name."""
    return {name: getattr(package, name) for name in getattr(package, "__all__", [])}


def split(layer):
    """Names of the modules that define something which a package exports, and names of the other modules."""
    names = modules(layer)
    packages = [import_module("manifold_opt")] + [import_module(f"manifold_opt.{name}") for name in [layer, *names]
                                                  if hasattr(import_module(f"manifold_opt.{name}"), "__path__")]
    objects = [value for package in packages for value in exports(package).values()]
    public = []
    for name in names:
        module = import_module(f"manifold_opt.{name}")
        defined = [getattr(module, one) for one in getattr(module, "__all__", [])]
        if hasattr(module, "__path__") or any(one is value for one in defined for value in objects):
            public.append(name)
    return public, [name for name in names if name not in public]


def values(layer):
    """First lines of the docstrings of a layer's values, by name."""
    return {name: lines[0] for module in modules(layer)
            for (owner, name), lines in ModuleAnalyzer.for_module(f"manifold_opt.{module}").find_attr_docs().items()
            if not owner}


class NameTable(Autosummary):
    """A table of what a package exports and its modules document, with the first sentence of each docstring."""

    def run(self):
        layer = self.env.ref_context["py:module"].rpartition(".")[2]
        self.values = values(layer)
        self.options["nosignatures"] = None
        self.content = sorted((name for name, value in exports(import_module(f"manifold_opt.{layer}")).items()
                               if isclass(value) or isroutine(value) or name in self.values), key=str.lower)
        return super().run()

    def get_items(self, names):
        return [(name, signature, summary or self.values[name], path)
                for name, signature, summary, path in super().get_items(names)]


def section(name, underline):
    """The section of a module."""
    title = f"``{name.partition('.')[2]}``"
    return f"{title}\n{underline * len(title)}\n\n.. automodule:: manifold_opt.{name}\n   :members:\n\n"


def write_pages(app, config):
    """Write reference/generated/LAYER.rst before Sphinx looks for pages, unless it is there with this content."""
    folder = Path(app.srcdir) / "reference" / "generated"
    folder.mkdir(parents=True, exist_ok=True)
    written = set()
    for layer in LAYERS:
        try:
            import_module(f"manifold_opt.{layer}")
        except ModuleNotFoundError:
            continue
        text = f"{layer}\n{'=' * len(layer)}\n\n.. automodule:: manifold_opt.{layer}\n   :no-members:\n\n"
        text += f".. py:currentmodule:: manifold_opt.{layer}\n\n.. name-table::\n\n"
        public, inner = split(layer)
        for name in public:
            text += section(name, "-")
        if inner:
            text += "Inside\n------\n\nWhat the names above are made of. It may change without notice.\n\n"
        for name in inner:
            text += section(name, "^")
        if not modules(layer):
            text = text.replace(":no-members:", ":members:")
        page = folder / f"{layer}.rst"
        if not page.exists() or page.read_text() != text:
            page.write_text(text)
        written.add(page)
    for page in set(folder.glob("*.rst")) - written:
        page.unlink()


def find(path):
    """The object of a dotted path, or None; where a function has the name of its module, the path to either works."""
    for attributes_first in (True, False):
        parts = path.split(".")
        found, name = import_module(parts[0]), parts[0]
        for part in parts[1:]:
            name = f"{name}.{part}"
            if not (attributes_first and hasattr(found, part)):
                try:
                    found = import_module(name)
                    continue
                except ModuleNotFoundError:
                    pass
            found = getattr(found, part, None)
        if found is not None:
            return found
    return None


def resolve_other_path(app, env, node, contnode):
    """Resolve a reference to an object by a path that differs from the one under which it is documented.

    Tried are the path itself, and the path within the class, the module and the package that refer to it.
    """
    target, module, owner = node.get("reftarget", ""), node.get("py:module"), node.get("py:class")
    if node.get("refdomain") != "py":
        return None
    paths = [target]
    if module:
        paths += [f"{module}.{owner}.{target}"] * bool(owner)
        paths += [f"{module}.{target}", f"{module.rpartition('.')[0]}.{target}"]
    domain = env.get_domain("py")
    for path in paths:
        found = find(path) if path.startswith("manifold_opt") else None
        if found is None:
            continue
        for name in domain.objects:
            if name.rpartition(".")[2] == target.rpartition(".")[2] and find(name) is found:
                return domain.resolve_xref(env, node["refdoc"], app.builder, node["reftype"], name, node, contnode)
    return None


def escape(app, what, name, obj, options, lines):
    """A star that unpacks, as in the shape (..., *batch, N, n), is no emphasis; a quoted pattern is code."""
    for i, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")) and "``" not in line:
            line = re.sub(r"(?<=[( ])\*(?=[a-z_.]+[,)])", r"\*", line)
            lines[i] = re.sub(r'("[^"`]*[*_]"|"\*")', r"``\1``", line)


def skip_member(app, what, name, obj, skip, options):
    """Type aliases keep the docstring of the type they stand for, which is none of ours."""
    return True if what == "module" and name in ("Array", "Tree", "Moments", "Stages") else None


def shorten(app, doctree):
    """Leave long values and defaults out of signatures; they can be printed."""
    for node in doctree.findall(addnodes.desc_annotation):
        text = node.astext().lstrip()
        if text.startswith("=") and len(text) > LONGEST_VALUE:
            node.parent.remove(node)
    for node in doctree.findall(nodes.inline):
        if "default_value" in node["classes"] and len(node.astext()) > LONGEST_VALUE:
            node.children = [nodes.Text("...")]


def setup(app):
    app.setup_extension("sphinx.ext.autosummary")
    app.add_directive("name-table", NameTable)
    app.connect("config-inited", write_pages)
    app.connect("missing-reference", resolve_other_path)
    app.connect("autodoc-skip-member", skip_member)
    app.connect("autodoc-process-docstring", escape)
    app.connect("doctree-read", shorten)
    return {"parallel_read_safe": True}
