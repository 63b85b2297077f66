"""One step as a ring: gradient, Riemannian gradient, global tangent space, moments, velocity, group, point."""
import numpy as np
from canvas import new_sheet, put_arrow, put_matrix, put_text

from manifold_opt import Adam, Stiefel
from manifold_opt.plotting import COLORS

LEFT, MIDDLE, RIGHT = 0.95, 3.05, 5.15
TOP, CENTER, BOTTOM = 4.55, 2.7, 0.85
CELL = 0.175


def third_step():
    """The matrices of the third step of Adam for the Brockett loss on St(2, 6)."""
    space, method, rng = Stiefel(6, 2), Adam(learning_rate=0.3), np.random.default_rng(3)
    C = rng.normal(size=(6, 6))
    section = space.global_section(space.random_point(rng))
    moments = None
    for t in (1, 2, 3):
        Y = section.point
        dL = (C + C.T) @ Y @ np.diag([2.0, 1.0])
        grad = space.riemannian_gradient(Y, dL)
        X = section.lift(grad)
        W, moments = method.update(X, moments or method.init(X), t)
        before, section = section.to_dense(), section.move(W, "cayley")
    return {"dL": dL, "grad": grad, "X": X.to_dense(), "B1": moments["B1"].to_dense(), "B2": squares(moments["B2"]),
            "W": W.to_dense(), "R": before.T @ section.to_dense(), "Lambda": section.to_dense(), "Y": section.point}


def squares(X):
    """The averages of squares at the places of the entries that they belong to."""
    M = np.zeros((6, 6))
    M[:2, :2], M[2:, :2], M[:2, 2:] = X.A, X.B, X.B.T
    return M


def draw_step():
    """The step as a diagram, each matrix with its entries in colour."""
    figure, axes = new_sheet(6.1, 5.55)
    M = third_step()
    places = {"dL": (LEFT, TOP), "grad": (MIDDLE, TOP), "X": (RIGHT, TOP), "B1": (RIGHT - 0.38, CENTER),
              "B2": (RIGHT + 0.38, CENTER), "W": (RIGHT, BOTTOM), "R": (MIDDLE, BOTTOM), "Lambda": (LEFT, BOTTOM),
              "Y": (LEFT, CENTER)}
    for name, place in places.items():
        put_matrix(axes, M[name], place, CELL * (0.62 if name in ("B1", "B2") else 1))
    for place, name in [((LEFT, TOP + 0.7), r"$\nabla L$"), ((MIDDLE, TOP + 0.7), r"$\mathrm{grad}\,L$"),
                        ((RIGHT, TOP + 0.7), r"$\bar B$"), ((RIGHT - 0.38, CENTER + 0.47), "$B_1$"),
                        ((RIGHT + 0.38, CENTER + 0.47), "$B_2$"), ((RIGHT, BOTTOM - 0.7), "$W$"),
                        ((MIDDLE, BOTTOM - 0.7), r"$\mathcal{R}(W)$"), ((LEFT, BOTTOM - 0.7), r"$\Lambda$"),
                        ((LEFT - 0.4, CENTER), "$Y$")]:
        put_text(axes, place, name, fontsize=14)
    draw_arrows(axes)
    put_text(axes, (MIDDLE, CENTER + 0.3), "one step of Adam", fontsize=12)
    put_text(axes, (MIDDLE, CENTER), "on St(2, 6)", fontsize=12)
    put_text(axes, (MIDDLE - 0.5, CENTER - 0.42), "positive", color=COLORS[1])
    put_text(axes, (MIDDLE + 0.5, CENTER - 0.42), "negative", color=COLORS[0])
    return figure


def draw_arrows(axes):
    """The arrows between the matrices, each with what it does."""
    for start, end, place, text, align in [
            ((LEFT + 0.3, TOP), (MIDDLE - 0.3, TOP), (2.0, TOP + 0.16), "metric", "center"),
            ((MIDDLE + 0.3, TOP), (RIGHT - 0.62, TOP), (3.94, TOP + 0.2), r"$\Lambda^{-1}\Omega\,\Lambda$", "center"),
            ((RIGHT, TOP - 0.6), (RIGHT, CENTER + 0.62), (RIGHT - 0.1, 3.63), "average", "right"),
            ((RIGHT, CENTER - 0.42), (RIGHT, BOTTOM + 0.6), (RIGHT - 0.1, 1.87), r"$-\eta B_1/(\sqrt{B_2} + \delta)$",
             "right"),
            ((RIGHT - 0.62, BOTTOM), (MIDDLE + 0.62, BOTTOM), (4.1, BOTTOM + 0.25), "retract", "center"),
            ((MIDDLE - 0.62, BOTTOM), (LEFT + 0.62, BOTTOM), (2.0, BOTTOM + 0.25), "multiply", "center"),
            ((LEFT, BOTTOM + 0.6), (LEFT, CENTER - 0.6), (LEFT + 0.1, 1.78), r"first columns: $\Lambda E$", "left"),
            ((LEFT, CENTER + 0.6), (LEFT, TOP - 0.6), (LEFT + 0.1, 3.63), "differentiate", "left")]:
        put_arrow(axes, start, end)
        put_text(axes, place, text, ha=align)
