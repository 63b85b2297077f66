"""Ports to packages that are not installed are not even collected (pytest looks for doctests in every module)."""
from importlib.util import find_spec

PORTS = [("torch", "torch_backend.py"), ("torch", "torch_unitary.py"),
         ("mpmath", "mpmath_backend.py"), ("mpmath", "mpmath_optional.py")]

collect_ignore = [port for package, port in PORTS if find_spec(package) is None]
