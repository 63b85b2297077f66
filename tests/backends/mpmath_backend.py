"""An independent evaluation in 50 digits: mpmath's own matrices, exponential and elimination."""
import mpmath
import numpy as np
from mpmath import matrix, mpf

DIGITS = 50


def to_mpmath(X):
    X = np.asarray(X, dtype=np.float64)
    result = matrix(*X.shape)
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            result[i, j] = mpf(float(X[i, j]))
    return result


def to_numpy(X, dtype):
    return np.array([[float(X[i, j]) for j in range(X.cols)] for i in range(X.rows)],
                    dtype=np.float64).reshape(X.rows, X.cols).astype(dtype)


def entrywise(function, *matrices):
    result = matrix(matrices[0].rows, matrices[0].cols)
    for i in range(result.rows):
        for j in range(result.cols):
            result[i, j] = function(*(X[i, j] for X in matrices))
    return result


def columns(X, which):
    result = matrix(X.rows, len(which))
    for i in range(X.rows):
        for k, j in enumerate(which):
            result[i, k] = X[i, j]
    return result


def form(size):
    J = matrix(size, size)
    for i in range(size // 2):
        J[i, size // 2 + i], J[size // 2 + i, i] = mpf(1), mpf(-1)
    return J


def adjoint(space, M):
    return form(M.cols).T * M.T * form(M.rows) if space.startswith("symplectic") else M.T


def split(space, N, n):
    """Frame and complement."""
    if not space.startswith("symplectic"):
        return list(range(n)), list(range(n, N))
    frame = [*range(n // 2), *range(N // 2, N // 2 + n // 2)]
    return frame, [j for j in range(N) if j not in frame]


class MpmathBackend:
    """Gradient, lift, update, retraction, section after the step and forward pass, rounded to the dtype at the end."""

    def riemannian_gradient(self, space, Y, dL):
        with mpmath.workdps(DIGITS):
            if space == "euclidean":
                return dL
            grad = self._gradient(space, to_mpmath(Y), to_mpmath(dL))
            if space.endswith("grassmann"):
                grad -= to_mpmath(Y) * (adjoint(space, to_mpmath(Y)) * grad)
            return to_numpy(grad, dL.dtype)

    def _gradient(self, space, Y, dL):
        X = dL * Y.T
        return (X - adjoint(space, X)) * Y

    def lift(self, space, Lambda, Delta):
        with mpmath.workdps(DIGITS):
            if space == "euclidean":
                return np.zeros((0, 0)), Delta
            return self._lift(space, to_mpmath(Lambda), to_mpmath(Delta), Delta.dtype)

    def _lift(self, space, Lambda, Delta, dtype):
        frame, complement = split(space, Delta.rows, Delta.cols)
        A = adjoint(space, columns(Lambda, frame)) * Delta
        A = A * 0 if space.endswith("grassmann") else (A - adjoint(space, A)) / 2
        B = to_numpy(adjoint(space, columns(Lambda, complement)) * Delta, dtype) if complement else np.zeros(
            (0, Delta.cols))
        return to_numpy(A, dtype), B

    def lift_gradient(self, space, Lambda, dL):
        with mpmath.workdps(DIGITS):
            if space == "euclidean":
                return np.zeros((0, 0)), dL
            L, frame = to_mpmath(Lambda), split(space, *dL.shape)[0]
            return self._lift(space, L, self._gradient(space, columns(L, frame), to_mpmath(dL)), dL.dtype)

    def update(self, method, hyper, A, B, moments, t):
        hyper, result = {name: mpf(value) for name, value in hyper.items()}, {}
        with mpmath.workdps(DIGITS):
            for name, G in (("A", A), ("B", B)):
                if not G.size:
                    empty = [f"W_{name}", *(f"{moment}_new" for moment in moments if moment.endswith(name))]
                    result.update({key: np.zeros(G.shape, G.dtype) for key in empty})
                else:
                    before = {k: to_mpmath(moments[f"B{k}_{name}"]) for k in "12" if f"B{k}_{name}" in moments}
                    after, numerator = self._moments(method, hyper, to_mpmath(G), before, t)
                    # the velocity is that of the moments as they are stored
                    after = {k: to_numpy(X, G.dtype) for k, X in after.items()}
                    numerator = to_mpmath(after["1"]) if after else numerator
                    result.update({f"B{k}_{name}_new": X for k, X in after.items()})
                    result[f"W_{name}"] = to_numpy(self._velocity(hyper, numerator, after.get("2"), t), G.dtype)
        return result

    def _moments(self, method, hyper, G, before, t):
        if method == "gradient":
            return {}, G
        if method == "momentum":
            return {"1": hyper["alpha"] * before["1"] + G}, G
        after = {}
        for k, value in (("1", G), ("2", entrywise(lambda g: g * g, G))):
            rho = hyper[f"rho{k}"]
            after[k] = (rho - rho**t) / (1 - rho**t) * before[k] + (1 - rho) / (1 - rho**t) * value
        return after, G

    def _velocity(self, hyper, numerator, second, t):
        if "learning_rate" in hyper:
            rate = hyper["learning_rate"]
        else:
            last = hyper["steps"] - 1
            rate = hyper["eta1"] * (hyper["eta2"] / hyper["eta1"])**(min(mpf(t - 1), last) / last)
        if second is None:
            return -rate * numerator
        return entrywise(lambda b, v: -rate * b / (mpmath.sqrt(v) + hyper["delta"]), numerator, to_mpmath(second))

    def _increment(self, space, retraction, W_A, W_B):
        N, n = len(W_A) + len(W_B), len(W_A)
        frame, complement = split(space, N, n)
        A, X = to_mpmath(W_A), matrix(N, N)
        for i, row in enumerate(frame):
            for j, column in enumerate(frame):
                X[row, column] = A[i, j]
        if complement:
            B, minus = to_mpmath(W_B), -adjoint(space, to_mpmath(W_B))
            for i, row in enumerate(complement):
                for j, column in enumerate(frame):
                    X[row, column], X[column, row] = B[i, j], minus[j, i]
        if retraction == "geodesic":
            return mpmath.expm(X, method="taylor")
        return (mpmath.eye(N) - X / 2)**-1 * (mpmath.eye(N) + X / 2)

    def retract(self, space, retraction, W_A, W_B):
        if space == "euclidean":
            return W_B
        with mpmath.workdps(DIGITS):
            R = to_numpy(self._increment(space, retraction, W_A, W_B), np.float64)
            # entries that cancel exactly are stored as zero
            return np.where(np.abs(R) > 1e-45 * np.abs(R).max(), R, 0.0).astype(W_B.dtype)

    def move(self, space, retraction, Lambda, W_A, W_B):
        with mpmath.workdps(DIGITS):
            if space == "euclidean":
                return to_numpy(to_mpmath(Lambda) + to_mpmath(W_B), Lambda.dtype)
            return to_numpy(to_mpmath(Lambda) * self._increment(space, retraction, W_A, W_B), Lambda.dtype)

    def transformer_forward(self, params, x, heads, skip):
        with mpmath.workdps(DIGITS):
            samples = [self._sample(params, z, heads, skip) for z in x]
        return {name: np.array([sample[name] for sample in samples], dtype=x.dtype) for name in ("logits", "y")}

    def _sample(self, params, x, heads, skip):
        Z = to_mpmath(x).T
        for block in range(len(params["blocks.bias"])):
            Q, K, V = ([to_mpmath(W).T * Z for W in params[f"blocks.{name}"][block]]
                       for name in ("query", "key", "value"))
            Y = matrix(Z.rows, Z.cols)
            for h in range(heads):
                O = V[h] * softmax(K[h].T * Q[h] / mpmath.sqrt(Z.rows))
                for i in range(O.rows):
                    for j in range(O.cols):
                        Y[h * O.rows + i, j] = O[i, j]
            Y = Y + Z if skip else Y
            b = params["blocks.bias"][block]
            U = to_mpmath(params["blocks.weight"][block]) * Y + to_mpmath(b[:, None]) * mpmath.ones(1, Z.cols)
            Z = Y + entrywise(mpmath.tanh, U)
        logits = to_mpmath(params["classifier"]) * columns(Z, [Z.cols - 1])
        return {"logits": to_numpy(logits, np.float64)[:, 0], "y": to_numpy(softmax(logits), np.float64)[:, 0]}


def softmax(S):
    """The softmax of every column."""
    E = entrywise(mpmath.exp, S)
    sums = [mpmath.fsum(E[i, j] for i in range(E.rows)) for j in range(E.cols)]
    result = matrix(E.rows, E.cols)
    for i in range(E.rows):
        for j in range(E.cols):
            result[i, j] = E[i, j] / sums[j]
    return result
