"""From a case to the calls of a backend that it asks for."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, final

import numpy as np

from manifold_opt.arrays.adjoints import SymplecticAdjoint, TransposeAdjoint
from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.case import Case
from manifold_opt.oracle.problems import loss_and_gradient

__all__ = ["Call", "calls"]

Function = Callable[..., Any]


@final
@dataclass(frozen=True)
class Call:
    """One call of a backend.

    Attributes
    ----------
    operation : str
        Name of the operation.
    run : callable
        From the backend's function to its answers by quantity.
    expected : dict of str to numpy.ndarray
        The right answers.
    scales : dict of str to float
        The units of their errors, besides eps.
    growth : float
        Factor of the tolerance constants: the square root of the number of rows, and of steps.
    where : str
        Which of the calls of a case this is.

    Examples
    --------
    >>> from manifold_opt import oracle
    >>> from manifold_opt.oracle.calls import calls
    >>> case, = oracle.load_cases("stiefel-6x2-float64-adam-cayley")
    >>> [call.operation for call in calls(case)][:4]
    ['global_section', 'riemannian_gradient', 'lift_gradient', 'update']
    """

    operation: str
    run: Callable[[Function], Mapping[str, Any]]
    expected: Mapping[str, Array]
    scales: Mapping[str, float]
    growth: float
    where: str = ""


def calls(case: Case) -> Iterator[Call]:
    """The calls that a case asks for.

    Parameters
    ----------
    case : Case
        The case.

    Yields
    ------
    Call
        In the order of the operations.

    Examples
    --------
    >>> from manifold_opt import oracle
    >>> from manifold_opt.oracle.calls import calls
    >>> [call.operation for call in calls(oracle.load_cases("stiefel-6x2-float64-condition1-geometry")[0])]
    ['global_section', 'lift', 'horizontal_lift', 'metric']
    """
    yield from {"step": _step, "geometry": _geometry, "retraction": _retraction, "trajectory": _trajectory,
                "transformer": _transformer}[case.kind](case)


def section_defects(space: str, Y: Array, Lambda: Array) -> dict[str, Array]:
    r"""How far a matrix is from being a section over Y: :math:`\Lambda E - Y` and :math:`\Lambda^*\Lambda - I`.

    Parameters
    ----------
    space : str
        Kind of the space.
    Y, Lambda : numpy.ndarray
        Point (N, n) and section (N, N); for "euclidean" both of the shape of Y.

    Returns
    -------
    dict
        "defect_point" and, on the matrix spaces, "defect_group".

    Raises
    ------
    ValueError
        If Lambda has the wrong shape.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.oracle.calls import section_defects
    >>> float(np.abs(section_defects("stiefel", np.eye(3, 1), np.eye(3))["defect_group"]).max())
    0.0
    """
    Lambda = np.asarray(Lambda)
    if space == "euclidean":
        return {"defect_point": Lambda - Y}
    if Lambda.shape != (len(Y), len(Y)):
        raise ValueError(f"Lambda must have shape {(len(Y), len(Y))}: got {Lambda.shape}")
    adjoint = SymplecticAdjoint() if space.startswith("symplectic") else TransposeAdjoint()
    wide = Lambda.astype(np.float64)
    return {"defect_point": Lambda[:, adjoint.frame(*Y.shape)] - Y,
            "defect_group": adjoint(wide) @ wide - np.eye(len(wide))}


def _section(case: Case, Y: Array, Lambda: Array, where: str) -> Call:
    """Any section is right; that of the case says how large the entries of one are."""
    space = case.parameters["space"]
    defects = section_defects(space, Y, Lambda)
    size = max(1.0, float(np.linalg.norm(Lambda, 2)) if Lambda.size else 1.0)
    return Call("global_section", lambda function: section_defects(space, Y, function(space, Y)),
                {name: np.zeros_like(value) for name, value in defects.items()},
                {"defect_point": size, "defect_group": size**4}, _growth(case), where)


def _step(case: Case) -> Iterator[Call]:
    p = case.parameters
    space, method, retraction, hyper = p["space"], p["method"], p["retraction"], p["hyper"]
    for k in range(len(case.arrays["t"])):
        a = {name: array[k] for name, array in case.arrays.items()}
        t, where = int(a["t"]), f"step {int(a['t'])}: "
        moments = {name: a[name] for name in ("B1_A", "B1_B", "B2_A", "B2_B") if name in a}
        make = partial(_call, case, a, where)
        if k == 0:
            yield _section(case, a["Y"], a["Lambda"], where)
        yield make("riemannian_gradient", (space, a["Y"], a["dL"]), ("grad",))
        yield make("lift_gradient", (space, a["Lambda"], a["dL"]), ("A", "B"))
        yield make("update", (method, hyper, a["A"], a["B"], moments, t), None)
        yield make("retract", (space, retraction, a["W_A"], a["W_B"]), ("R",))
        yield make("move", (space, retraction, a["Lambda"], a["W_A"], a["W_B"]), ("Lambda_new",))
        yield make("step", (space, method, retraction, hyper, a["Lambda"], a["dL"], moments, t), None,
                   scales=case.step_scales)


def _geometry(case: Case) -> Iterator[Call]:
    a, space = case.arrays, case.parameters["space"]
    yield _section(case, a["Y"], a["Lambda"], "")
    yield _call(case, a, "", "lift", (space, a["Lambda"], a["Delta1"]), ("A", "B"))
    yield _call(case, a, "", "horizontal_lift", (space, a["Y"], a["Delta1"]), ("Omega",))
    yield _call(case, a, "", "metric", (space, a["Y"], a["Delta1"], a["Delta2"]), ("metric",))


def _retraction(case: Case) -> Iterator[Call]:
    a, start = case.arrays, (case.parameters["space"], case.parameters["retraction"])
    yield _call(case, a, "", "retract", (*start, a["W_A"], a["W_B"]), ("R",))
    yield _call(case, a, "", "move", (*start, a["Lambda"], a["W_A"], a["W_B"]), ("Lambda_new",))


def _trajectory(case: Case) -> Iterator[Call]:
    expected = {name: case.arrays[name] for name in ("losses", "Y_last")}
    yield Call("trajectory", lambda step: run_trajectory(step, case), expected, case.scales,
               _growth(case) * float(np.sqrt(case.parameters["steps"])))


def run_trajectory(step: Function, case: Case) -> dict[str, Array]:
    """Losses and last point of a backend that repeats its step.

    Parameters
    ----------
    step : callable
        The backend's function; it must return Lambda_new and the new moments.
    case : Case
        Of the kind "trajectory".

    Returns
    -------
    dict
        "losses" and "Y_last".

    Examples
    --------
    >>> from manifold_opt import oracle
    >>> from manifold_opt.oracle.calls import run_trajectory
    >>> case, = oracle.load_cases("procrustes-stiefel-5x3-adam-cayley")
    >>> values = run_trajectory(oracle.NumpyBackend().step, case)
    >>> bool(abs(values["losses"] - case.arrays["losses"]).max() < 1e-12)
    True
    """
    p, Lambda = case.parameters, case.arrays["Lambda"]
    N, n = p["shape"]
    adjoint = SymplecticAdjoint() if p["space"].startswith("symplectic") else TransposeAdjoint()
    shapes = {"A": (n, n), "B": (N - n, n)}
    names = {"momentum": ("B1",), "adam": ("B1", "B2"), "adam_with_decay": ("B1", "B2")}.get(p["method"], ())
    moments = {f"{name}_{block}": np.zeros(shapes[block]) for name in names for block in "AB"}
    losses = []
    for t in range(1, p["steps"] + 2):
        Y = np.ascontiguousarray(Lambda[:, adjoint.frame(N, n)])
        loss, dL = loss_and_gradient(p["problem"], case.arrays, Y)
        losses.append(loss)
        if t <= p["steps"]:
            after = step(p["space"], p["method"], p["retraction"], p["hyper"], Lambda, dL, moments, t)
            Lambda, moments = np.asarray(after["Lambda_new"]), {name: after[f"{name}_new"] for name in moments}
    return {"losses": np.array(losses), "Y_last": Y}


def _transformer(case: Case) -> Iterator[Call]:
    p, a = case.parameters, case.arrays
    params = {name: a[name] for name in a if name.startswith("blocks.") or name == "classifier"}
    forward = (params, a["x"], p["heads"], p["skip"])
    yield _call(case, a, "", "transformer_forward", forward, None)
    yield _call(case, a, "", "transformer_gradient", (params, a["x"], a["target"], p["loss"], p["heads"], p["skip"]),
                None)


def _call(case: Case, arrays: Mapping[str, Array], where: str, operation: str, arguments: tuple[Any, ...],
          names: tuple[str, ...] | None, scales: Mapping[str, float] | None = None) -> Call:
    """A call whose answer is one array, a tuple of `names`, or a dict."""
    def run(function: Function) -> Mapping[str, Any]:
        answer = function(*_copied(arguments))
        if names is None:
            return dict(answer)
        return dict(zip(names, answer)) if len(names) > 1 else {names[0]: answer}

    expected = {name: arrays[name] for name in case.scales}
    return Call(operation, run, expected, case.scales if scales is None else scales, _growth(case), where)


def _copied(arguments: tuple[Any, ...]) -> list[Any]:
    """Copies, which a backend may overwrite."""
    return [argument.copy() if isinstance(argument, np.ndarray)
            else {key: value.copy() if isinstance(value, np.ndarray) else value for key, value in argument.items()}
            if isinstance(argument, Mapping) else argument for argument in arguments]


def _growth(case: Case) -> float:
    rows = case.parameters["shape"][0] if "shape" in case.parameters else case.parameters["width"]
    return float(np.sqrt(rows))
