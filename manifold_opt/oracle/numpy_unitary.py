"""The unitary spaces of this library as a part of its backend: complex arrays come and go as pairs of real ones."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.optimizers import Adam
from manifold_opt.sections import TransportedSection
from manifold_opt.spaces import ComplexGrassmann, ComplexStiefel
from manifold_opt.tangent import HorizontalElement, MatrixTangentSpace

__all__ = ["UnitaryAnswers"]

SPACES: dict[str, Any] = {"complex_stiefel": ComplexStiefel, "complex_grassmann": ComplexGrassmann}


class UnitaryAnswers:
    """The operations of the unitary spaces."""

    def unitary_section(self, space: str, Y_re: Array, Y_im: Array) -> dict[str, Array]:
        """The library's own section."""
        return _split("Lambda", SPACES[space](*Y_re.shape).global_section(_join(Y_re, Y_im)).to_dense())

    def unitary_gradient(self, space: str, Y_re: Array, Y_im: Array, dL_re: Array, dL_im: Array) -> dict[str, Array]:
        """The Riemannian gradient."""
        made = SPACES[space](*Y_re.shape)
        return _split("grad", made.riemannian_gradient(_join(Y_re, Y_im), _join(dL_re, dL_im)))

    def unitary_lift_gradient(self, space: str, Lambda_re: Array, Lambda_im: Array, dL_re: Array,
                              dL_im: Array) -> dict[str, Array]:
        """The blocks of its lift."""
        X = _section(space, _join(Lambda_re, Lambda_im), dL_re.shape[1]).lift_gradient(_join(dL_re, dL_im))
        return {**_split("A", X.A), **_split("B", X.B)}

    def unitary_update(self, method: str, hyper: Mapping[str, Any], A_re: Array, A_im: Array, B_re: Array, B_im: Array,
                       moments: Mapping[str, Array], t: int) -> dict[str, Array]:
        """Velocity and new moments of Adam."""
        space = _tangent_space("complex_stiefel", len(A_re) + len(B_re), len(A_re))
        G = HorizontalElement(_join(A_re, A_im), _join(B_re, B_im), space)
        before = {"B1": HorizontalElement(_of(moments, "B1_A"), _of(moments, "B1_B"), space),
                  "B2": HorizontalElement(moments["B2_A"], moments["B2_B"], space)}
        W, after = Adam(**hyper).update(G, before, t)
        return {**_split("W_A", W.A), **_split("W_B", W.B), **_split("B1_A_new", after["B1"].A),
                **_split("B1_B_new", after["B1"].B), "B2_A_new": after["B2"].A.real, "B2_B_new": after["B2"].B.real}

    def unitary_retract(self, space: str, retraction: str, W_A_re: Array, W_A_im: Array, W_B_re: Array,
                        W_B_im: Array) -> dict[str, Array]:
        """The increment: where the section over E moves."""
        E = np.eye(len(W_A_re) + len(W_B_re), dtype=W_A_re.dtype)
        moved = self.unitary_move(space, retraction, E, 0 * E, W_A_re, W_A_im, W_B_re, W_B_im)
        return {"R_re": moved["Lambda_new_re"], "R_im": moved["Lambda_new_im"]}

    def unitary_move(self, space: str, retraction: str, Lambda_re: Array, Lambda_im: Array, W_A_re: Array,
                     W_A_im: Array, W_B_re: Array, W_B_im: Array) -> dict[str, Array]:
        """The section after the step."""
        section = _section(space, _join(Lambda_re, Lambda_im), len(W_A_re))
        W = HorizontalElement(_join(W_A_re, W_A_im), _join(W_B_re, W_B_im), section.tangent_space)
        return _split("Lambda_new", section.move(W, retraction).to_dense())

    def unitary_step(self, space: str, method: str, retraction: str, hyper: Mapping[str, Any], Lambda_re: Array,
                     Lambda_im: Array, dL_re: Array, dL_im: Array, moments: Mapping[str, Array],
                     t: int) -> dict[str, Array]:
        """All quantities of a step."""
        n = dL_re.shape[1]
        result = {**self.unitary_gradient(space, Lambda_re[:, :n], Lambda_im[:, :n], dL_re, dL_im),
                  **self.unitary_lift_gradient(space, Lambda_re, Lambda_im, dL_re, dL_im)}
        result.update(self.unitary_update(method, hyper, result["A_re"], result["A_im"], result["B_re"], result["B_im"],
                                          moments, t))
        velocity = [result[name] for name in ("W_A_re", "W_A_im", "W_B_re", "W_B_im")]
        result.update(self.unitary_retract(space, retraction, *velocity))
        result.update(self.unitary_move(space, retraction, Lambda_re, Lambda_im, *velocity))
        return {**result, "Y_new_re": result["Lambda_new_re"][:, :n], "Y_new_im": result["Lambda_new_im"][:, :n]}

    def unitary_energy(self, H_re: Array, H_im: Array, Y_re: Array, Y_im: Array) -> dict[str, Any]:
        """The energy and its gradient."""
        HY = _join(H_re, H_im) @ _join(Y_re, Y_im)
        return {"energy": np.vdot(_join(Y_re, Y_im), HY).real, **_split("dL_energy", 2 * HY)}

    def unitary_nearest(self, space: str, M_given_re: Array, M_given_im: Array) -> dict[str, Array]:
        """The nearest point."""
        M = _join(M_given_re, M_given_im)
        return _split("nearest", SPACES[space](*M.shape).nearest_point(M))


def _join(real: Array, imaginary: Array) -> Array:
    """Complex numbers of the precision of their parts."""
    return np.asarray(real + imaginary * np.result_type(real.dtype, np.complex64).type(1j))


def _of(arrays: Mapping[str, Array], name: str) -> Array:
    return _join(arrays[f"{name}_re"], arrays[f"{name}_im"])


def _split(name: str, X: Array) -> dict[str, Array]:
    return {f"{name}_re": X.real, f"{name}_im": X.imag}


def _tangent_space(space: str, N: int, n: int) -> MatrixTangentSpace:
    found: MatrixTangentSpace = SPACES[space](N, n).tangent_space
    return found


def _section(space: str, Lambda: Array, n: int) -> TransportedSection:
    return TransportedSection.from_dense(Lambda, _tangent_space(space, len(Lambda), n))
