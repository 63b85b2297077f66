"""Whatever is put into a public function of the geometry and the optimizers: the right result, or an error that names
the argument.

Groups, spaces, optimizers and ``minimize``. The functions of ``arrays`` and the methods of sections and global tangent
spaces are the inner code, which trusts what has been checked here.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from manifold_opt import (Adam, Euclidean, Grassmann, Optimizer, Product, Stiefel, SymplecticGrassmann,
                          SymplecticStiefel, minimize)
from manifold_opt.groups import OrthogonalGroup, SymplecticGroup, TranslationGroup
from manifold_opt.sections import get_retraction

Array = np.ndarray
SPACES = {"St": Stiefel(5, 2), "O": Stiefel(3, 3), "Gr": Grassmann(5, 2), "SpSt": SymplecticStiefel(6, 2),
          "SpGr": SymplecticGrassmann(6, 2), "R": Euclidean(3, 2)}
GROUPS = {"O(4)": OrthogonalGroup(4), "Sp(4)": SymplecticGroup(4), "R": TranslationGroup((3,))}
CALLS: dict[str, tuple[str, Array, Callable[[Any], Any]]] = {}


def add(case: str, name: str, value: Array, call: Callable[[Any], Any]) -> None:
    CALLS[f"{case} {name}"] = (name, value, call)


for label, space in SPACES.items():
    rng = np.random.default_rng(0)
    Y = space.random_point(rng)
    Delta, dL = 0.1 * space.random_tangent(rng, Y), rng.standard_normal(Y.shape)
    Q = space.cayley(Y, Delta)
    for method in ("point_defect", "check_point", "global_section"):
        add(f"{label}.{method}", "Y", Y, lambda v, s=space, m=method: getattr(s, m)(v))
    for method in ("geodesic", "cayley", "tangent_defect", "check_tangent", "horizontal_lift"):
        add(f"{label}.{method}", "Y", Y, lambda v, s=space, m=method, D=Delta: getattr(s, m)(v, D))
        add(f"{label}.{method}", "Delta", Delta, lambda v, s=space, m=method, Y=Y: getattr(s, m)(Y, v))
    add(f"{label}.project_tangent", "Z", dL, lambda v, s=space, Y=Y: s.project_tangent(Y, v))
    add(f"{label}.riemannian_gradient", "dL", dL, lambda v, s=space, Y=Y: s.riemannian_gradient(Y, v))
    add(f"{label}.metric", "Delta1", Delta, lambda v, s=space, Y=Y, D=Delta: s.metric(Y, v, D))
    add(f"{label}.metric", "Delta2", Delta, lambda v, s=space, Y=Y, D=Delta: s.metric(Y, D, v))
    add(f"{label}.random_tangent", "Y", Y, lambda v, s=space: s.random_tangent(np.random.default_rng(0), v))
    add(f"{label}.inverse_cayley", "Q", Q, lambda v, s=space, Y=Y: s.inverse_cayley(Y, v))
    add(f"{label}.inverse_cayley", "Y", Y, lambda v, s=space, Q=Q: s.inverse_cayley(v, Q))
    optimizer = Optimizer(Adam(1e-2), {"weight": space})
    state = optimizer.init({"weight": Y})
    add(f"{label}.init", "weight", Y, lambda v, o=optimizer: o.params(o.init({"weight": v}))["weight"])
    add(f"{label}.step", "weight", Y,
        lambda v, o=optimizer, d=dL, s=state: o.step({"weight": v}, {"weight": d}, s)[0]["weight"])
    add(f"{label}.step, gradient", "weight", dL,
        lambda v, o=optimizer, Y=Y, s=state: o.step({"weight": Y}, {"weight": v}, s)[0]["weight"])
    stored = optimizer.save_state(state)
    for key in ("section/weight/Y", "moment/weight/B1/B"):
        add(f"{label}.load_state, {key}", "weight", stored[key],
            lambda v, o=optimizer, a=stored, k=key: o.save_state(o.load_state({**a, k: v}))[k])
    add(f"{label}.minimize", "x0", Y,
        lambda v, s=space, d=dL: minimize(lambda x: (float(np.sum(x * d)), d), v, s, jac=True, max_iter=2).x)
    add(f"{label}.minimize, jac", "gradient", dL,
        lambda v, s=space, Y=Y: minimize(lambda x: (1.0, v), Y, s, jac=True, max_iter=0).grad)
    product = Product({"weight": space})
    add(f"{label}.Product.cayley", "Y", Y,
        lambda v, p=product, D=Delta: p.cayley({"weight": v}, {"weight": D})["weight"])
for label, group in GROUPS.items():
    rng = np.random.default_rng(1)
    M, X = group.random(rng), 0.1 * group.project_algebra(rng.standard_normal(group.identity().shape))
    add(f"{label}.defect", "M", M, group.defect)
    add(f"{label}.inverse", "M", M, group.inverse)
    add(f"{label}.product", "M", M, lambda v, g=group, M=M: g.product(v, M))
    add(f"{label}.product", "K", M, lambda v, g=group, M=M: g.product(M, v))
    for method in ("project_algebra", "algebra_defect", "exp", "cayley"):
        add(f"{label}.{method}", "X", X, getattr(group, method))

ALIKE: dict[str, Callable[[Array], Any]] = {
    "read-only": lambda a: read_only(a), "Fortran order": np.asfortranarray,
    "strided": lambda a: np.repeat(a, 2, axis=-1)[..., ::2], "backwards": lambda a: a[::-1].copy()[::-1],
    "subclass": lambda a: a.view(type("Mine", (np.ndarray,), {}))}
OTHER: dict[str, Callable[[Array], Any]] = {
    "list": Array.tolist, "None": lambda a: None, "text": lambda a: "abc", "integers": lambda a: np.rint(a).astype(int),
    "half": lambda a: a.astype("f2"), "longdouble": lambda a: a.astype(np.longdouble), "complex": lambda a: a + 0j,
    "objects": lambda a: a.astype(object), "truths": lambda a: a.astype(bool), "byte order": lambda a: a.astype(">f8"),
    "masked": lambda a: np.ma.masked_greater(a, 0.5),
    "matrix": lambda a: np.atleast_2d(a).view(np.matrix),
    "no axes": lambda a: np.array(1.0), "too long": lambda a: np.concatenate([a, a]), "empty": lambda a: a[:0],
    "another axis": lambda a: a[..., None], "number": lambda a: 1.0, "dict": lambda a: {"a": a},
    "transposed": lambda a: np.zeros(tuple(k + 1 for k in a.shape))}
# a vector space has no constraint, so that every array is a point of defect zero
UNCONSTRAINED = {"R.point_defect Y", "R.tangent_defect Y", "R.tangent_defect Delta", "R.horizontal_lift Y",
                 "R.defect M", "R.random_tangent Y", "R.algebra_defect X"}


def read_only(array: Array) -> Array:
    array = array.copy()
    array.flags.writeable = False
    return array


def numbers(result: Any) -> list[Array]:
    """What can be compared of a result."""
    if hasattr(result, "to_dense"):
        result = result.to_dense()
    return [np.asarray(result)]


def names(error: Exception, name: str) -> bool:
    """Whether a message names the argument."""
    return re.search(rf"(?<![A-Za-z_]){re.escape(name)}(?![A-Za-z])", str(error)) is not None


@pytest.mark.parametrize("kind", ALIKE)
@pytest.mark.parametrize("case", CALLS)
def test_arrays_in_any_memory(case: str, kind: str) -> None:
    _, value, call = CALLS[case]
    given = ALIKE[kind](value)
    for actual, expected in zip(numbers(call(given)), numbers(call(value)), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(given, value)


@pytest.mark.parametrize("kind", OTHER)
@pytest.mark.parametrize("case", CALLS)
def test_other_things_than_such_arrays(case: str, kind: str) -> None:
    name, value, call = CALLS[case]
    given = OTHER[kind](value)
    if given is None and "step, gradient" in case or kind == "matrix" and not value.size:
        # such a parameter rests; there is no such matrix
        return
    if np.shape(given) == value.shape and not isinstance(given, (np.ndarray, list)):
        return
    try:
        result = call(given)
    except (TypeError, ValueError) as error:
        assert names(error, name), f"{type(error).__name__}: {error}"
        return
    # a stack is taken where the axes say so, and nothing else is
    assert isinstance(given, np.ndarray) and given.dtype == value.dtype and given.ndim >= value.ndim, "no error"
    assert given.shape[given.ndim - value.ndim:] == value.shape, f"no error for shape {given.shape}: {np.shape(result)}"


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("case", CALLS)
def test_numbers_that_are_not_finite(case: str, number: float) -> None:
    """An error that names the argument, or a result that says so: NaN, which is the defect of no point."""
    name, value, call = CALLS[case]
    if not value.size or case in UNCONSTRAINED:
        return
    given = value.copy()
    given.flat[0] = number
    with np.errstate(all="ignore"):
        try:
            result = call(given)
        except (TypeError, ValueError) as error:
            assert names(error, name), f"{type(error).__name__}: {error}"
            return
    assert not all(np.isfinite(array).all() for array in numbers(result)), "a finite result of what is not"


@pytest.mark.parametrize("value", [None, "4", 4.0, True, np.array([4]), [4], np.nan, -1, 0], ids=repr)
@pytest.mark.parametrize("make, name", [
    (lambda v: Stiefel(v, 1), "N"), (lambda v: Stiefel(4, v), "n"), (lambda v: Grassmann(4, v), "n"),
    (lambda v: SymplecticStiefel(v, 2), "N2"), (lambda v: SymplecticGrassmann(4, v), "n2"), (OrthogonalGroup, "N"),
    (SymplecticGroup, "N2"), (lambda v: Optimizer(Adam(), SPACES["R"], restore=v), "restore"),
    (lambda v: minimize(lambda x: (1.0, x), np.ones((3, 2)), SPACES["R"], jac=True, max_iter=v), "max_iter"),
    (lambda v: minimize(lambda x: (1.0, x), None, SPACES["R"], jac=True, rng=v), "rng")])
def test_sizes(make: Callable[[Any], Any], name: str, value: Any) -> None:
    if name == "restore" and value is None or name in ("max_iter", "rng") and type(value) is int and value == 0:
        make(value)
        return
    with pytest.raises((TypeError, ValueError), match=rf"\b{name}\b"):
        make(value)


@pytest.mark.parametrize("value", [1.5, -1, "abc", object(), np.nan, np.array(1.5), b"cayley", ("cayley",)], ids=repr)
@pytest.mark.parametrize("call, name", [
    (get_retraction, "retraction"), (lambda v: Optimizer(v, SPACES["R"]), "method"),
    (lambda v: Optimizer(Adam(), v), "spaces"), (lambda v: Optimizer(Adam(), SPACES["R"], v), "retraction"),
    (lambda v: Optimizer(Adam(), SPACES["R"], section=v), "section"),
    (lambda v: SPACES["St"].global_section(np.eye(5, 2), v), "kind"),
    (lambda v: SPACES["R"].global_section(np.zeros((3, 2)), v), "kind"),
    (lambda v: Optimizer(Adam(), SPACES["R"]).save_state(v), "state"),
    (lambda v: Optimizer(Adam(), SPACES["R"]).load_state(v), "arrays"),
    (lambda v: Optimizer(Adam(), SPACES["R"]).params(v), "state"),
    (lambda v: Optimizer(Adam(), SPACES["R"]).step(np.zeros((3, 2)), np.zeros((3, 2)), v), "state"),
    (lambda v: minimize(v, np.zeros((3, 2)), SPACES["R"], jac=True), "fun"),
    (lambda v: minimize(lambda x: 1.0, np.zeros((3, 2)), SPACES["R"], jac=v), "jac"),
    (lambda v: minimize(lambda x: (1.0, x), np.zeros((3, 2)), v, jac=True), "space"),
    (lambda v: minimize(lambda x: (1.0, x), np.zeros((3, 2)), SPACES["R"], jac=True, method=v), "method"),
    (lambda v: minimize(lambda x: (1.0, x), np.zeros((3, 2)), SPACES["R"], jac=True, retraction=v), "retraction"),
    (lambda v: minimize(lambda x: (1.0, x), np.zeros((3, 2)), SPACES["R"], jac=True, section=v), "section"),
    (lambda v: minimize(lambda x: (1.0, x), np.zeros((3, 2)), SPACES["R"], jac=True, components=v), "components"),
    (lambda v: minimize(lambda x: (1.0, x), np.zeros((3, 2)), SPACES["R"], jac=True, callback=v), "callback"),
    (lambda v: Product(v), "factors")])
def test_other_things(call: Callable[[Any], Any], name: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=rf"\b{name}"):
        call(value)
