"""What the pages say of the symplectic lift: by a Gram matrix it departs far out, by QR it does not."""
import numpy as np
import pytest

from manifold_opt import SymplecticGroup, oracle
from manifold_opt.groups import symplectic_form


def dense(Z, Q, V, J):
    return Z @ Q.T - V @ (Z - V @ (V.T @ Z)).T @ J


class Printed:
    """The formulas with K^-1, the metric representative by a Gram matrix."""

    def horizontal_lift(self, space, Y, Delta):
        if space != "symplectic_grassmann":
            raise NotImplementedError("of the symplectic Grassmann manifold only")
        J, K1, identity = symplectic_form(len(Y), Y.dtype.type), np.linalg.inv(Y.T @ Y), np.eye(len(Y), dtype=Y.dtype)

        def lift(X):
            return X @ K1 @ Y.T + J @ Y @ K1 @ X.T @ (identity - J.T @ Y @ K1 @ Y.T @ J) @ J

        fibers = [Y @ A for A in algebra(Y.shape[1], Y.dtype)]
        lifts, target = [lift(V) for V in fibers], lift(Delta)
        gram = np.array([[np.sum(a * b) for b in lifts] for a in lifts])
        weights = np.linalg.solve(gram, np.array([np.sum(a * target) for a in lifts]))
        return lift(Delta - np.tensordot(weights, fibers, 1))


class ByQR:
    """The same by Y = QS and least squares."""

    def horizontal_lift(self, space, Y, Delta):
        if space != "symplectic_grassmann":
            raise NotImplementedError("of the symplectic Grassmann manifold only")
        J, (Q, S) = symplectic_form(len(Y), Y.dtype.type), np.linalg.qr(Y)
        V, half = J.T @ Q, Y.dtype.type(1 - np.sqrt(0.5))

        def over(X):
            return np.linalg.solve(S.T, X.T).T

        def root(Z):
            return (Z - half * V @ (V.T @ Z)).ravel()

        fibers, Z = [over(Y @ A) for A in algebra(Y.shape[1], Y.dtype)], over(Delta)
        weights = np.linalg.lstsq(np.stack([root(F) for F in fibers], axis=1), root(Z), rcond=None)[0]
        return dense(Z - np.tensordot(weights, fibers, 1), Q, V, J)


def algebra(n, dtype):
    """A basis of sp(n)."""
    group = SymplecticGroup(n)
    unit = [group.project_algebra(np.eye(n * n)[k].reshape(n, n)) for k in range(n * n)]
    _, _, rows = np.linalg.svd(np.array(unit).reshape(n * n, -1))
    return rows[:n * (n + 1) // 2].reshape(-1, n, n).astype(dtype)


@pytest.mark.parametrize("dtype, conditions", [("float64", (100, 1000)), ("float32", (1000,))])
def test_the_printed_form_departs_and_that_by_qr_does_not(dtype, conditions):
    start = f"symplectic_grassmann-8x4-{dtype}-condition"
    far = [f"{start}{condition}-geometry" for condition in conditions]
    printed = oracle.check(Printed(), far, operations=["horizontal_lift"])
    assert len(printed.departures) == len(far) and all(100 < result.error < 5000 for result in printed.departures)
    assert oracle.check(Printed(), f"{start}1-geometry", operations=["horizontal_lift"])
    assert oracle.check(ByQR(), f"{start}*-geometry", operations=["horizontal_lift"])
