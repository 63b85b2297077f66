"""One head of attention and its backward pass, with the entries of every matrix."""
import numpy as np
from canvas import new_sheet, put_arrow, put_matrix, put_text

from manifold_opt.network import softmax

COLUMNS = (0.75, 2.55, 4.45, 5.95, 7.35)
FORWARD, BACKWARD = 3.55, 1.05
CELL = 0.16


def head():
    """All matrices of a head of 6 x 2 weights for 4 tokens, and of its backward pass from a random dY."""
    rng = np.random.default_rng(7)
    Z, weights, dY = rng.normal(size=(6, 4)), rng.normal(size=(3, 6, 2)), rng.normal(size=(2, 4))
    Q, K, V = (M.T @ Z for M in weights)
    S = K.T @ Q / np.sqrt(6)
    P = softmax(S, axis=0)
    dV, dP = dY @ P.T, V.T @ dY
    dS = P * (dP - np.sum(P * dP, axis=0)) / np.sqrt(6)
    dQ, dK = K @ dS, Q @ dS.T
    dZ = sum(M @ dM for M, dM in zip(weights, (dQ, dK, dV)))
    return {"Z": Z, "Q": Q, "K": K, "V": V, "S": S, "P": P, "Y": V @ P,
            "dZ": dZ, "dQ": dQ, "dK": dK, "dV": dV, "dS": dS, "dP": dP, "dY": dY}


def draw_head():
    """Forward from left to right in the upper row, backward from right to left in the lower one."""
    figure, axes = new_sheet(8.0, 4.75)
    M = head()
    for row, d, mark in ((FORWARD, "", ""), (BACKWARD, "d", "d")):
        for column, names in zip(COLUMNS, ("Z", "QKV", "S", "P", "Y")):
            for k, name in enumerate(names):
                shift = 0.56 * (1 - k) if len(names) > 1 else 0
                put_matrix(axes, M[d + name], (column, row + shift), CELL)
                if len(names) > 1:
                    put_text(axes, (column + 0.5, row + shift), f"${mark}{name}$", fontsize=11)
                else:
                    half = M[d + name].shape[0] * CELL / 2
                    put_text(axes, (column, row + half + 0.15), f"${mark}{name}$", fontsize=12)
        draw_row(axes, row, forward=not d)
    put_text(axes, (0.2, 4.6), "forward", ha="left", fontsize=11)
    put_text(axes, (0.2, 2.2), "backward", ha="left", fontsize=11)
    return figure


def draw_row(axes, row, forward):
    """The arrows of one row; V goes past the softmax to the product with P."""
    gaps = [(COLUMNS[0] + 0.42, COLUMNS[1] - 0.42), (COLUMNS[1] + 0.72, COLUMNS[2] - 0.4),
            (COLUMNS[2] + 0.4, COLUMNS[3] - 0.4), (COLUMNS[3] + 0.4, COLUMNS[4] - 0.4)]
    texts = (["weights", r"$K^TQ/\sqrt{N}$", "softmax", "$VP$"] if forward
             else ["sum", r"$K\,dS,\ Q\,dS^T$", "softmax′", "$V^TdY$"])
    for (start, end), text in zip(gaps, texts):
        put_arrow(axes, *(((start, row), (end, row)) if forward else ((end, row), (start, row))))
        put_text(axes, ((start + end) / 2, row + 0.17), text, fontsize=9)
    low = row - 0.56
    put_text(axes, ((COLUMNS[1] + 0.72 + COLUMNS[4]) / 2, low - 0.17), "" if forward else r"$dY\,P^T$", fontsize=9)
    path = [(COLUMNS[1] + 0.72, low), (COLUMNS[4], low), (COLUMNS[4], row - 0.22)]
    if not forward:
        path = path[::-1]
    for start, end in zip(path, path[1:]):
        last = (start, end) == (path[-2], path[-1])
        put_arrow(axes, start, end, **({} if last else {"arrowstyle": "-"}))
