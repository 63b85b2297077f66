"""Cases of the geometry beside the step: logarithms, nearest points, parallel transport, components."""
from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.case import Case
from manifold_opt.oracle.make import balls
from manifold_opt.oracle.make.geometry import horizontal_lift
from manifold_opt.oracle.make.logarithm import nearest_isometry, stiefel_logarithm
from manifold_opt.oracle.make.roots import determinant, root
from manifold_opt.oracle.make.space import DenseSpace
from manifold_opt.oracle.make.step_cases import describe, title, whole_case

__all__ = ["logarithm_case", "nearest_case", "transport_case", "component_case"]

Arrays = Mapping[str, Array]


def logarithm_case(dtype: str, space: DenseSpace, name: str, length: float) -> Case:
    """Logarithm and distance of two points that are about as far apart as is said."""
    random = Random(f"logarithm {space.N} {name}")
    Lambda = space.random_section(random)
    A, B = space.lift(Lambda, balls.exact(balls.draw(random, space.N, space.n)))
    factor = length / (np.sum(A * A) / 2 + np.sum(B * B)).sqrt()
    end = space.point(Lambda @ space.retract("geodesic", A * factor, B * factor))

    def measure(arrays: Arrays) -> dict[str, Any]:
        Delta, distance = stiefel_logarithm(arrays["Y"], arrays["Y_end"])
        return {"Delta": Delta, "distance": distance}

    return whole_case("stiefel_log", f"{title(space, dtype)}-log-{name}", dtype, "logarithm", measure,
                      {"Y": space.point(Lambda), "Y_end": end}, describe(space, dtype))


def nearest_case(dtype: str, space: DenseSpace, off: float) -> Case:
    """The point nearest to a matrix that is about so far off the space."""
    random = Random(f"nearest {space.kind} {space.N} {space.n}")
    Y = space.point(space.random_section(random, 4))
    M = Y + balls.exact(balls.draw(random, space.N, space.n) * off)
    find = _nearest_pair if space.is_symplectic else nearest_isometry
    return whole_case("nearest", f"{title(space, dtype)}-off{off:g}-nearest_point", dtype, "nearest",
                      lambda a: {"nearest": find(a["M_given"])}, {"M_given": M}, describe(space, dtype))


def _nearest_pair(M: Array) -> Array:
    r"""The nearest symplectic pair of columns, :math:`Y = (M - s(M^T)^*)/(1 - s^2)`.

    For two columns the multiplier S is a number s, for which :math:`Y^*Y = I` says
    :math:`(1 - s^2)^2 = w(1 + s^2) - s|M|^2` with :math:`M^*M = wI`.
    """
    space = DenseSpace("symplectic_stiefel", len(M), 2)
    dual, w, size = space.adjoint(M.T), (space.adjoint(M) @ M)[0, 0], np.sum(M * M)
    s = root(lambda s: (1 - s * s)**2 - w * (1 + s * s) + s * size, 0.0)
    if not abs(s) < 1:
        raise ArithmeticError(f"the multiplier must be below 1: got {s.str(5)}")
    return np.asarray((M - s * dual) / (1 - s * s))


def transport_case(dtype: str, space: DenseSpace, connection: str, length: float) -> Case:
    """A tangent vector carried along a geodesic of about the given length."""
    random = Random(f"transport {space.kind} {space.N} {space.n}")
    Y = space.point(space.random_section(random))
    Delta, Z = (space.gradient(Y, balls.exact(balls.draw(random, space.N, space.n))) for _ in range(2))
    Delta = Delta * (length / np.sum(Delta * Delta).sqrt())

    def carry(arrays: Arrays) -> dict[str, Array]:
        Y, Z = arrays["Y"], arrays["Z"]
        Omega = horizontal_lift(space, Y, arrays["Delta"])
        # on Grassmann manifolds [X, W] has no horizontal part, and the connections are one
        turned = (_solution(space, Y, Omega, Z) if connection == "levi_civita" and not space.is_grassmann else Z)
        return {"transported": balls.exponential(Omega) @ turned}

    return whole_case("transport", f"{title(space, dtype)}-{connection}-length{length:g}", dtype, "transport", carry,
                      {"Y": Y, "Delta": Delta, "Z": Z}, {**describe(space, dtype), "connection": connection})


def _solution(space: DenseSpace, Y: Array, Omega: Array, Z: Array) -> Array:
    r"""The solution at time 1 of :math:`Z' = -\frac12[\Omega, \Omega(Y, Z)]Y`, by the exponential of its matrix."""
    columns = []
    for place in np.ndindex(Z.shape):
        unit = balls.zeros(*Z.shape)
        unit[place] = balls.number(1)
        lift = horizontal_lift(space, Y, unit)
        columns.append((-(Omega @ lift - lift @ Omega) @ Y / 2).ravel())
    return np.asarray(balls.exponential(np.array(columns, dtype=object).T) @ Z.ravel()).reshape(Z.shape)


def component_case(dtype: str, space: DenseSpace, sign: int) -> Case:
    """The component of O(N) in which a point lies; one of a Stiefel manifold with n < N has but one."""
    Y = space.point(space.random_section(Random(f"component {space.N} {space.n}")))
    Y[:, 0] = Y[:, 0] * sign
    return whole_case("components", f"{title(space, dtype)}-component-{'plus' if sign > 0 else 'minus'}", dtype,
                      "component", lambda a: {"component": determinant(a["Y"]).sgn() if space.n == space.N
                                              else balls.number(1)}, {"Y": Y}, describe(space, dtype))
