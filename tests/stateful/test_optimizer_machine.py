"""The optimizer under random sequences of everything that is done with it, with what must hold after each.

The default run takes about a minute and is the same each time. ``python -m pytest -m slow tests/stateful -s`` takes
ten, with a new seed, which it prints; ``SEED=...`` in the environment repeats it.
"""
import io
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (RuleBasedStateMachine, initialize, invariant, precondition, rule,
                                 run_state_machine_as_test)
from scipy.linalg import expm

from manifold_opt import (Adam, AdamWithDecay, BFGS, Euclidean, Gradient, Grassmann, Momentum, Optimizer, Stiefel,
                          SymplecticGrassmann, SymplecticStiefel)
from manifold_opt.arrays.trees import leaves, map_tree
from manifold_opt.optimizers import AdamW, Cosine, WarmUp
from manifold_opt.optimizers.guard import defect_bound
from manifold_opt.sections import RetractionError
from manifold_opt.spaces import ComplexGrassmann, ComplexStiefel

SPACES = [Stiefel(5, 2), Stiefel(3, 2), Stiefel(4, 4), Stiefel(6, 1), Grassmann(5, 2), Grassmann(3, 2), Grassmann(4, 4),
          SymplecticStiefel(8, 4), SymplecticStiefel(4, 2), SymplecticGrassmann(6, 2), Euclidean(3, 2), Euclidean(),
          ComplexStiefel(4, 2), ComplexGrassmann(4, 2), ComplexStiefel(3, 3),
          {"Q": Stiefel(6, 3), "deep": [Grassmann(5, 1), (Euclidean(2), Stiefel(2, 2))]}]
METHODS = [Gradient(1.0), Gradient(1e3), Momentum(1.0, 0.5), Adam(1e-3), Adam(0.1), Adam(10.0), Adam(WarmUp(3, 0.1)),
           AdamWithDecay(5, 1.0, 1e-3), AdamW(Cosine(10, 0.1), weight_decay=0.1), BFGS()]
LENGTHS = [1e-12, 1e-3, 1.0, 4.0, 10.0, 100.0, 1e4, 1e6]
SEEDS = st.integers(0, 2**32 - 1)


def is_compact(space):
    return hasattr(space, "adjoint") and space.adjoint.is_compact


def wide(array):
    """The same numbers in double precision."""
    return array.astype(np.result_type(array, np.float64))


class OptimizerMachine(RuleBasedStateMachine):
    @initialize(spaces=st.sampled_from(SPACES), method=st.sampled_from(METHODS), dtype=st.sampled_from(["f4", "f8"]),
                retraction=st.sampled_from(["cayley", "geodesic"]), batch=st.sampled_from([(), (2,)]),
                section=st.sampled_from(["transported", "reflector"]), restore=st.sampled_from([None, 2, 100]),
                number=SEEDS)
    def begin(self, spaces, method, dtype, retraction, batch, section, restore, number):
        if any("Symplectic" in repr(space) for _, space in leaves(spaces)):
            section = "transported"
        if isinstance(method, AdamW) and all(is_compact(space) for _, space in leaves(spaces)):
            method = Adam(method.learning_rate)
        if any(space.group.field == "complex" for _, space in leaves(spaces)):
            dtype = {"f4": "c8", "f8": "c16"}[dtype]
        self.spaces, self.method, self.dtype, self.batch = spaces, method, np.dtype(dtype), batch
        self.optimizer = Optimizer(method, spaces, retraction, section, restore)
        self.retraction, self.steps = retraction, 0
        rng = np.random.default_rng(number)
        self.params = map_tree(lambda space: space.random_point(rng, batch, self.dtype), spaces)
        self.state = self.optimizer.init(self.params)
        self.remember()

    def remember(self):
        """The state as it must stay until the next step."""
        self.expected = self.optimizer.save_state(self.state)

    def gradients(self, number, length):
        """Gradients whose lifts have the given length."""
        rng = np.random.default_rng(number)

        def draw(path, Y):
            dL = rng.standard_normal(Y.shape)
            norm = np.max(self.state.sections[path].lift_gradient(dL.astype(self.dtype)).norm(), initial=1e-3)
            return (dL * (length / float(norm))).astype(self.dtype)

        return map_tree(draw, self.params, names=True)

    def twin(self, space, dL, section, moments, t):
        """The point after the step by dense matrices in double precision, and the length of the step."""
        W, _ = self.method.step(section, dL, moments, t)
        X, Lambda = wide(W.to_dense()), wide(section.to_dense())
        length = float(np.max(W.norm(), initial=0.0))
        if isinstance(space, Euclidean):
            return Lambda + X, length
        N = space.shape[0]
        if self.retraction == "geodesic":
            R = np.reshape([expm(x) for x in X.reshape(-1, N, N)], X.shape)
        else:
            R = np.linalg.solve(np.eye(N) - 0.5 * X, np.eye(N) + 0.5 * X)
        return (Lambda @ R)[..., space.adjoint.frame(*space.shape)], length

    @rule(steps=st.lists(st.tuples(SEEDS, st.sampled_from(LENGTHS), st.booleans(), st.booleans()), min_size=3,
                         max_size=10))
    def steps_of_any_length(self, steps):
        for number, length, overwrite, rest in steps:
            self.one_step(number, length, overwrite, rest)
            self.point_and_section_are_where_they_belong()

    def one_step(self, number, length, overwrite, rest):
        grads = self.gradients(number, length)
        paths = [path for path, _ in leaves(self.spaces)]
        resting = set(paths[1::2]) if rest else set()
        grads = map_tree(lambda path, dL: None if path in resting else dL, grads, names=True)
        twins = {}
        with np.errstate(all="ignore"):
            for (path, space), (_, dL) in zip(leaves(self.spaces), leaves(grads)):
                if dL is not None:
                    before = dict(leaves(self.state.parameters))[path]
                    try:
                        twins[path] = self.twin(space, dL, before.section, before.moments, before.t + 1)
                    except (np.linalg.LinAlgError, ValueError):
                        twins[path] = None
        before = map_tree(np.copy, self.params)
        kept = map_tree(lambda dL: None if dL is None else dL.copy(), grads)
        try:
            params, state = self.optimizer.step(self.params, grads, self.state, overwrite=overwrite)
        except RetractionError as error:
            # on the compact spaces every step is defined
            assert any(f"{path!r}" in str(error) or not path for path in paths)
            assert "Symplectic" in repr(self.spaces) or "leaves the space" not in str(error)
            assert not all(is_compact(space) for _, space in leaves(self.spaces)) or "1/eps" in str(error), error
            if overwrite:
                self.params = map_tree(np.copy, before)
                self.state = self.optimizer.load_state(self.expected)
            return
        for old, new in ((before, self.params), (kept, grads)):
            for (_, x), (_, y) in zip(leaves(old), leaves(new)):
                np.testing.assert_array_equal(x, y)
        self.compare(twins, params, before)
        self.params, self.state, self.steps = params, state, self.steps + 1
        self.remember()

    def compare(self, twins, params, before):
        """Parameters and twin agree, and parameters without a gradient have rested."""
        for (path, space), (_, Y), (_, old) in zip(leaves(self.spaces), leaves(params), leaves(before)):
            if path not in twins:
                np.testing.assert_array_equal(Y, old)
            elif twins[path] is not None and is_compact(space) and twins[path][1] < 1e4:
                expected, length = twins[path]
                bound = 400 * np.finfo(self.dtype).eps * np.sqrt(space.shape[0] * (2 + self.steps)) * (1 + length)
                np.testing.assert_allclose(Y, expected, rtol=0, atol=bound, err_msg=f"{path} after {length}")

    @rule(file=st.booleans())
    def save_and_load(self, file):
        stored = self.optimizer.save_state(self.state)
        if file:
            target = io.BytesIO()
            np.savez(target, **stored)
            target.seek(0)
            self.state = self.optimizer.load_state(np.load(target, allow_pickle=False))
        else:
            self.state = self.optimizer.load_state(stored)
        for array in stored.values():
            if array.ndim:
                array[...] = 7

    @rule()
    def callers_writes(self):
        """Into all that the caller holds: the parameters it had, what it saved, what it gets."""
        old = self.params
        self.params = self.optimizer.params(self.state)
        for _, Y in leaves(old):
            Y[...] = 7
        for array in self.optimizer.save_state(self.state).values():
            if array.ndim:
                array[...] = 7
        for _, Y in leaves(self.optimizer.params(self.state)):
            Y[...] = 7

    @rule(factor=st.sampled_from([1.05, np.nan]))
    def a_changed_parameter_is_noticed(self, factor):
        changed = map_tree(lambda Y: Y * self.dtype.type(factor), self.params)
        with pytest.raises(ValueError, match="must be that of the state"):
            self.optimizer.step(changed, map_tree(np.zeros_like, changed), self.state)

    @rule(value=st.sampled_from([np.nan, np.inf]))
    def a_gradient_that_is_not_finite_is_refused(self, value):
        with pytest.raises(ValueError, match="gradient.*must be finite"):
            self.optimizer.step(self.params, map_tree(lambda Y: np.full_like(Y, value), self.params), self.state,
                                overwrite=True)

    @precondition(lambda self: "Symplectic" not in repr(self.spaces))
    @rule(factor=st.sampled_from([np.nan, 1e-3]))
    def a_spoiled_section_does_not_pass(self, factor):
        """Whoever writes into the state all the same gets an error, not a wrong point, within ten steps."""
        state = self.optimizer.load_state(self.expected)
        sections = [state.sections[path] for path, space in leaves(self.spaces) if is_compact(space)]
        spoiled = [section for section in sections if hasattr(section, "Y_perp") and section.Y_perp.size]
        if len(spoiled) != len(list(leaves(self.spaces))):
            return
        for section in spoiled:
            section.Y_perp[...] *= 1 + factor
        params = self.params
        with pytest.raises((RetractionError, ValueError)):
            for k in range(11):
                grads = map_tree(lambda path, Y: state.sections[path].point * 0 + np.cos(1 + k), params, names=True)
                params, state = self.optimizer.step(params, grads, state)

    @invariant()
    def parameters_are_the_points_of_the_state(self):
        for (path, Y), (_, Z) in zip(leaves(self.params), leaves(self.optimizer.params(self.state)), strict=True):
            np.testing.assert_array_equal(Y, Z)
            np.testing.assert_array_equal(Y, self.state.sections[path].point)
            assert Y.dtype == self.dtype and Y.flags.writeable and not np.may_share_memory(Y, Z)

    @invariant()
    def nothing_but_a_step_changes_the_state(self):
        stored = self.optimizer.save_state(self.state)
        assert stored.keys() == self.expected.keys()
        for key in stored:
            np.testing.assert_array_equal(stored[key], self.expected[key], err_msg=key)

    @invariant()
    def point_and_section_are_where_they_belong(self):
        for (path, space), (_, parameter) in zip(leaves(self.spaces), leaves(self.state.parameters)):
            if isinstance(space, Euclidean):
                continue
            Y, Lambda = wide(parameter.section.point), wide(parameter.section.to_dense())
            if is_compact(space):
                bound = 60 * np.finfo(self.dtype).eps * np.sqrt(space.shape[0] * (2 + self.steps))
                assert np.all(space.group.defect(Lambda) <= bound), (path, "section")
            else:
                # steps of a group that is not compact multiply errors: what the optimizer promises is what holds
                bound = defect_bound(space, parameter.section.point, parameter.t)
            assert np.all(space.point_defect(Y) <= bound), (path, "point")


def test_machine():
    run_state_machine_as_test(OptimizerMachine, settings=settings(
        max_examples=400, stateful_step_count=12, deadline=None, derandomize=True, print_blob=True,
        suppress_health_check=list(HealthCheck)))


@pytest.mark.slow
def test_machine_for_ten_minutes():
    number = int(os.environ.get("SEED", np.random.SeedSequence().entropy % 2**32))
    print(f"SEED={number}")
    run_state_machine_as_test(seed(number)(OptimizerMachine), settings=settings(
        max_examples=4000, stateful_step_count=20, deadline=None, derandomize=False, print_blob=True, database=None,
        suppress_health_check=list(HealthCheck)))
