"""Cases of the unitary spaces: steps of Adam, and the convention of the gradient."""
from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.case import Case
from manifold_opt.oracle.make import balls
from manifold_opt.oracle.make.complex_space import ComplexSpace, embedded, parts_of
from manifold_opt.oracle.make.logarithm import nearest_isometry
from manifold_opt.oracle.make.method import average
from manifold_opt.oracle.make.step_cases import Stages, chained_case, whole_case
from manifold_opt.oracle.unitary_quantities import UNITARY_MOMENTS, parts

__all__ = ["unitary_step_case", "energy_case", "unitary_nearest_case"]

Arrays = dict[str, Array]
MOMENTS = (*UNITARY_MOMENTS, "B2_A", "B2_B")


class UnitaryRule:
    """Adam and a retraction on one unitary space."""

    def __init__(self, space: ComplexSpace, retraction: str, hyper: dict[str, Any]) -> None:
        self.space, self.retraction, self.hyper = space, retraction, hyper

    def lift(self, arrays: Mapping[str, Array]) -> Arrays:
        """Riemannian gradient and its lift."""
        Lambda, dL = embedded(arrays, "Lambda"), embedded(arrays, "dL")
        A, B = self.space.lift_gradient(Lambda, dL)
        grad = self.space.gradient(Lambda[:, self.space.frame], dL)
        return {**parts_of("grad", grad), **parts_of("A", A), **parts_of("B", B)}

    def update(self, t: int, arrays: Mapping[str, Array]) -> Arrays:
        """New moments: the second is that of the squared magnitude."""
        new: Arrays = {}
        for block in "AB":
            re, im = arrays[f"{block}_re"], arrays[f"{block}_im"]
            for part, X in (("re", re), ("im", im)):
                new[f"B1_{block}_new_{part}"] = average(self.hyper["rho1"], arrays[f"B1_{block}_{part}"], X, t)
            new[f"B2_{block}_new"] = average(self.hyper["rho2"], arrays[f"B2_{block}"], re * re + im * im, t)
        return new

    def velocity(self, t: int, arrays: Mapping[str, Array]) -> Arrays:
        """Velocity, from the new moments."""
        rate, delta = balls.number(self.hyper["learning_rate"]), balls.number(self.hyper["delta"])
        return {f"W_{block}_{part}": -rate * arrays[f"B1_{block}_new_{part}"]
                / (balls.sqrt(arrays[f"B2_{block}_new"]) + delta) for block in "AB" for part in ("re", "im")}

    def move(self, arrays: Mapping[str, Array]) -> Arrays:
        """Increment, new section and new point."""
        R = self.space.retract(self.retraction, embedded(arrays, "W_A"), embedded(arrays, "W_B"))
        Lambda = embedded(arrays, "Lambda") @ R
        return {**parts_of("R", R), **parts_of("Lambda_new", Lambda),
                **parts_of("Y_new", Lambda[:, self.space.frame])}

    def stages(self, t: int) -> Stages:
        """The functions of step t, and what each needs."""
        new = tuple(_new(name) for name in MOMENTS)
        return ((self.lift, parts("Lambda", "dL")),
                (lambda a: self.update(t, a), (*parts("A", "B"), *MOMENTS)),
                (lambda a: self.velocity(t, a), new), (self.move, parts("Lambda", "W_A", "W_B")))


def _new(name: str) -> str:
    """The name after the step: ``_new`` stands before the part."""
    base, _, part = name.rpartition("_")
    return f"{base}_new_{part}" if part in ("re", "im") else f"{name}_new"


def unitary_step_case(name: str, dtype: str, space: ComplexSpace, retraction: str, hyper: dict[str, Any],
                      steps: int) -> Case:
    """Steps of Adam with random gradients."""
    random = Random(f"unitary {space.kind} {space.N} {space.n}")
    N, n = space.N, space.n
    start = parts_of("Lambda", space.random_section(random))
    start.update({moment: balls.zeros(*((n, n) if "_A" in moment else (N - n, n))) for moment in MOMENTS})
    gradients = [{name: balls.exact(balls.draw(random, N, n)) for name in parts("dL")} for _ in range(steps)]

    def point(arrays: Mapping[str, Array]) -> Arrays:
        return {f"Y_{part}": arrays[f"Lambda_{part}"][:, :n] for part in ("re", "im")}

    described = {"space": space.kind, "shape": [N, n], "dtype": dtype, "method": "adam", "hyper": hyper,
                 "retraction": retraction}
    return chained_case("unitary", f"{space.kind}-{N}x{n}-{dtype}-{name}", "unitary_step", described,
                        UnitaryRule(space, retraction, hyper).stages, start, gradients, point=point, new=_new)


def energy_case(dtype: str, N: int, n: int) -> Case:
    """The loss Re Tr(Y^H H Y) and its gradient."""
    space = ComplexSpace("complex_stiefel", N, n)
    random = Random(f"energy {N} {n}")
    Y = parts_of("Y", space.random_section(random)[:, space.frame])
    X, Z = balls.draw(random, N, N), balls.draw(random, N, N)

    def energy(arrays: Mapping[str, Array]) -> dict[str, Any]:
        HY = parts_of("HY", embedded(arrays, "H") @ embedded(arrays, "Y"))
        value = np.sum(arrays["Y_re"] * HY["HY_re"]) + np.sum(arrays["Y_im"] * HY["HY_im"])
        return {"energy": value, "dL_energy_re": 2 * HY["HY_re"], "dL_energy_im": 2 * HY["HY_im"]}

    # halves of sums of numbers with 21 bits: exact in float32
    inputs = {**Y, "H_re": balls.exact((X + X.T) / 4), "H_im": balls.exact((Z - Z.T) / 4)}
    described = {"space": space.kind, "shape": [N, n], "dtype": dtype}
    return whole_case("unitary", f"{space.kind}-{N}x{n}-{dtype}-energy", dtype, "unitary_energy", energy, inputs,
                      described)


def unitary_nearest_case(dtype: str, space: ComplexSpace, off: float) -> Case:
    """The point nearest to a matrix that is about so far off the space: its real form has the real form's factor."""
    random = Random(f"unitary nearest {space.kind} {space.N} {space.n}")
    M = space.random_section(random)[:, space.frame]
    X = {name: balls.exact(balls.draw(random, space.N, space.n)) for name in parts("X")}
    M = M + off * embedded(X, "X")
    return whole_case("unitary", f"{space.kind}-{space.N}x{space.n}-{dtype}-off{off:g}-nearest_point", dtype,
                      "unitary_nearest", lambda a: parts_of("nearest", nearest_isometry(embedded(a, "M_given"))),
                      parts_of("M_given", M), {"space": space.kind, "shape": [space.N, space.n], "dtype": dtype})
