"""Quantities and operations of the unitary spaces: complex arrays are pairs ``NAME_re``, ``NAME_im`` of real ones."""
from __future__ import annotations

from manifold_opt.oracle.quantity import TOLERANCE, Operation, Quantity

__all__ = ["UNITARY_KINDS", "UNITARY_MOMENTS", "UNITARY_OPERATIONS", "UNITARY_QUANTITIES", "parts"]


def parts(*names: str) -> tuple[str, ...]:
    """The names of real and imaginary parts.

    >>> from manifold_opt.oracle.unitary_quantities import parts
    >>> parts("Y")
    ('Y_re', 'Y_im')
    """
    return tuple(f"{name}_{part}" for name in names for part in ("re", "im"))


_GIVEN = {
    "Lambda": ("global section before the step, an element of U(N) with Lambda E = Y", "Lambda^H Lambda = I",
               "section 2, with the conjugate transpose"),
    "Y": ("point before the step", "Lambda E: the first n columns", "section 2"),
    "dL": ("Euclidean gradient of the loss at Y = a + ib",
           "dL/da + i dL/db = 2 dL/d(conj Y), so that the loss changes by Re Tr(dL^H Delta); PyTorch's .grad, the "
           "conjugate of jax.grad", "section 4"),
    "B1_A": ("first moment before the step, frame block", "zero before step 1", "section 4"),
    "B1_B": ("first moment before the step, complement block", "zero before step 1", "section 4"),
    "H": ("Hermitian matrix of the problem", "H^H = H", "-"),
    "M_given": ("matrix near the space", "any matrix of full column rank", "-"),
}
_EXPECTED = {
    "grad": ("Riemannian gradient", "X Y with X = dL Y^H - (dL Y^H)^H; minus Y Y^H X Y on the complex Grassmann",
             "section 2, with the conjugate transpose"),
    "A": ("lift of the gradient, frame block", "(Y^H D - (Y^H D)^H)/2 with D = X Y, 0 on the complex Grassmann",
          "section 4"),
    "B": ("lift of the gradient, complement block", "Y_perp^H D with D = X Y", "section 4"),
    **{f"B1_{block}_new": (f"first moment after the step, block {block}",
                           f"((rho1 - rho1^t) B1 + (1 - rho1) {block})/(1 - rho1^t)", "section 4") for block in "AB"},
    **{f"W_{block}": (f"velocity, block {block}", "-eta B1/(sqrt(B2) + delta), new moments, entry by entry: B2 is real",
                      "section 4") for block in "AB"},
    "R": ("retracted increment (N, N) of W = [[W_A, -W_B^H], [W_B, 0]]",
          "geodesic: exp(W); cayley: (I - W/2)^-1 (I + W/2)", "section 4"),
    "Lambda_new": ("global section after the step", "Lambda R", "section 4"),
    "Y_new": ("point after the step", "Lambda_new E", "section 4"),
    "nearest": ("the point nearest to M_given in the Frobenius norm (on the complex Grassmann manifold the nearest "
                "representative of its span)", "U V^H of M = U S V^H", "-"),
}
WORDS = {"re": "real part of: ", "im": "imaginary part of: "}

UNITARY_QUANTITIES: dict[str, Quantity] = {
    **{f"{name}_{part}": Quantity(WORDS[part] + meaning, formula, paper)
       for name, (meaning, formula, paper) in _GIVEN.items() for part in WORDS},
    **{f"{name}_{part}": Quantity(WORDS[part] + meaning, formula, paper, TOLERANCE)
       for name, (meaning, formula, paper) in _EXPECTED.items() for part in WORDS},
    "energy": Quantity("the loss Re Tr(Y^H H Y), whose gradient dL is asked beside it", "Re Tr(Y^H H Y); dL = 2 H Y",
                       "-", TOLERANCE),
    **{f"dL_energy_{part}": Quantity(WORDS[part] + "Euclidean gradient of the energy at Y = a + ib",
                                     "d/da + i d/db of Re Tr(Y^H H Y): 2 H Y", "section 4", TOLERANCE)
       for part in WORDS},
}
"""Every quantity by name; the second moments B2_A, B2_B are real and have the names that they have elsewhere."""

UNITARY_MOMENTS = (*parts("B1_A"), *parts("B1_B"))
"""The parts of the complex moments."""

UPDATE = (*parts("B1_A_new", "B1_B_new"), "B2_A_new", "B2_B_new", *parts("W_A", "W_B"))
LAMBDA, BLOCKS, VELOCITY = parts("Lambda"), parts("A", "B"), parts("W_A", "W_B")

UNITARY_OPERATIONS: dict[str, Operation] = {
    "unitary_section": Operation(("space", *parts("Y")), "dict with Lambda_re and Lambda_im; any element of U(N) with "
                                 "Lambda E = Y is right", ("defect_point", "defect_group"),
                                 ("defect_point", "defect_group")),
    "unitary_gradient": Operation(("space", *parts("Y", "dL")), "dict with grad_re and grad_im", parts("grad"),
                                  parts("grad")),
    "unitary_lift_gradient": Operation(("space", *parts("Lambda", "dL")), "dict with A_re, A_im, B_re, B_im", BLOCKS,
                                       BLOCKS),
    "unitary_update": Operation(("method", "hyper", *BLOCKS, "moments", "t"),
                                "dict with the parts of W_A, W_B, B1_A_new, B1_B_new, and the real B2_A_new, B2_B_new, "
                                "averages of re^2 + im^2", UPDATE, UPDATE),
    "unitary_retract": Operation(("space", "retraction", *VELOCITY), "dict with R_re and R_im", parts("R"), parts("R")),
    "unitary_move": Operation(("space", "retraction", *LAMBDA, *VELOCITY), "dict with Lambda_new_re and Lambda_new_im",
                              parts("Lambda_new"), parts("Lambda_new")),
    "unitary_step": Operation(("space", "method", "retraction", "hyper", *parts("Lambda", "dL"), "moments", "t"),
                              "dict with any quantities of the step",
                              (*parts("grad"), *BLOCKS, *UPDATE, *parts("R", "Lambda_new", "Y_new"))),
    "unitary_energy": Operation(parts("H", "Y"), "dict with energy, and its gradient dL_energy_re and dL_energy_im",
                                ("energy", *parts("dL_energy")), ("energy", *parts("dL_energy"))),
    "unitary_nearest": Operation(("space", *parts("M_given")), "dict with nearest_re and nearest_im", parts("nearest"),
                                 parts("nearest")),
}
"""Operations of ports with complex numbers; a port without them leaves them out."""

UNITARY_KINDS: dict[str, tuple[str, ...]] = {
    "unitary_step": tuple(name for name in UNITARY_OPERATIONS if name not in ("unitary_energy", "unitary_nearest")),
    "unitary_energy": ("unitary_energy",), "unitary_nearest": ("unitary_nearest",)}
"""What their cases ask."""
