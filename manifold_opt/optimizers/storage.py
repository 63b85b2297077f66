"""The state of an optimizer as a flat dict of arrays, and back with every check."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array, check_array, check_constraint, check_finite
from manifold_opt.optimizers.guard import check_section, defect_bound, named
from manifold_opt.optimizers.method import Method, Moments
from manifold_opt.sections import GlobalSection
from manifold_opt.spaces.base import HomogeneousSpace
from manifold_opt.tangent import HorizontalElement

__all__ = ["load_parameter", "load_steps", "save_parameter"]


def save_parameter(path: str, space: HomogeneousSpace, section: GlobalSection, moments: Moments,
                   t: int) -> dict[str, Array]:
    """Copies of the arrays of one parameter, by keys that begin with kind and path."""
    arrays = {f"space/{path}": np.array(repr(space)), f"steps/{path}": np.array(t)}
    arrays.update({f"section/{path}/{name}": np.array(value) for name, value in section.to_arrays().items()})
    for name, moment in moments.items():
        if isinstance(moment, HorizontalElement):
            arrays.update({f"moment/{path}/{name}/{block}": np.array(getattr(moment, block)) for block in "AB"})
        else:
            arrays[f"moment/{path}/{name}"] = np.array(moment)
    return arrays


def load_steps(arrays: Any, kind: tuple[str, str], paths: list[str]) -> tuple[int, dict[str, Any]]:
    """Number of steps, and all other arrays; ValueError if the state is one of another optimizer or of other
    parameters.
    """
    if not isinstance(arrays, Mapping):
        raise TypeError(f"arrays must be a mapping of names to arrays: got {type(arrays).__name__}")
    stored = {key: arrays[key] for key in arrays}
    for key, needed in (("t", None), ("method", kind[0]), ("section", kind[1])):
        if key not in stored:
            raise ValueError(f"stored state must hold {key!r}: got {sorted(map(str, stored))[:5]}, ...")
        if needed is not None and str(got := stored.pop(key)) != needed:
            raise ValueError(f"stored {key} must be {needed}: got {got}")
    known = {key.split("/")[1] for key in stored if isinstance(key, str) and key.count("/")}
    for path in paths:
        if path not in known:
            raise ValueError(f"stored state must hold {named('parameter', path)}: it holds {sorted(known)}")
    for path in sorted(known - set(paths)):
        raise ValueError(f"stored state must hold no parameter but those of this optimizer: got {path!r}")
    return _count("t", stored.pop("t")), stored


def load_parameter(stored: dict[str, Any], path: str, space: HomogeneousSpace, kind: str, method: Method,
                   t: int) -> tuple[GlobalSection, Moments, int]:
    """Section, moments and number of steps of one parameter, whose arrays are taken out of `stored`."""
    name = named("parameter", path)
    got = str(stored.pop(f"space/{path}", "none"))
    if got != repr(space):
        raise ValueError(f"stored space of {name} must be {space!r}: got {got}")
    own = _count(f"steps of {name}", stored.pop(f"steps/{path}", None))
    if own > t:
        raise ValueError(f"stored steps of {name} must be at most t = {t}: got {own}")
    prefix = f"section/{path}/"
    arrays = {key[len(prefix):]: _own(key, stored.pop(key)) for key in sorted(stored) if key.startswith(prefix)}
    try:
        section = space.load_section(arrays, kind)
    except KeyError as error:
        raise ValueError(f"stored section of {name} must hold the array {error.args[0]!r}: got "
                         f"{sorted(arrays)}") from error
    except (TypeError, ValueError) as error:
        raise type(error)(f"stored section of {name}: {error}") from error
    for key in arrays.keys() - section.to_arrays().keys():
        raise ValueError(f"stored section of {name} must hold no array {key!r}")
    if hasattr(space, "adjoint"):
        check_constraint(f"stored {name}", "Y*Y = I", space.point_defect(section.point),
                         defect_bound(space, section.point, t))
        check_section(path, space, section, t)
    Y = section.point
    zero = space.tangent_space.zero(Y.shape[:Y.ndim - len(space.shape)], Y.dtype)
    moments = {key: _moment(stored, path, key, moment) for key, moment in method.init(zero).items()}
    return section, moments, own


def _count(name: str, value: Any) -> int:
    """A number of steps from an array of one integer."""
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "iu":
        raise ValueError(f"stored {name} must be one integer: got {value!r}")
    if array.item() < 0:
        raise ValueError(f"stored {name} must not be negative: got {array.item()}")
    return int(array.item())


def _own(key: str, value: Any) -> Array:
    """A copy of a stored array, which must be finite."""
    return check_finite(f"stored array {key!r}", check_array(f"stored array {key!r}", value)).copy()


def _moment(stored: dict[str, Any], path: str, name: str,
            like: HorizontalElement | Array) -> HorizontalElement | Array:
    key = f"moment/{path}/{name}"
    if isinstance(like, HorizontalElement):
        return HorizontalElement(_load(stored, path, f"{key}/A", like.A), _load(stored, path, f"{key}/B", like.B),
                                 like.space)
    return _load(stored, path, key, like)


def _load(stored: dict[str, Any], path: str, key: str, like: Array) -> Array:
    if key not in stored:
        raise ValueError(f"stored state of {named('parameter', path)} must hold the array {key!r}: it does not")
    array = stored.pop(key)
    if not isinstance(array, (np.ndarray, np.generic)) or isinstance(array, (np.matrix, np.ma.MaskedArray)):
        raise TypeError(f"stored array {key!r} must be a NumPy array: got {type(array).__name__}")
    if array.shape != like.shape or array.dtype != like.dtype:
        raise ValueError(f"stored array {key!r} must have shape {like.shape} and dtype {like.dtype}: "
                         f"got {array.shape}, {array.dtype}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"stored array {key!r} must be finite: got NaN or infinite entries")
    return np.array(array)
