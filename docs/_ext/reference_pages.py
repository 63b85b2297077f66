"""The reference: one page a layer, in the order in which data flow, made from the docstrings at build time.

Public names are documented in the module that defines them; a reference to another import path of the same object
(manifold_opt.Adam for manifold_opt.optimizers.adam.Adam) is resolved by importing it.
"""
import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

LAYERS = {
    "arrays": ["checks", "fields", "trees", "matrix_functions", "fractions"],
    "groups": ["base", "adjoint", "isometric", "orthogonal", "unitary", "symplectic", "translation"],
    "tangent": ["global_tangent_space", "reductive", "symmetric", "vector", "element"],
    "sections": ["section", "transported", "reflector", "translation", "retraction", "group_step", "cayley",
                 "geodesic", "retractions", "inverse_cayley"],
    "spaces": ["base", "matrix_space", "stiefel", "grassmann", "complex_stiefel", "complex_grassmann", "pseudo_riemannian_space", "symplectic_space",
               "symplectic_stiefel", "symplectic_grassmann", "euclidean", "product"],
    "network": ["patches", "layout", "workspace", "layer", "softmax", "attention", "fused_attention", "feed_forward",
                "blocks", "classification", "losses", "parameters", "transformer"],
    "optimizers": ["method", "gradient", "momentum", "adam", "adam_with_decay", "bfgs", "optimizer", "objective",
                   "line_search", "quasi_newton", "minimize"],
    "verify": ["identity", "trial", "identities", "run", "report", "confirmation", "gradient_check",
               "retraction_check", "slopes", "differences"],
    "experiments": ["data", "idx", "settings", "training", "checkpoint", "records", "report", "figures", "files"],
    "oracle": ["format", "case", "quantities", "question", "judge", "runner", "answers", "report", "testing"],
    "plotting": [],
    "report": [],
}
"""Modules in reading order; those not named follow in alphabetical order."""


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


def write_pages(app):
    """Write reference/generated/LAYER.rst, unless it is already there with this content."""
    folder = Path(app.srcdir) / "reference" / "generated"
    folder.mkdir(parents=True, exist_ok=True)
    written = set()
    for layer in LAYERS:
        try:
            import_module(f"manifold_opt.{layer}")
        except ModuleNotFoundError:
            continue
        text = f"{layer}\n{'=' * len(layer)}\n\n.. automodule:: manifold_opt.{layer}\n   :no-members:\n\n"
        for name in modules(layer):
            title = f"``{name.partition('.')[2]}``"
            text += f"{title}\n{'-' * len(title)}\n\n.. automodule:: manifold_opt.{name}\n   :members:\n\n"
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
        if ">>>" not in line and "``" not in line:
            line = re.sub(r"(?<=[( ])\*(?=[a-z_.]+[,)])", r"\*", line)
            lines[i] = re.sub(r'("[^"`]*[*_]"|"\*")', r"``\1``", line)


def skip_member(app, what, name, obj, skip, options):
    """Type aliases keep the docstring of the type they stand for, which is none of ours."""
    return True if what == "module" and name in ("Array", "Tree", "Moments") else None


def setup(app):
    app.connect("builder-inited", write_pages)
    app.connect("missing-reference", resolve_other_path)
    app.connect("autodoc-skip-member", skip_member)
    app.connect("autodoc-process-docstring", escape)
    return {"parallel_read_safe": True}
