"""Which cases there are: each group is a function that makes the cases of one file."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from random import Random
from typing import Any

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.case import Case
from manifold_opt.oracle.make import balls
from manifold_opt.oracle.make.complex_space import ComplexSpace
from manifold_opt.oracle.make.geometry_cases import component_case, logarithm_case, nearest_case, transport_case
from manifold_opt.oracle.make.method_cases import HYPER as RATES
from manifold_opt.oracle.make.method_cases import decay_case, muon_case, rates_case
from manifold_opt.oracle.make.other_cases import (angles_case, pair_case, reflector_case, refusal_cases,
                                                  restoration_case, stack_case, training_case)
from manifold_opt.oracle.make.space import DenseSpace
from manifold_opt.oracle.make.step_cases import Rule, advance, geometry_case, retraction_case, step_case
from manifold_opt.oracle.make.unitary_cases import energy_case, unitary_nearest_case, unitary_step_case
from manifold_opt.oracle.make.whole_cases import problem_data, trajectory_case, transformer_case
from manifold_opt.oracle.problems import loss_and_gradient
from manifold_opt.oracle.quantities import METHODS

__all__ = ["GROUPS", "build", "SPACES"]

DTYPES = ("float64", "float32")
RETRACTIONS = ("cayley", "geodesic")
SPACES = ("stiefel", "grassmann", "symplectic_stiefel", "symplectic_grassmann", "euclidean")
"""The kinds of spaces."""

HYPER: dict[str, dict[str, Any]] = {
    "gradient": {"learning_rate": 0.01}, "momentum": {"learning_rate": 0.01, "alpha": 0.5},
    "adam": {"learning_rate": 0.1, "rho1": 0.9, "rho2": 0.99, "delta": 3e-7},
    "adam_with_decay": {"steps": 4, "eta1": 0.1, "eta2": 0.001, "rho1": 0.9, "rho2": 0.99, "delta": 3e-7}}
LATE: dict[str, dict[str, Any]] = {
    "gradient": {"learning_rate": 1e-3}, "momentum": {"learning_rate": 5e-4, "alpha": 0.5},
    "adam": {"learning_rate": 1e-3, "rho1": 0.9, "rho2": 0.99, "delta": 3e-7},
    "adam_with_decay": {"steps": 1500, "eta1": 1e-2, "eta2": 1e-4, "rho1": 0.9, "rho2": 0.99, "delta": 3e-7}}
OTHER_ADAM = {"learning_rate": 0.05, "rho1": 0.8, "rho2": 0.95, "delta": 1e-3}


def _steps(kind: str, large: bool) -> Iterator[Case]:
    """Steps 1 to 5 with random gradients: every method and retraction at one shape, Adam at the others."""
    group = f"steps_{kind}"
    small = DenseSpace(kind, 3, 2) if kind == "euclidean" else DenseSpace(kind, 6, 2)
    retractions = RETRACTIONS[:1] if kind == "euclidean" else RETRACTIONS
    for dtype, method, retraction in product(DTYPES, METHODS, retractions):
        yield _random_steps(group, f"{method}-{retraction}", dtype,
                            Rule(small, method, retraction, HYPER[method]), condition=10)
    shapes = {"stiefel": [(10, 4)], "grassmann": [(9, 3)], "euclidean": [(1, 1)]}.get(kind, [(8, 4)])
    if large:
        shapes += [(12, 5), (40, 6)] if not kind.startswith("symplectic") else [(12, 4), (40, 6)]
    conditions = (100, 1000) if kind.startswith("symplectic") else (1,)
    for dtype, shape, condition, retraction in product(DTYPES, shapes, conditions, retractions):
        yield _random_steps(group, f"condition{condition}-adam-{retraction}", dtype,
                            Rule(DenseSpace(kind, *shape), "adam", retraction, OTHER_ADAM), condition=condition)


def _random_steps(group: str, name: str, dtype: str, rule: Rule, *, condition: int = 1, steps: int = 5,
                  zero: bool = False) -> Case:
    space = rule.space
    random = Random(f"steps {space.kind} {space.N} {space.n} {condition}")
    start = rule.start(space.random_section(random, condition))
    gradients = [balls.exact(balls.draw(random, space.N, space.n) * (not zero)) for _ in range(steps)]
    return step_case(group, name, dtype, rule, start, gradients, condition=condition if space.is_symplectic else 1)


def _step_1000() -> Iterator[Case]:
    """Step 1,000 of a minimization: the first 999 are made without rounding in between."""
    for kind, method in product(SPACES, METHODS):
        space = DenseSpace(kind, 3, 2) if kind == "euclidean" else DenseSpace(kind, 6, 2)
        problem = "brockett" if kind == "stiefel" else "symplectic_eigenvalues"
        data = {key: balls.exact(value) for key, value in problem_data(problem, space.N, space.n).items()}

        def gradient(Y: Array) -> Array:
            return loss_and_gradient(problem, data, Y)[1]

        rule = Rule(space, method, "cayley", LATE[method])
        start = rule.start(space.random_section(Random(f"step 1000 {kind}"), condition=2))
        with balls.precision(512):
            late = advance(rule, start, gradient, range(1, 1000))
        for dtype in DTYPES:
            point = space.point(balls.exact(balls.midpoints(late["Lambda"], dtype)))
            yield step_case("step_1000", f"{method}-step1000", dtype, rule, late, [gradient(point)], first=1000)
            # at the minimum the gradient is rounding; a fresh one tests the step at the moments of step 1,000
            fresh = balls.exact(balls.draw(Random(f"fresh {kind}"), space.N, space.n))
            yield step_case("step_1000", f"{method}-fresh-step1000", dtype, rule, late, [fresh], first=1000)


def _degenerate() -> Iterator[Case]:
    """n = N, n = 1, a zero gradient, the rate 0, and velocities of norm up to 767."""
    group, adam = "degenerate", HYPER["adam"]
    full = [DenseSpace("stiefel", 4, 4), DenseSpace("grassmann", 3, 3), DenseSpace("symplectic_stiefel", 4, 4),
            DenseSpace("symplectic_grassmann", 4, 4), DenseSpace("stiefel", 1, 1)]
    single = [DenseSpace("stiefel", 5, 1), DenseSpace("grassmann", 5, 1)]
    zero = [DenseSpace(kind, 6, 2) for kind in SPACES]
    for dtype, retraction in product(DTYPES, RETRACTIONS):
        for name, spaces in (("full", full), ("single", single), ("zero", zero)):
            for space in spaces:
                yield _random_steps(group, f"{name}-adam-{retraction}", dtype, Rule(space, "adam", retraction, adam),
                                    condition=10, steps=2, zero=name == "zero")
        for space, norm in product([DenseSpace("stiefel", 20, 3), DenseSpace("grassmann", 10, 2),
                                    DenseSpace("stiefel", 5, 5)], (361.0, 767.0)):
            yield retraction_case(group, dtype, space, retraction, norm)
    for space in (DenseSpace("stiefel", 6, 2), DenseSpace("symplectic_stiefel", 6, 2)):
        yield _random_steps(group, "rate0-adam-cayley", "float64",
                            Rule(space, "adam", "cayley", {**adam, "learning_rate": 0.0}), steps=2)


def _geometry() -> Iterator[Case]:
    """Lift and metric, at condition numbers up to 1,000."""
    for dtype, kind in product(DTYPES, SPACES):
        for condition in (1, 10, 100, 1000) if kind.startswith("symplectic") else (1,):
            for shape in ((6, 2), (8, 4)):
                yield geometry_case("geometry", dtype, DenseSpace(kind, *shape), condition)


def _trajectories() -> Iterator[Case]:
    """A hundred steps on problems with known answers."""
    spaces = {"brockett": DenseSpace("stiefel", 6, 2), "procrustes": DenseSpace("stiefel", 5, 3),
              "symplectic_eigenvalues": DenseSpace("symplectic_stiefel", 6, 2)}
    rates = {"gradient": {"learning_rate": 0.01}, "momentum": {"learning_rate": 0.005, "alpha": 0.5},
             "adam": {**HYPER["adam"], "learning_rate": 0.01},
             "adam_with_decay": {**HYPER["adam_with_decay"], "steps": 100, "eta2": 1e-4}}
    for problem, method, retraction in product(spaces, METHODS, RETRACTIONS):
        hyper = dict(rates[method])
        if problem == "symplectic_eigenvalues" and "learning_rate" in hyper and method != "adam":
            hyper["learning_rate"] *= 0.1
        rule = Rule(spaces[problem], method, retraction, hyper)
        yield trajectory_case(problem, f"{method}-{retraction}", rule, 100)
        if retraction == "cayley":
            yield trajectory_case(problem, f"{method}-{retraction}", rule, 100, "float32")


def _transformer() -> Iterator[Case]:
    """Small transformers, one with saturated softmax, one with scores that overflow, one with a single token."""
    small = {"blocks": 2, "heads": 2, "width": 6, "tokens": 4, "batch": 3, "classes": 3}
    sizes: dict[str, dict[str, Any]] = {
        "small": {**small, "skip": False}, "small-skip": {**small, "skip": True},
        "wide": {"blocks": 3, "heads": 3, "width": 12, "tokens": 5, "batch": 2, "classes": 4, "skip": False},
        "steep": {**small, "blocks": 1, "skip": False, "gain": 64.0, "seed": "saturated"},
        "saturated": {**small, "blocks": 1, "batch": 1, "skip": False},
        "single": {"blocks": 1, "heads": 1, "width": 2, "tokens": 1, "batch": 1, "classes": 2, "skip": False}}
    for dtype, name, loss in product(DTYPES, sizes, ("relative", "cross_entropy")):
        if name == "saturated":
            # so that the last query sees one key up to 1e-10, in float32 up to 1e-2: more would drown in rounding
            sizes[name]["gain"] = 12.0 if dtype == "float64" else 5.0
        yield transformer_case(name, dtype, loss, **sizes[name])


def _long_steps() -> Iterator[Case]:
    """Long velocities, also where N < 2n."""
    spaces = [DenseSpace("stiefel", 3, 2), DenseSpace("stiefel", 5, 4), DenseSpace("grassmann", 5, 3),
              DenseSpace("stiefel", 6, 2)]
    for dtype, space, norm, retraction in product(DTYPES, spaces, (5.0, 100.0, 1e4), RETRACTIONS):
        yield retraction_case("long_steps", dtype, space, retraction, norm, normwise=True)


def _weights() -> Iterator[Case]:
    """A step on St(7, 49), the weights of the paper's transformer."""
    space = DenseSpace("stiefel", 49, 7)
    for dtype, (method, retraction) in product(DTYPES, (("adam", "cayley"), ("momentum", "geodesic"))):
        yield _random_steps("weights", f"{method}-{retraction}", dtype, Rule(space, method, retraction, HYPER[method]),
                            steps=1)


def _sections() -> Iterator[Case]:
    """Restoration, the reflector section, pairs of points."""
    spaces = [DenseSpace(kind, 6, 2) for kind in SPACES[:4]]
    for dtype, space in product(DTYPES, spaces):
        yield restoration_case(dtype, space)
        for retraction in RETRACTIONS:
            yield reflector_case(dtype, space, retraction, changed=False)
        if not space.is_symplectic:
            yield reflector_case(dtype, space, "cayley", changed=True)
        for condition in (10, 1000) if space.is_symplectic else (1,):
            yield pair_case(dtype, space, condition)
    planes = (("usual", (0.4, 1.1)), ("small", (1e-3, 1e-6)), ("large", (0.2, 1.57)))
    for dtype, (name, angles) in product(DTYPES, planes):
        yield angles_case(dtype, DenseSpace("grassmann", 7, 2), name, angles)


def _stacks() -> Iterator[Case]:
    """Stacks that broadcast."""
    for dtype, kind, retraction in product(DTYPES, SPACES[:4], RETRACTIONS):
        yield stack_case(dtype, DenseSpace(kind, 6, 2), retraction)


def _training() -> Iterator[Case]:
    """Ten steps of a small transformer on Stiefel manifolds and vector spaces."""
    sizes: dict[str, Any] = {"blocks": 2, "heads": 2, "width": 4, "tokens": 3, "batch": 3, "classes": 3, "skip": False,
                             "steps": 10}
    rates = {"adam": {**HYPER["adam"], "learning_rate": 0.01}, "momentum": HYPER["momentum"],
             "adam_with_decay": {**HYPER["adam_with_decay"], "steps": 10, "eta1": 0.02}}
    for dtype, (method, retraction, loss) in product(DTYPES, (("adam", "cayley", "relative"),
                                                              ("momentum", "geodesic", "relative"),
                                                              ("adam_with_decay", "cayley", "cross_entropy"))):
        yield training_case(dtype, method, retraction, loss, rates[method], **sizes)


def _unitary() -> Iterator[Case]:
    """Adam on complex Stiefel and Grassmann manifolds and on U(N), the convention of the gradient, nearest points."""
    spaces = [ComplexSpace("complex_stiefel", 5, 2), ComplexSpace("complex_grassmann", 5, 2),
              ComplexSpace("complex_stiefel", 3, 3)]
    for dtype in DTYPES:
        yield energy_case(dtype, 5, 2)
        for space in (ComplexSpace("complex_stiefel", 6, 3), ComplexSpace("complex_grassmann", 5, 2)):
            yield unitary_nearest_case(dtype, space, 0.25)
        # float32 is asked of the one retraction or the other, which keeps the files small
        for k, (space, retraction) in enumerate(product(spaces, RETRACTIONS)):
            if dtype == "float64" or k in (0, 3):
                yield unitary_step_case(f"adam-{retraction}", dtype, space, retraction, HYPER["adam"], steps=2)


def _stiefel_log() -> Iterator[Case]:
    """Logarithms on Stiefel manifolds, near and far, also where N < 2n."""
    for dtype, N in product(DTYPES, (5, 3)):
        for name, length in (("near", 1e-3), ("usual", 1.2), ("far", 2.2)):
            yield logarithm_case(dtype, DenseSpace("stiefel", N, 2), name, length)


def _nearest() -> Iterator[Case]:
    """Nearest points of matrices that are off by 0.25 and 0.01."""
    spaces = [DenseSpace("stiefel", 7, 2), DenseSpace("grassmann", 7, 2), DenseSpace("symplectic_stiefel", 8, 2),
              DenseSpace("symplectic_grassmann", 8, 2), DenseSpace("stiefel", 9, 4), DenseSpace("grassmann", 6, 3)]
    for dtype, space, off in product(DTYPES, spaces, (0.25, 0.01)):
        yield nearest_case(dtype, space, off)


def _transport() -> Iterator[Case]:
    """Parallel transport in both connections."""
    for dtype, length in product(DTYPES, (0.5, 3.0)):
        for kind, connection in (("stiefel", "canonical"), ("stiefel", "levi_civita"), ("grassmann", "levi_civita")):
            yield transport_case(dtype, DenseSpace(kind, 5, 2), connection, length)


def _components() -> Iterator[Case]:
    """Both components of O(3), and a Stiefel manifold, which has one."""
    for dtype, (shape, sign) in product(DTYPES, (((3, 3), 1), ((3, 3), -1), ((4, 2), -1))):
        yield component_case(dtype, DenseSpace("stiefel", *shape), sign)


def _muon() -> Iterator[Case]:
    """Muon where its step is a polar factor, and on a Stiefel manifold, where it is not."""
    spaces = [DenseSpace("stiefel", 7, 2), DenseSpace("grassmann", 7, 2), DenseSpace("euclidean", 4, 2),
              DenseSpace("grassmann", 9, 4), DenseSpace("euclidean", 5, 3)]
    for dtype, space in product(DTYPES, spaces):
        yield muon_case(dtype, space, {"learning_rate": 0.1, "alpha": 0.75})


def _decay() -> Iterator[Case]:
    """Adam with decoupled decay where it acts, and where it does not."""
    hyper = {**HYPER["adam"], "weight_decay": 0.05}
    spaces = [DenseSpace("euclidean", 3, 2), DenseSpace("symplectic_stiefel", 6, 2), DenseSpace("stiefel", 5, 2),
              DenseSpace("symplectic_grassmann", 6, 2)]
    for dtype, space in product(DTYPES, spaces):
        if dtype == "float64" or space in spaces[:2]:
            yield decay_case("adam_w", dtype, space, hyper, steps=2)


def _rates() -> Iterator[Case]:
    """Schedules of rates, also beyond their ends."""
    for name in RATES:
        yield rates_case(name)


def _refusals() -> Iterator[Case]:
    for dtype in DTYPES:
        yield from refusal_cases(dtype)


GROUPS: dict[str, Callable[[bool], Iterator[Case]]] = {
    **{f"steps_{kind}": partial(_steps, kind) for kind in SPACES},
    "step_1000": lambda large: _step_1000(), "degenerate": lambda large: _degenerate(),
    "geometry": lambda large: _geometry(), "trajectories": lambda large: _trajectories(),
    "transformer": lambda large: _transformer(), "long_steps": lambda large: _long_steps(),
    "weights": lambda large: _weights(), "sections": lambda large: _sections(), "stacks": lambda large: _stacks(),
    "training": lambda large: _training(), "stiefel_log": lambda large: _stiefel_log(),
    "nearest": lambda large: _nearest(), "transport": lambda large: _transport(),
    "components": lambda large: _components(), "muon": lambda large: _muon(), "decay": lambda large: _decay(),
    "rates": lambda large: _rates(), "unitary": lambda large: _unitary(),
    "refusals": lambda large: _refusals()}
"""The files and what makes their cases; the argument says whether the larger set is wanted."""


def build(group: str, large: bool = False) -> list[Case]:
    """The cases of one group, made from scratch."""
    with balls.precision():
        return list(GROUPS[group](large))
