"""An independent evaluation on the arithmetic of the tests (mpmath): every formula dense, gradients by differences."""
import decimals as d
import mpmath
import numpy as np
from backends.mpmath_optional import OptionalOperations

WIDTH, DIFFERENCE = 400, mpmath.mpf(10)**-100


def symplectic(space):
    return space.startswith("symplectic")


def split(space, N, n):
    """Frame and complement."""
    if not symplectic(space):
        return list(range(n)), list(range(n, N))
    frame = [*range(n // 2), *range(N // 2, N // 2 + n // 2)]
    return frame, [j for j in range(N) if j not in frame]


def nearest(X):
    """The nearest floats, by way of 160 bits: so that what lies halfway exactly is rounded to even."""
    with mpmath.workprec(160):
        return d.rounded(np.reshape([+x for x in np.ravel(X)], np.shape(X)))


def rounded(X, like):
    return nearest(X).astype(like.dtype)


def precise(method):
    """The method within the context of many digits."""
    def run(self, *arguments):
        with d.digits():
            return method(self, *arguments)

    return run


def algebra_part(space, A):
    return A * 0 if space.endswith("grassmann") else (A - d.adjoint(A, symplectic(space))) / 2


class MpmathBackend(OptionalOperations):
    """All operations on single arrays but those of sections that are chosen; rounded to the dtype at the end."""

    @precise
    def riemannian_gradient(self, space, Y, dL):
        return dL if space == "euclidean" else rounded(self._gradient(space, d.big(Y), d.big(dL)), dL)

    def _gradient(self, space, Y, dL):
        grad = d.gradient(Y, dL, symplectic(space))
        return grad - Y @ (d.adjoint(Y, symplectic(space)) @ grad) if space.endswith("grassmann") else grad

    def _lift(self, space, Lambda, Delta, like):
        frame, complement = split(space, *Delta.shape)
        star = d.adjoint(Lambda[:, complement], symplectic(space)) if complement else np.zeros((0, len(Lambda)), object)
        A = algebra_part(space, d.adjoint(Lambda[:, frame], symplectic(space)) @ Delta)
        return rounded(A, like), rounded(star @ Delta, like)

    @precise
    def lift(self, space, Lambda, Delta):
        return (np.zeros((0, 0)), Delta) if space == "euclidean" else self._lift(
            space, d.big(Lambda), d.big(Delta), Delta)

    @precise
    def lift_gradient(self, space, Lambda, dL):
        if space == "euclidean":
            return np.zeros((0, 0)), dL
        L = d.big(Lambda)
        Y = L[:, split(space, *dL.shape)[0]]
        return self._lift(space, L, d.gradient(Y, d.big(dL), symplectic(space)), dL)

    @precise
    def horizontal_lift(self, space, Y, Delta):
        return rounded(self._horizontal_lift(space, Y, Delta), Delta)

    def _horizontal_lift(self, space, Y, Delta):
        if space == "symplectic_grassmann":
            raise NotImplementedError("no metric representative")
        Y, Delta = d.big(Y), d.big(Delta)
        if space == "symplectic_stiefel":
            return d.right_invariant_lift(Y, Delta)
        return Delta if space == "euclidean" else Delta @ Y.T - Y @ Delta.T if space == "grassmann" else (
            d.orthogonal_lift(Y, Delta, False))

    @precise
    def metric(self, space, Y, Delta1, Delta2):
        product = np.sum(self._horizontal_lift(space, Y, Delta1) * self._horizontal_lift(space, Y, Delta2))
        return rounded(product / (1 if space == "euclidean" else 2), Delta1)

    @precise
    def project_tangent(self, space, Y, Z):
        if space == "symplectic_grassmann":
            raise NotImplementedError("no metric representative")
        y, z = d.big(Y), d.big(Z)
        if space == "symplectic_stiefel":
            J, K = d.big(np.block([[np.zeros((len(Y) // 2,) * 2), np.eye(len(Y) // 2)],
                                   [-np.eye(len(Y) // 2), np.zeros((len(Y) // 2,) * 2)]])), d.inverse(y.T @ y)
            return rounded(d.gradient(y, (z - J.T @ y @ K @ y.T @ J @ z / 2) @ K, True), Z)
        if space == "euclidean":
            return Z
        tangent = z - y @ (y.T @ z + z.T @ y) / 2
        return rounded(tangent - y @ (y.T @ tangent) if space == "grassmann" else tangent, Z)

    @precise
    def restore(self, space, Lambda):
        L = d.big(Lambda)
        return rounded(L @ (3 * d.eye(len(L)) - d.adjoint(L, symplectic(space)) @ L) / 2, Lambda)

    @precise
    def inverse_cayley(self, space, Y, Y_end):
        if space.endswith("grassmann"):
            raise NotImplementedError("no polar factor")
        y, q, s = d.big(Y), d.big(Y_end), symplectic(space)
        a = d.adjoint(y, s) @ q
        M, b = 2 * d.inverse(a + d.eye(len(a))), q - y @ a
        return rounded((b - y @ (d.adjoint(y, s) @ b)) @ M - y @ (M - d.adjoint(M, s)), Y)

    def _angles(self, Y, Y_end):
        y, q = d.big(Y), d.big(Y_end)
        b = q - y @ (y.T @ q)
        L = mpmath.matrix(((b - y @ (y.T @ b)) @ d.inverse(y.T @ q)).tolist())
        U, S, V = mpmath.svd_r(L)
        return (np.array(X.tolist(), object).reshape(X.rows, X.cols) for X in (U, S.apply(mpmath.atan), V))

    @precise
    def principal_angles(self, Y, Y_end):
        return rounded(list(self._angles(Y, Y_end))[1].ravel()[::-1], Y)

    @precise
    def grassmann_distance(self, Y, Y_end):
        return rounded(d.norm(list(self._angles(Y, Y_end))[1]), Y)

    @precise
    def grassmann_log(self, Y, Y_end):
        U, angles, V = self._angles(Y, Y_end)
        return rounded((U * angles.ravel()) @ V, Y)

    @precise
    def update(self, method, hyper, A, B, moments, t):
        hyper, result = {name: mpmath.mpf(value) for name, value in hyper.items()}, {}
        for name, G in (("A", A), ("B", B)):
            before = {k: d.big(moments[f"B{k}_{name}"]) for k in "12" if f"B{k}_{name}" in moments}
            after = {k: rounded(X, G) for k, X in self._moments(method, hyper, d.big(G), before, t).items()}
            # the velocity is that of the moments as they are stored
            first = d.big(after["1"]) if after else d.big(G)
            result.update({f"B{k}_{name}_new": X for k, X in after.items()})
            result[f"W_{name}"] = rounded(self._velocity(hyper, first, after.get("2"), t), G)
        return result

    def _moments(self, method, hyper, G, before, t):
        if method == "gradient":
            return {}
        if method == "momentum":
            return {"1": hyper["alpha"] * before["1"] + G}
        after = {}
        for k, value in (("1", G), ("2", G * G)):
            rho = hyper[f"rho{k}"]
            after[k] = (rho - rho**t) / (1 - rho**t) * before[k] + (1 - rho) / (1 - rho**t) * value
        return after

    def _velocity(self, hyper, first, second, t):
        if "learning_rate" in hyper:
            rate = hyper["learning_rate"]
        else:
            last = hyper["steps"] - 1
            rate = hyper["eta1"] * (hyper["eta2"] / hyper["eta1"])**(min(mpmath.mpf(t - 1), last) / last)
        if second is None or not first.size:
            return -rate * first
        return -rate * first / (np.vectorize(mpmath.sqrt, otypes=[object])(d.big(second)) + hyper["delta"])

    def _increment(self, space, retraction, W_A, W_B):
        N, n = len(W_A) + len(W_B), len(W_A)
        frame, complement = split(space, N, n)
        X = d.big(np.zeros((N, N)))
        X[np.ix_(frame, frame)] = d.big(W_A)
        if complement:
            X[np.ix_(complement, frame)] = d.big(W_B)
            X[np.ix_(frame, complement)] = -d.adjoint(d.big(W_B), symplectic(space))
        return d.expm(X) if retraction == "geodesic" else d.cayley(X)

    @precise
    def retract(self, space, retraction, W_A, W_B):
        if space == "euclidean":
            return W_B
        # elimination takes more digits, since late in a minimization entries of 1e-53 stand beside ones
        digits, cut = (160, 1e-100) if retraction == "cayley" else (d.DIGITS, 1e-45)
        with mpmath.workdps(digits):
            R = nearest(self._increment(space, retraction, W_A, W_B))
        # entries that cancel exactly are stored as zero
        return np.where(np.abs(R) > cut * np.abs(R).max(), R, 0.0).astype(W_B.dtype)

    @precise
    def move(self, space, retraction, Lambda, W_A, W_B):
        if space == "euclidean":
            return rounded(d.big(Lambda) + d.big(W_B), Lambda)
        return rounded(d.big(Lambda) @ self._increment(space, retraction, W_A, W_B), Lambda)

    @precise
    def transformer_forward(self, params, x, heads, skip):
        return {"y": rounded(d.transformer(self._tree(params), d.big(x), skip), x)}

    def transformer_gradient(self, params, x, target, loss, heads, skip):
        """The loss, and its gradients by central differences in very many digits: no formula of a derivative."""
        with mpmath.workdps(WIDTH):
            tree, samples, t = {name: d.big(W) for name, W in params.items()}, d.big(x), d.big(target)
            result = {"loss": rounded(self._loss(tree, samples, t, loss, skip), x)}
            for name, W in tree.items():
                slopes = np.empty(W.shape, object)
                for place in np.ndindex(W.shape):
                    given = W[place]
                    ends = []
                    for sign in (1, -1):
                        W[place] = given + sign * DIFFERENCE
                        ends.append(self._loss(tree, samples, t, loss, skip))
                    W[place], slopes[place] = given, (ends[0] - ends[1]) / (2 * DIFFERENCE)
                result[f"d_{name}"] = rounded(slopes, x)
        return result

    def _loss(self, params, x, target, loss, skip):
        y = d.transformer(self._tree(params), x, skip)
        if loss == "relative":
            return d.norm(y - target) / d.norm(target)
        return -sum(mpmath.log(p) for p, one in zip(y.ravel(), target.ravel()) if one) / len(y)

    def _tree(self, params):
        blocks = {name.removeprefix("blocks."): d.big(W) if W.dtype != object else W
                  for name, W in params.items() if name.startswith("blocks.")}
        W = params["classifier"]
        return {"blocks": blocks, "classifier": d.big(W) if W.dtype != object else W}
