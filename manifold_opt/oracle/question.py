"""From a case to the questions that it asks: one operation, its arguments, and the right answers."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.case import Case
from manifold_opt.oracle.conventions import adjoint, frame
from manifold_opt.oracle.problems import loss_and_gradient
from manifold_opt.oracle.quantities import GROUPED, KINDS, MOMENTS, OPERATIONS

__all__ = ["Question", "SECTIONS", "as_real", "questions", "ordered", "run_trajectory", "section_defects"]

SECTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "global_section": {"Y": ("Y",), "Lambda": ("Lambda",)},
    "unitary_section": {"Y": ("Y_re", "Y_im"), "Lambda": ("Lambda_re", "Lambda_im")}}
"""Operations whose answer may be any section, and the arrays that make up its point and the section."""


@final
@dataclass(frozen=True)
class Question:
    """One operation applied to given arguments, and what it should answer.

    >>> from manifold_opt import oracle
    >>> from manifold_opt.oracle.question import questions
    >>> case, = oracle.load_cases("stiefel-6x2-float64-adam-cayley")
    >>> asked = list(questions(case))
    >>> [question.operation for question in asked][:4], list(asked[1].arguments)
    (['global_section', 'riemannian_gradient', 'lift_gradient', 'update'], ['space', 'Y', 'dL'])
    """

    operation: str
    # by name, in the order in which the functions of a backend take them
    arguments: Mapping[str, Any]
    expected: Mapping[str, Array]
    # the units of the errors, besides eps
    scales: Mapping[str, float]
    # the factor of the tolerance constants: the square root of the number of rows, and of steps
    growth: float
    # the place along the leading axis in cases of steps, and the same in words
    step: int | None = None
    label: str = ""
    # why the arguments must be refused; empty if they are fine
    refusal: str = ""

    def copied(self) -> dict[str, Any]:
        """The arguments as copies, which a backend may overwrite."""
        return {name: {key: np.copy(X) if isinstance(X, np.ndarray) else X for key, X in value.items()}
                if isinstance(value, Mapping) else np.copy(value) if isinstance(value, np.ndarray) else value
                for name, value in self.arguments.items()}


def questions(case: Case) -> Iterator[Question]:
    """The questions that a case asks, step by step, in the order of the operations."""
    if "t" not in case.arrays:
        for operation in KINDS[case.kind] or (case.parameters["operation"],):
            yield _question(case, case.arrays, operation)
        return
    for k, t in enumerate(case.arrays["t"]):
        arrays = {name: array[k] for name, array in case.arrays.items()}
        for operation in KINDS[case.kind]:
            yield _question(case, arrays, operation, k, f"step {t}")


def _question(case: Case, arrays: Mapping[str, Array], operation: str, step: int | None = None,
              label: str = "") -> Question:
    arguments = {name: _argument(name, case, arrays) for name in OPERATIONS[operation].arguments}
    rows = case.parameters["shape"][0] if "shape" in case.parameters else case.parameters.get("width", 1)
    growth = float(np.sqrt(rows * case.parameters.get("steps", 1)))
    if case.kind == "refusal":
        return Question(operation, arguments, {}, {}, growth, refusal=case.parameters["reason"])
    if operation in SECTIONS:
        expected, scales = _any_section(operation, case.parameters["space"], arrays)
    else:
        scales = case.step_scales if operation.endswith("step") else case.scales
        expected = {name: arrays[name] for name in OPERATIONS[operation].quantities if name in case.scales}
    return Question(operation, arguments, expected, scales, growth, step, label)


def _argument(name: str, case: Case, arrays: Mapping[str, Array]) -> Any:
    """An argument by name: an array of the case, several as a dict, or a parameter."""
    if name in GROUPED:
        return {key: arrays[key] for key in GROUPED[name] if key in arrays}
    if name == "t":
        return int(arrays["t"])
    if name == "Delta" and "Delta1" in arrays:
        return arrays["Delta1"]
    if name == "Y" and name not in arrays:
        return _point(case.parameters["space"], arrays["Lambda"], *case.parameters["shape"])
    return case.parameters[name] if name in case.parameters else arrays[name]


def _point(space: str, Lambda: Array, N: int, n: int) -> Array:
    """The columns of a section that make up its point."""
    return np.array(Lambda[:, frame(space, N, n)], order="C")


def _any_section(operation: str, space: str,
                 arrays: Mapping[str, Array]) -> tuple[dict[str, Array], dict[str, float]]:
    """No defects: any section is right, and that of the case says how large the entries of one are."""
    Y, Lambda = (as_real([arrays[part] for part in SECTIONS[operation][name]]) for name in ("Y", "Lambda"))
    defects = section_defects(space, Y, Lambda)
    size = max(1.0, float(np.linalg.norm(Lambda, 2)) if Lambda.size else 1.0)
    return ({name: np.zeros_like(value) for name, value in defects.items()},
            {"defect_point": size, "defect_group": size**4})


def as_real(parts: Sequence[Array]) -> Array:
    """A real matrix as it is; a complex one, given by its parts a and b, as the real matrix [[a, -b], [b, a]].

    >>> import numpy as np
    >>> from manifold_opt.oracle.question import as_real
    >>> as_real([np.eye(1), 2 * np.eye(1)]).tolist()
    [[1.0, -2.0], [2.0, 1.0]]
    """
    if len(parts) == 1:
        return parts[0]
    a, b = parts
    return np.block([[a, -b], [b, a]])


def section_defects(space: str, Y: Array, Lambda: Array) -> dict[str, Array]:
    r"""How far a matrix is from being a section over Y: :math:`\Lambda E - Y` and :math:`\Lambda^*\Lambda - I`.

    >>> import numpy as np
    >>> from manifold_opt.oracle.question import section_defects
    >>> float(np.abs(section_defects("stiefel", np.eye(3, 1), np.eye(3))["defect_group"]).max())
    0.0
    """
    if space == "euclidean":
        if Lambda.shape != Y.shape:
            raise ValueError(f"Lambda must have shape {Y.shape}: got {Lambda.shape}")
        return {"defect_point": Lambda - Y}
    if Lambda.shape != (len(Y), len(Y)):
        raise ValueError(f"Lambda must have shape {(len(Y), len(Y))}: got {Lambda.shape}")
    wide = Lambda.astype(np.float64)
    return {"defect_point": Lambda[:, frame(space, *Y.shape)] - Y,
            "defect_group": adjoint(space, wide) @ wide - np.eye(len(wide))}


def ordered(question: Question) -> list[tuple[str, int | None, str]]:
    """The quantities in the order in which they arise: name, block (None for all of the array), and the two in words.

    The blocks of a transformer follow one another, forward in the forward pass and backward in the gradient, so that
    the first departure is where a fault arises and not where it arrives.
    """
    names = [name for name in OPERATIONS[question.operation].quantities if name in question.expected]
    if question.operation == "training":
        losses = len(question.expected["losses"])
        return [("losses", 0, "losses, before step 1"),
                *((name, step - (name != "losses"), f"{name}, after step {step}") for step in range(1, losses)
                  for name in names)]
    if not question.operation.startswith("transformer"):
        return [(name, None, name) for name in names]
    forward = question.operation == "transformer_forward"
    blocked = [name for name in names if name.startswith("d_blocks.") or (forward and name not in ("logits", "y"))]
    depth = len(question.expected[blocked[0]]) if blocked else 0
    listed = [(name, block, f"{name}, block {block + 1} of {depth}")
              for block in (range(depth) if forward else reversed(range(depth))) for name in blocked]
    others = [(name, None, name) for name in names if name not in blocked]
    return [*listed, *others] if forward else [*others, *listed]


def run_trajectory(step: Callable[..., Mapping[str, Any]], case: Case) -> dict[str, Array]:
    """Losses and last point of a backend that repeats its step, which must return Lambda_new and the new moments.

    >>> from manifold_opt import oracle
    >>> from manifold_opt.oracle.question import run_trajectory
    >>> case, = oracle.load_cases("procrustes-stiefel-5x3-adam-cayley")
    >>> values = run_trajectory(oracle.NumpyBackend().step, case)
    >>> bool(abs(values["losses"] - case.arrays["losses"]).max() < 1e-12)
    True
    """
    p, Lambda = case.parameters, case.arrays["Lambda"].copy()
    N, n = p["shape"]
    shapes = {"A": (n, n), "B": (N - n, n)}
    moments = {name: np.zeros(shapes[name[-1]], case.dtype) for name in MOMENTS[p["method"]]}
    data = {name: case.arrays[name] for name in GROUPED["data"] if name in case.arrays}
    losses = []
    for t in range(1, p["steps"] + 2):
        Y = _point(p["space"], Lambda, N, n)
        loss, dL = loss_and_gradient(p["problem"], data, Y)
        losses.append(loss)
        if t <= p["steps"]:
            after = step(p["space"], p["method"], p["retraction"], dict(p["hyper"]), Lambda, dL, moments, t)
            Lambda, moments = np.asarray(after["Lambda_new"]), {name: after[f"{name}_new"] for name in moments}
    return {"losses": np.array(losses), "Y_last": Y}
