"""Quantities and operations of methods beside those of the paper: Muon, decoupled decay, rates."""
from __future__ import annotations

from manifold_opt.oracle.quantity import TOLERANCE, Operation, Quantity

__all__ = ["METHOD_KINDS", "METHOD_OPERATIONS", "METHOD_QUANTITIES", "SCHEDULES"]

SCHEDULES = {"warm_up": ["steps", "rate"], "cosine": ["steps", "eta1", "eta2"],
             "geometric": ["steps", "eta1", "eta2"], "warm_up_cosine": ["warm_up", "steps", "eta1", "eta2"]}
"""The schedules of rates and the keys of their ``hyper``."""

METHOD_QUANTITIES: dict[str, Quantity] = {
    "rate": Quantity("the learning rate of step t, float64",
                     "warm_up: rate min(1, t/steps); with s = min(t - 1, steps - 1)/(steps - 1): cosine: eta2 + "
                     "(eta1 - eta2)(1 + cos(pi s))/2; geometric: eta1 (eta2/eta1)^s; warm_up_cosine: the cosine times "
                     "min(1, t/warm_up)", "-", TOLERANCE),
}
"""Every quantity by name."""

_STEP = ("grad", "A", "B", "B1_A_new", "B1_B_new", "B2_A_new", "B2_B_new", "W_A", "W_B", "R", "Lambda_new", "Y_new")
_MUON = ("B1_A_new", "B1_B_new", "W_A", "W_B")

METHOD_OPERATIONS: dict[str, Operation] = {
    "muon_update": Operation(("space", "hyper", "A", "B", "moments"),
                             "dict with W_A, W_B, B1_A_new, B1_B_new: B1 = alpha B1 + B; W = -eta times the element of "
                             "the tangent space with |[W_A; W_B]|_2 <= 1 and the largest product "
                             "<B1_A, W_A>/2 + <B1_B, W_B>; on Grassmann manifolds and in vector "
                             "spaces that is msign(B1_B)", _MUON, _MUON),
    "adam_w_step": Operation(("space", "retraction", "hyper", "Lambda", "dL", "moments", "t"),
                             "dict with any quantities of the step: W is Adam's minus eta weight_decay D, with the "
                             "lift D of the Riemannian gradient of ||Y||^2/2 (0 on Stiefel and Grassmann, Y in vector "
                             "spaces); the moments know nothing of it", _STEP),
    "learning_rate": Operation(("schedule", "hyper", "t"), "rate, a number", ("rate",), ("rate",)),
}
"""Operations that a port may leave out."""

METHOD_KINDS: dict[str, tuple[str, ...]] = {"muon": ("muon_update",), "decay_step": ("adam_w_step",),
                                            "rates": ("learning_rate",)}
"""What their cases ask."""
