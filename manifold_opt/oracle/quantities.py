"""What the arrays of the cases mean: the table from which the manifest is written."""
from __future__ import annotations

from manifold_opt.oracle.geometry_quantities import GEOMETRY_KINDS, GEOMETRY_OPERATIONS, GEOMETRY_QUANTITIES
from manifold_opt.oracle.method_quantities import METHOD_KINDS, METHOD_OPERATIONS, METHOD_QUANTITIES
from manifold_opt.oracle.quantity import TOLERANCE, Operation, Quantity
from manifold_opt.oracle.unitary_quantities import (UNITARY_KINDS, UNITARY_MOMENTS, UNITARY_OPERATIONS,
                                                    UNITARY_QUANTITIES)

__all__ = ["QUANTITIES", "OPERATIONS", "KINDS", "GROUPED", "METHODS", "MOMENTS"]

METHODS: dict[str, tuple[str, ...]] = {"gradient": (), "momentum": ("B1",), "adam": ("B1", "B2"),
                                       "adam_with_decay": ("B1", "B2")}
"""The methods and the moments that they remember."""

MOMENTS = {method: tuple(f"{name}_{block}" for name in names for block in "AB") for method, names in METHODS.items()}
"""The blocks of these moments."""

MOMENTS_NEW = tuple(f"{name}_new" for name in MOMENTS["adam"])
PARAMS = ("blocks.query", "blocks.key", "blocks.value", "blocks.weight", "blocks.bias", "classifier")

SECTIONS = tuple(f"Lambda.{name}" for name in PARAMS[:3])

GROUPED = {"moments": (*MOMENTS["adam"], *UNITARY_MOMENTS), "params": PARAMS, "data": ("M", "D", "P", "Q"),
           "sections": SECTIONS}
"""Arguments that are a dict of arrays."""

QUANTITIES: dict[str, Quantity] = {
    "t": Quantity("number of the step", "1, 2, ...", "section 3"),
    "Lambda": Quantity("global section before the step, an element of the group with Lambda E = Y",
                       "Lambda* Lambda = I (R^m: the translation by Y)", "section 2"),
    "Y": Quantity("point before the step", "Lambda E", "section 2"),
    "dL": Quantity("Euclidean gradient of the loss at Y", "any array", "section 4"),
    "B1_A": Quantity("first moment before the step, frame block", "zero before step 1", "section 4"),
    "B1_B": Quantity("first moment before the step, complement block", "zero before step 1", "section 4"),
    "B2_A": Quantity("second moment before the step, frame block", "zero before step 1", "section 4"),
    "B2_B": Quantity("second moment before the step, complement block", "zero before step 1", "section 4"),
    "grad": Quantity("Riemannian gradient", "X Y with X = dL Y^T - (dL Y^T)*; minus Y Y* X Y on the Grassmann kinds",
                     "section 2; symplectic: arXiv:2108.12447", TOLERANCE),
    "A": Quantity("lift of the gradient (of Delta1 in the geometry cases), frame block",
                  "(Y* D - (Y* D)*)/2 with D = X Y, 0 on the Grassmann kinds", "section 4", TOLERANCE),
    "B": Quantity("lift of the gradient (of Delta1 in the geometry cases), complement block",
                  "Y_perp* D with D = X Y", "section 4", TOLERANCE),
    **{f"B1_{block}_new": Quantity(f"first moment after the step, block {block}",
                                   f"momentum: alpha B1 + {block}; Adam: ((rho1 - rho1^t) B1 + (1 - rho1) {block})"
                                   "/(1 - rho1^t)", "section 4", TOLERANCE) for block in "AB"},
    **{f"B2_{block}_new": Quantity(f"second moment after the step, block {block}, entry by entry",
                                   f"((rho2 - rho2^t) B2 + (1 - rho2) {block}^2)/(1 - rho2^t)", "section 4", TOLERANCE)
       for block in "AB"},
    **{f"W_{block}": Quantity(f"velocity, block {block}",
                              f"gradient: -eta {block}; momentum: -eta B1; Adam: -eta B1/(sqrt(B2) + delta), new "
                              "moments, entry by entry; decayed Adam: eta = eta1 (eta2/eta1)^(min(t - 1, steps - 1)"
                              "/(steps - 1)); Muon and AdamW: see their operations",
                              "section 4 (delta outside the root, as in the authors' code)", TOLERANCE)
       for block in "AB"},
    "R": Quantity("retracted increment (N, N) of W = [[W_A, -W_B*], [W_B, 0]], placed as E is",
                  "geodesic: exp(W); cayley: (I - W/2)^-1 (I + W/2); R^m: W", "section 4", TOLERANCE),
    "Lambda_new": Quantity("global section after the step", "Lambda R (R^m: Lambda + R)", "section 4", TOLERANCE),
    "Y_new": Quantity("point after the step", "Lambda_new E", "section 4", TOLERANCE),
    "Delta1": Quantity("tangent vector at Y", "grad of a random dL", "section 2"),
    "Delta2": Quantity("tangent vector at Y", "grad of another random dL", "section 2"),
    "Omega": Quantity("horizontal lift of Delta1 (N, N)",
                      "Stiefel: (I - Y Y^T/2) D Y^T - Y D^T (I - Y Y^T/2); Grassmann: D Y^T - Y D^T; symplectic: "
                      "D K^-1 Y^T + J Y K^-1 D^T (I - J^T Y K^-1 Y^T J) J with K = Y^T Y; on the symplectic "
                      "Grassmann D is the representative Delta1 - Y A that is orthogonal to all Y A', A' in sp(2n)",
                      "section 2, appendix A; "
                      "symplectic: arXiv:2108.12447, right-invariant metric", TOLERANCE),
    "metric": Quantity("Riemannian metric of Delta1 and Delta2",
                       "Tr(Omega(Delta1)^T Omega(Delta2))/2", "section 2", TOLERANCE),
    "defect_point": Quantity("departure of the backend's section from Y", "Lambda E - Y, expected 0", "section 2",
                             TOLERANCE),
    "defect_group": Quantity("departure of the backend's section from the group", "Lambda* Lambda - I, expected 0",
                             "section 2", TOLERANCE),
    "M": Quantity("symmetric matrix of the problem", "symmetric (positive definite for symplectic_eigenvalues)", "-"),
    "D": Quantity("diagonal weights of the columns (brockett)", "any positive numbers", "-"),
    "P": Quantity("left matrix of the Procrustes problem", "any matrix", "-"),
    "Q": Quantity("right matrix of the Procrustes problem", "any matrix", "-"),
    "losses": Quantity("losses before step 1 and after each step",
                       "brockett: Tr(Y^T M Y D); procrustes: ||P Y - Q||^2/2; symplectic_eigenvalues: Tr(Y^T M Y)",
                       "-", TOLERANCE),
    "Y_last": Quantity("point after the last step", "see Y_new", "section 4", TOLERANCE),
    "x": Quantity("input (batch, tokens, width)", "any array", "section 5"),
    "target": Quantity("target (batch, classes)", "one-hot rows", "section 5"),
    "queries": Quantity("(blocks, batch, heads, n, tokens), tokens as columns", "P_Q^T Z", "section 5", TOLERANCE),
    "keys": Quantity("like queries", "P_K^T Z", "section 5", TOLERANCE),
    "values": Quantity("like queries", "P_V^T Z", "section 5", TOLERANCE),
    "probabilities": Quantity("(blocks, batch, heads, tokens, tokens): row i, column j for key i and query j",
                              "softmax over i of K^T Q/sqrt(width)", "section 5", TOLERANCE),
    "attention": Quantity("(blocks, batch, width, tokens), heads stacked", "V P, plus Z with the skip connection",
                          "section 5", TOLERANCE),
    "activations": Quantity("(blocks, batch, width, tokens)", "tanh(W Z + b)", "section 5", TOLERANCE),
    "logits": Quantity("(batch, classes)", "C z with the last token z of the last block's output Z + activations",
                       "section 5", TOLERANCE),
    "y": Quantity("predicted probabilities (batch, classes)", "softmax of the logits along classes", "section 5",
                  TOLERANCE),
    "loss": Quantity("loss of the batch", "relative: ||y - t||/||t||; cross_entropy: -sum(t log y)/batch",
                     "section 5", TOLERANCE),
    **{name: Quantity(f"parameter {name}", "any array", "section 5") for name in PARAMS},
    **{name: Quantity(f"global sections over {name.partition('.')[2]}", "one for each block and head", "section 5")
       for name in SECTIONS},
    **{f"{name}_after": Quantity(f"{name} after each step", "the step of its space, one t for all weights",
                                 "section 5", TOLERANCE) for name in PARAMS},
    "Z": Quantity("any vector at Y", "any array", "section 2"),
    "projection": Quantity("the tangent vector nearest to Z in the metric",
                           "Stiefel: Z - Y (Y^T Z + Z^T Y)/2; Grassmann: Z - Y Y^T Z; symplectic: the gradient of "
                           "(I - J^T Y K^-1 Y^T J/2) Z K^-1, of the metric representative on the Grassmann kind",
                           "section 2", TOLERANCE),
    "restored": Quantity("section after one Newton-Schulz step", "Lambda (3 I - Lambda* Lambda)/2", "-", TOLERANCE),
    "O": Quantity("rotation of the reflector section (n, n)",
                  "minus the polar factor of E^T Y; symplectic: of its part [[a, -b], [b, a]] that commutes with J",
                  "-", TOLERANCE),
    "section": Quantity("the reflector section as a matrix",
                        "(I + D (Y* E O - I)^-1 D*) diag(O, I) with D = Y - E O", "-", TOLERANCE),
    "O_new": Quantity("rotation of the reflector section after a move",
                      "O as long as ||(Y_new* E O - I)^-1|| <= 2 sqrt(n) in the Frobenius norm, else that of Y_new",
                      "-", TOLERANCE),
    "Delta": Quantity("tangent vector at Y",
                      "of a section or a transport: any. Of a pair with Q = Y_end: inverse_cayley: (b - Y Y* b) M - Y "
                      "(M - M*) with a = Y* Q, b = Q - Y a, M = 2 (I + a)^-1; on the Grassmann kinds (b - Y Y* b) M, "
                      "with Q O for Q, O such that Y* Q O is the positive polar factor of Y* Q (symplectic: a positive "
                      "multiple of I for two columns). grassmann_log: L g(L^T L) with L = (I - Y Y^T)^2 Q (Y^T Q)^-1, "
                      "g(x) = arctan(sqrt(x))/sqrt(x). stiefel_log: exp(Omega(Y, Delta)) Y = Q with Y and Q replaced "
                      "by their polar factors, the only Delta shorter than 0.894 pi", "section 2; stiefel_log: R. "
                      "Zimmermann, SIAM J. Matrix Anal. Appl. 38 (2017)", TOLERANCE),
    "Y_end": Quantity("another point", "any point", "section 2"),
    "angles": Quantity("principal angles of the spans of Y and Y_end, ascending",
                       "cosines: singular values of Y^T Y_end; sines: of (I - Y Y^T) Y_end", "-", TOLERANCE),
    "distance": Quantity("length of the shortest geodesic", "Grassmann: root of the sum of the squared angles; "
                         "Stiefel: root of |A|^2/2 + |B|^2 of the lift of Delta", "-", TOLERANCE),
    **{f"d_{name}": Quantity(f"gradient of the loss in {name}", f"dL/d({name}), entry by entry", "section 5", TOLERANCE)
       for name in ("classifier", "blocks.bias", "blocks.weight", "blocks.value", "blocks.key", "blocks.query")},
    **GEOMETRY_QUANTITIES, **METHOD_QUANTITIES, **UNITARY_QUANTITIES,
}
"""Every quantity by name."""

STEP = ("grad", "A", "B", *MOMENTS_NEW, "W_A", "W_B", "R", "Lambda_new", "Y_new")
FORWARD = ("queries", "keys", "values", "probabilities", "attention", "activations", "logits", "y")
GRADIENTS = ("loss", "d_classifier", "d_blocks.bias", "d_blocks.weight", "d_blocks.value", "d_blocks.key",
             "d_blocks.query")

AFTER = tuple(f"{name}_after" for name in PARAMS)

OPERATIONS: dict[str, Operation] = {
    "global_section": Operation(("space", "Y"), "Lambda; any element of the group with Lambda E = Y is right",
                                ("defect_point", "defect_group"), ("defect_point", "defect_group")),
    "riemannian_gradient": Operation(("space", "Y", "dL"), "grad", ("grad",), ("grad",)),
    "lift": Operation(("space", "Lambda", "Delta"), "(A, B)", ("A", "B"), ("A", "B")),
    "lift_gradient": Operation(("space", "Lambda", "dL"), "(A, B)", ("A", "B"), ("A", "B")),
    "horizontal_lift": Operation(("space", "Y", "Delta"), "Omega", ("Omega",), ("Omega",)),
    "metric": Operation(("space", "Y", "Delta1", "Delta2"), "metric, a number", ("metric",), ("metric",)),
    "project_tangent": Operation(("space", "Y", "Z"), "projection", ("projection",), ("projection",)),
    "restore": Operation(("space", "Lambda"), "restored", ("restored",), ("restored",)),
    "reflector_section": Operation(("space", "Y"), "dict with O and section", ("O", "section"), ("section",)),
    "reflector_lift": Operation(("space", "Y", "O", "Delta"), "(A, B)", ("A", "B"), ("A", "B")),
    "reflector_move": Operation(("space", "retraction", "Y", "O", "W_A", "W_B"), "dict with Y_new and O_new",
                                ("Y_new", "O_new"), ("Y_new",)),
    "inverse_cayley": Operation(("space", "Y", "Y_end"), "Delta", ("Delta",), ("Delta",)),
    "principal_angles": Operation(("Y", "Y_end"), "angles", ("angles",), ("angles",)),
    "grassmann_distance": Operation(("Y", "Y_end"), "distance, a number", ("distance",), ("distance",)),
    "grassmann_log": Operation(("Y", "Y_end"), "Delta", ("Delta",), ("Delta",)),
    "update": Operation(("method", "hyper", "A", "B", "moments", "t"),
                        "dict with W_A, W_B and, as far as the method has moments, B1_A_new, B1_B_new, B2_A_new, "
                        "B2_B_new",
                        (*MOMENTS_NEW, "W_A", "W_B"), (*MOMENTS_NEW, "W_A", "W_B")),
    "retract": Operation(("space", "retraction", "W_A", "W_B"), "R", ("R",), ("R",)),
    "move": Operation(("space", "retraction", "Lambda", "W_A", "W_B"), "Lambda_new", ("Lambda_new",), ("Lambda_new",)),
    "step": Operation(("space", "method", "retraction", "hyper", "Lambda", "dL", "moments", "t"),
                      "dict with Lambda_new (except for trajectories it may be left out), the new moments and any "
                      "other quantities of the step", STEP),
    "trajectory": Operation(("problem", "space", "method", "retraction", "hyper", "Lambda", "Y", "data", "steps"),
                            "dict with losses and Y_last; a Python backend may leave it out: then its step is repeated",
                            ("losses", "Y_last"), ("losses", "Y_last")),
    "transformer_forward": Operation(("params", "x", "heads", "skip"), "dict with y and any other quantities", FORWARD,
                                     ("y",)),
    "transformer_gradient": Operation(("params", "x", "target", "loss", "heads", "skip"),
                                      "dict with loss and any of the gradients", GRADIENTS, ("loss",)),
    "training": Operation(("method", "retraction", "hyper", "params", "sections", "x", "target", "loss", "heads",
                           "skip", "steps"),
                          "dict with losses, before step 1 and after each, and NAME_after, the weights after each "
                          "step; weights without a section lie in vector spaces", ("losses", *AFTER), ("losses",)),
    "riemannian_gradient_stack": Operation(("space", "Y", "dL"), "grad; axes before the last two broadcast", ("grad",),
                                           ("grad",)),
    "lift_gradient_stack": Operation(("space", "Lambda", "dL"), "(A, B)", ("A", "B"), ("A", "B")),
    "retract_stack": Operation(("space", "retraction", "W_A", "W_B"), "R", ("R",), ("R",)),
    "move_stack": Operation(("space", "retraction", "Lambda", "W_A", "W_B"), "Lambda_new", ("Lambda_new",),
                            ("Lambda_new",)),
    **GEOMETRY_OPERATIONS, **METHOD_OPERATIONS, **UNITARY_OPERATIONS,
}
"""The functions of a backend, in the order in which they are checked."""

KINDS: dict[str, tuple[str, ...]] = {
    "step": ("global_section", "riemannian_gradient", "lift_gradient", "update", "retract", "move", "step"),
    "geometry": ("global_section", "lift", "horizontal_lift", "metric", "project_tangent"),
    "restoration": ("restore",), "reflector": ("reflector_section", "reflector_lift", "reflector_move"),
    "pair": ("inverse_cayley",), "angles": ("principal_angles", "grassmann_distance", "grassmann_log"),
    "retraction": ("retract", "move"), "trajectory": ("trajectory",), "training": ("training",),
    "transformer": ("transformer_forward", "transformer_gradient"),
    "stack": ("riemannian_gradient_stack", "lift_gradient_stack", "retract_stack", "move_stack"), "refusal": (),
    **GEOMETRY_KINDS, **METHOD_KINDS, **UNITARY_KINDS}
"""What the cases of a kind ask; a refusal asks the operation that its parameters name."""
