"""The optional operations in mpmath: complex matrices of mpc, nearest points by an SVD, logarithms by Newton steps."""
import decimals as d
import mpmath
import numpy as np
from scipy.linalg import expm as float_expm
from scipy.optimize import least_squares

from manifold_opt.oracle.conventions import complement, frame

SQUARINGS, TERMS, EXTRA = 20, 30, 80
_complex = np.vectorize(mpmath.mpc, otypes=[object])
_abs2 = np.vectorize(lambda z: z.real * z.real + z.imag * z.imag, otypes=[object])
_sqrt = np.vectorize(mpmath.sqrt, otypes=[object])


def join(re, im):
    """A complex matrix of its parts, exactly."""
    return _complex(d.big(re), d.big(im)) if re.size else re.astype(object)


def hermitian(M):
    return np.array([[z.conjugate() for z in column] for column in M.T], object).reshape(M.T.shape)


def eye(n):
    return np.array([[mpmath.mpf(i == j) for j in range(n)] for i in range(n)], object)


def expm(X):
    """Scaling, a Taylor polynomial, and squaring, with digits to spare; for real and complex numbers."""
    with mpmath.workdps(EXTRA):
        X = X / mpmath.mpf(2)**SQUARINGS
        total = term = eye(len(X))
        for k in range(1, TERMS):
            term = term @ X / k
            total = total + term
        for _ in range(SQUARINGS):
            total = total @ total
    return total


def nearest(X):
    """The nearest floats, by way of 160 bits, with what cancels exactly as zero."""
    with mpmath.workprec(160):
        found = d.rounded(np.reshape([+x for x in np.ravel(X)], np.shape(X)))
    return np.where(np.abs(found) > 1e-45, found, 0.0)


def split(name, X, like):
    """The parts of a complex matrix, rounded."""
    parts = [np.array([getattr(mpmath.mpc(z), part) for z in X.ravel()], object).reshape(X.shape)
             for part in ("real", "imag")]
    return {f"{name}_{part}": nearest(value).astype(like.dtype) for part, value in zip(("re", "im"), parts)}


def precise(method):
    def run(self, *arguments):
        with mpmath.workdps(EXTRA):
            return method(self, *arguments)

    return run


class OptionalOperations:
    """What a port may leave out."""

    @precise
    def unitary_gradient(self, space, Y_re, Y_im, dL_re, dL_im):
        return split("grad", self._gradient_at(space, join(Y_re, Y_im), join(dL_re, dL_im), False), dL_re)

    def _gradient_at(self, space, Y, dL, full):
        """X Y with X = dL Y^H - Y dL^H, and without its vertical part."""
        grad = dL @ (hermitian(Y) @ Y) - Y @ (hermitian(dL) @ Y)
        return grad - Y @ (hermitian(Y) @ grad) if space.endswith("grassmann") and not full else grad

    @precise
    def unitary_lift_gradient(self, space, Lambda_re, Lambda_im, dL_re, dL_im):
        L, n = join(Lambda_re, Lambda_im), dL_re.shape[1]
        D = self._gradient_at(space, L[:, :n], join(dL_re, dL_im), True)
        A = hermitian(L[:, :n]) @ D
        A = (A - hermitian(A)) / 2 * (not space.endswith("grassmann"))
        B = hermitian(L[:, n:]) @ D if n < len(L) else np.zeros((0, n), object)
        return {**split("A", A, dL_re), **split("B", B, dL_re)}

    @precise
    def unitary_update(self, method, hyper, A_re, A_im, B_re, B_im, moments, t):
        h, result = {name: mpmath.mpf(value) for name, value in hyper.items()}, {}
        for block, re, im in (("A", A_re, A_im), ("B", B_re, B_im)):
            X = join(re, im)
            keep = {k: (h[f"rho{k}"] - h[f"rho{k}"]**t) / (1 - h[f"rho{k}"]**t) for k in (1, 2)}
            share = {k: (1 - h[f"rho{k}"]) / (1 - h[f"rho{k}"]**t) for k in (1, 2)}
            before = join(moments[f"B1_{block}_re"], moments[f"B1_{block}_im"])
            first = split(f"B1_{block}_new", keep[1] * before + share[1] * X, re)
            second = d.big(moments[f"B2_{block}"])
            if re.size:
                second = nearest(keep[2] * second + share[2] * _abs2(X)).astype(re.dtype)
            stored = join(*first.values())
            # the velocity is that of the moments as they are stored
            W = -h["learning_rate"] * stored / (_sqrt(d.big(second)) + h["delta"]) if re.size else stored
            result.update({**first, f"B2_{block}_new": second.astype(re.dtype), **split(f"W_{block}", W, re)})
        return result

    def _increment_of(self, retraction, A, B):
        X = np.concatenate([np.concatenate([A, -hermitian(B)], axis=1), np.concatenate(
            [B, np.array([[mpmath.mpf(0)] * len(B)] * len(B), object).reshape(len(B), len(B))], axis=1)])
        E = eye(len(X))
        return expm(X) if retraction == "geodesic" else d.solve(E - X / 2, E + X / 2)

    @precise
    def unitary_retract(self, space, retraction, W_A_re, W_A_im, W_B_re, W_B_im):
        R = self._increment_of(retraction, join(W_A_re, W_A_im), join(W_B_re, W_B_im))
        return split("R", R, W_A_re)

    @precise
    def unitary_move(self, space, retraction, Lambda_re, Lambda_im, W_A_re, W_A_im, W_B_re, W_B_im):
        R = self._increment_of(retraction, join(W_A_re, W_A_im), join(W_B_re, W_B_im))
        return split("Lambda_new", join(Lambda_re, Lambda_im) @ R, Lambda_re)

    @precise
    def unitary_energy(self, H_re, H_im, Y_re, Y_im):
        """The gradient by differences along both parts, which are exact for a quadratic function."""
        H, Y = join(H_re, H_im), join(Y_re, Y_im)

        def energy(Y):
            return np.sum(hermitian(Y).T * (H @ Y)).real

        slopes = {}
        for part, unit in (("re", mpmath.mpc(1)), ("im", mpmath.mpc(0, 1))):
            found = np.empty(Y.shape, object)
            for place in np.ndindex(Y.shape):
                D = np.array([[mpmath.mpc(0)] * Y.shape[1]] * Y.shape[0], object)
                D[place] = unit
                found[place] = (energy(Y + D) - energy(Y - D)) / 2
            slopes[f"dL_energy_{part}"] = nearest(found).astype(Y_re.dtype)
        return {"energy": nearest(np.array(energy(Y), object)).astype(Y_re.dtype), **slopes}

    @precise
    def nearest_point(self, space, M_given):
        if space.startswith("symplectic"):
            raise NotImplementedError("no multiplier")
        U, _, V = mpmath.svd_r(mpmath.matrix(d.big(M_given).tolist()))
        return nearest(np.array((U * V).tolist(), object).reshape(M_given.shape)).astype(M_given.dtype)

    @precise
    def unitary_nearest(self, space, M_given_re, M_given_im):
        U, _, V = mpmath.svd_c(mpmath.matrix(join(M_given_re, M_given_im).tolist()))
        return split("nearest", np.array((U * V).tolist(), object), M_given_re)

    def _logarithm(self, Y, Y_end):
        """Newton steps for the blocks (A, B) of exp [[A, -B^T], [B, 0]] E = [Y^T Q; Y_perp^T Q], two columns."""
        polar = [np.array((U * V).tolist(), object) for U, _, V in (
            mpmath.svd_r(mpmath.matrix(d.big(X).tolist())) for X in (Y, Y_end))]
        y, q = polar
        rest = eye(len(y)) - y @ y.T
        basis = []
        for x in rest.T[:len(y) - 2]:
            x = x - sum((e * np.sum(e * x) for e in basis), 0 * x)
            basis.append(x / d.norm(x))
        Lambda = np.concatenate([y, np.array(basis, object).T], axis=1)
        goal = Lambda.T @ q

        def dense(x):
            X = np.zeros((len(y), len(y)), object) + mpmath.mpf(0)
            X[1, 0], X[2:, :2] = x[0], np.reshape(x[1:], (-1, 2))
            return X - X.T

        def residual(x):
            return (expm(dense(x))[:, :2] - goal).ravel()

        ends = goal.astype(float)
        start = np.concatenate([[(ends[1, 0] - ends[0, 1]) / 2], ends[2:].ravel()])
        x = least_squares(lambda x: (float_expm(dense(x).astype(float))[:, :2] - ends).ravel(), start, xtol=1e-15).x
        x, h = d.big(x), mpmath.mpf(10)**-35
        for _ in range(4):
            value = residual(x)
            J = np.array([(residual(x + h * e) - value) / h for e in eye(len(x))], object).T
            x = x - d.solve(J.T @ J, (J.T @ value)[:, None])[:, 0]
        assert max(abs(value)) < 1e-30
        return Lambda @ dense(x)[:, :2], mpmath.sqrt(np.sum(x * x))

    @precise
    def stiefel_log(self, Y, Y_end):
        return nearest(self._logarithm(Y, Y_end)[0]).astype(Y.dtype)

    @precise
    def stiefel_distance(self, Y, Y_end):
        return nearest(np.array(self._logarithm(Y, Y_end)[1], object)).astype(Y.dtype)

    @precise
    def adam_w_step(self, space, retraction, hyper, Lambda, dL, moments, t):
        """Lift, moments and velocity, each from the others as they are stored."""
        A, B = self.lift_gradient(space, Lambda, dL)
        plain = {name: value for name, value in hyper.items() if name != "weight_decay"}
        result = {"A": A, "B": B, **self.update("adam", plain, A, B, moments, t)}
        h, L = {name: mpmath.mpf(value) for name, value in hyper.items()}, d.big(Lambda)
        D = {"A": A * 0, "B": L}
        if space != "euclidean":
            symplectic, places = space.startswith("symplectic"), (len(L), dL.shape[1])
            Y = L[:, frame(space, *places)]
            grad = d.gradient(Y, Y, symplectic) * symplectic
            a = d.adjoint(Y, symplectic) @ grad
            D = {"A": (a - d.adjoint(a, symplectic)) / 2 * (not space.endswith("grassmann")),
                 "B": d.adjoint(L[:, complement(space, *places)], symplectic) @ grad}
        for block in "AB":
            first, second = (result[f"B{k}_{block}_new"] for k in (1, 2))
            W = self._velocity(h, d.big(first), second, t)
            result[f"W_{block}"] = nearest(W - h["learning_rate"] * h["weight_decay"] * D[block]).astype(
                dL.dtype) if np.size(W) else first
        return result

    @precise
    def parallel_transport(self, space, connection, Y, Delta, Z):
        """The series of exp of the operator -[Omega, .]/2 for the Levi-Civita connection."""
        y, z = d.big(Y), d.big(Z)

        def lift(V):
            half = V if space == "grassmann" else V - y @ (y.T @ V) / 2
            return half @ y.T - y @ half.T

        Omega, total, term = lift(d.big(Delta)), z, z
        for k in range(1, 120 if connection == "levi_civita" and space == "stiefel" else 1):
            L = lift(term)
            term = (L @ Omega - Omega @ L) @ y / (2 * k)
            total = total + term
        return nearest(expm(Omega) @ total).astype(Z.dtype)

    @precise
    def component(self, space, Y):
        return np.array(1.0 if Y.shape[0] > Y.shape[1] else float(mpmath.sign(mpmath.det(mpmath.matrix(
            d.big(Y).tolist())))), Y.dtype)

    @precise
    def learning_rate(self, schedule, hyper, t):
        h = {name: mpmath.mpf(value) for name, value in hyper.items()}
        if schedule == "warm_up":
            return float(h["rate"] * min(mpmath.mpf(1), t / h["steps"]))
        s = min(mpmath.mpf(t - 1) / (h["steps"] - 1), mpmath.mpf(1))
        if schedule == "geometric":
            return float(h["eta1"] * (h["eta2"] / h["eta1"])**s)
        rate = h["eta2"] + (h["eta1"] - h["eta2"]) * (1 + mpmath.cospi(s)) / 2
        return float(rate * min(mpmath.mpf(1), t / h["warm_up"]) if schedule == "warm_up_cosine" else rate)

    @precise
    def muon_update(self, space, hyper, A, B, moments):
        """For two columns: the largest value over the angle of the frame block, found by mpmath."""
        h, like = {name: mpmath.mpf(value) for name, value in hyper.items()}, B
        M = {b: h["alpha"] * d.big(moments[f"B1_{b}"]) + d.big(X) for b, X in (("A", A), ("B", B))}
        U, sigma, V = mpmath.svd_r(mpmath.matrix(M["B"].tolist()))
        sign = np.array((U * V).tolist(), object).reshape(B.shape)
        W_A, W_B = M["A"], sign
        if space == "stiefel":
            g, nuclear = M["A"][1, 0], mpmath.fsum(sigma)
            angle = mpmath.findroot(lambda x: g * mpmath.cos(x) - nuclear * mpmath.sin(x), mpmath.atan2(g, nuclear))
            W_A, W_B = mpmath.sin(angle) * np.array([[0, -1], [1, 0]], object), mpmath.cos(angle) * sign
        return {name: nearest(X).astype(like.dtype) if np.size(X) else np.zeros((0, 0), like.dtype) for name, X in (
            ("B1_A_new", M["A"]), ("B1_B_new", M["B"]), ("W_A", -h["learning_rate"] * W_A),
            ("W_B", -h["learning_rate"] * W_B))}
