"""Muon, decoupled decay and rates of this library as a part of its backend."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from manifold_opt.arrays.checks import Array
from manifold_opt.optimizers import AdamW, Cosine, GeometricDecay, Muon, WarmUp
from manifold_opt.oracle.numpy_geometry import MATRIX_SPACES
from manifold_opt.sections import GlobalSection, TranslationSection, TransportedSection
from manifold_opt.tangent import GlobalTangentSpace, HorizontalElement, VectorTangentSpace

__all__ = ["MethodAnswers"]


class MethodAnswers:
    """The operations of methods beside those of the paper."""

    def muon_update(self, space: str, hyper: Mapping[str, Any], A: Array, B: Array,
                    moments: Mapping[str, Array]) -> dict[str, Array]:
        """Momentum and the steepest direction."""
        tangent: GlobalTangentSpace = VectorTangentSpace(B.shape) if space == "euclidean" else MATRIX_SPACES[space](
            len(A) + len(B), len(A)).tangent_space
        before = {"B1": HorizontalElement(moments["B1_A"], moments["B1_B"], tangent)}
        W, after = Muon(**hyper).update(HorizontalElement(A, B, tangent), before, 1)
        return {"W_A": W.A, "W_B": W.B, "B1_A_new": after["B1"].A, "B1_B_new": after["B1"].B}

    def adam_w_step(self, space: str, retraction: str, hyper: Mapping[str, Any], Lambda: Array, dL: Array,
                    moments: Mapping[str, Array], t: int) -> dict[str, Array]:
        """A whole step of Adam with decoupled decay."""
        section: GlobalSection = TranslationSection(Lambda, VectorTangentSpace(Lambda.shape))
        if space != "euclidean":
            tangent = MATRIX_SPACES[space](len(Lambda), dL.shape[1]).tangent_space
            section = TransportedSection.from_dense(Lambda, tangent)
        G = section.lift_gradient(dL)
        before = {name: HorizontalElement(moments[f"{name}_A"], moments[f"{name}_B"], G.space)
                  for name in ("B1", "B2")}
        W, after = AdamW(**hyper).step(section, dL, before, t)
        moved = section.move(W, retraction)
        return {"A": G.A, "B": G.B, "W_A": W.A, "W_B": W.B, "Lambda_new": moved.to_dense(), "Y_new": moved.point,
                **{f"{name}_{block}_new": getattr(X, block) for name, X in after.items() for block in "AB"}}

    def learning_rate(self, schedule: str, hyper: Mapping[str, Any], t: int) -> float:
        """The rate of a step."""
        rates = {"steps": int(hyper["steps"]), "eta1": hyper.get("eta1", 0.0), "eta2": hyper.get("eta2", 0.0)}
        if schedule == "warm_up":
            return WarmUp(rates["steps"], hyper["rate"])(t)
        rate = (GeometricDecay if schedule == "geometric" else Cosine)(**rates)
        return WarmUp(int(hyper["warm_up"]), rate)(t) if schedule == "warm_up_cosine" else rate(t)
