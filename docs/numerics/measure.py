"""Measure what the tables of these pages state, and write them to tables/.

    PYTHONPATH=tests OPENBLAS_NUM_THREADS=1 python docs/numerics/measure.py [forward] [lengths] [drift] [identities]

needs the packages of the "test" extra, for "lengths" python-flint as well. Each table ends with the date, the machine
and the versions.
"""
from __future__ import annotations

import datetime
import os
import platform
import sys
import time
from pathlib import Path

import decimals
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import scipy
from scipy.linalg import expm

from manifold_opt import Adam, Euclidean, Grassmann, Optimizer, Stiefel, SymplecticGrassmann, SymplecticStiefel
from manifold_opt.groups import symplectic_form
from manifold_opt.sections import TransportedSection
from manifold_opt.verify import IDENTITIES, run
from manifold_opt.version import __version__

matplotlib.use("Agg")
TABLES = Path(__file__).parent / "tables"
EPS = float(np.finfo(float).eps)


def processor() -> str:
    """What the processor calls itself."""
    cpuinfo = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines()
             if line.startswith("model name")] if cpuinfo.exists() else []
    return names[0] if names else platform.processor()


def write(name: str, head: list[str], rows: list[list[str]]) -> None:
    """A list-table with a note on when and where it was measured."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in [head, *rows]:
        lines += [f"   {'*' if i == 0 else ' '} - {cell}" for i, cell in enumerate(row)]
    threads = os.environ.get("OPENBLAS_NUM_THREADS", "default")
    lines += ["", f"*Measured on {datetime.date.today()}, {processor()}, {os.cpu_count()} cores, BLAS threads: "
              f"{threads}; manifold_opt {__version__}, NumPy {np.__version__}, SciPy {scipy.__version__}, Python "
              f"{platform.python_version()}.*", ""]
    TABLES.mkdir(exist_ok=True)
    (TABLES / f"{name}.rst").write_text("\n".join(lines))
    print(f"{name}: {len(rows)} rows")


def exact(function, X: np.ndarray, n: int) -> np.ndarray:
    """The first n columns of a matrix function in 60 digits, rounded."""
    with decimals.digits():
        return decimals.rounded(function(decimals.big(X))[:, :n])


def plain_series(W, n: int) -> np.ndarray:
    """The geodesic from E by the unscaled series of phi_1."""
    N = W.B.shape[0] + n
    B1 = np.block([[W.A / 2, np.eye(n)], [W.B, np.zeros((N - n, n))]])
    B2 = np.block([[np.eye(n), np.zeros((n, N - n))], [W.A / 2, -W.B.T]])
    X, term, total = B2 @ B1, np.eye(2 * n), np.zeros((2 * n, 2 * n))
    for k in range(1, 3000):
        total, term = total + term, term @ X / (k + 1)
    return (np.eye(N) + B1 @ total @ B2)[:, :n]


def forward() -> None:
    """Orthogonality and forward error of the retractions on St(3, 20)."""
    space, rows = Stiefel(20, 3), []
    section = space.global_section(space.canonical_point())
    for norm in (0.1, 1.0, 10.0, 40.0, 50.0, 100.0, 361.0, 767.0):
        rng = np.random.default_rng(0)
        W = section.lift(space.random_tangent(rng, section.point))
        W = W * (norm / np.linalg.norm(W.to_dense()))
        dense = W.to_dense()
        with np.errstate(all="ignore"):
            results = [(section.move(W, "geodesic").point, decimals.expm), (plain_series(W, 3), decimals.expm),
                       (expm(dense)[:, :3], decimals.expm), (section.move(W, "cayley").point, decimals.cayley),
                       (section.move(W, "cayley_factor").point, decimals.cayley)]
        row, show = [f"{norm:g}"], lambda error: f"{error:.0e}" if error < 1e6 else "∞"
        references = {function: exact(function, dense, 3) for function in (decimals.expm, decimals.cayley)}
        for Y, function in results:
            with np.errstate(all="ignore"):
                errors = np.linalg.norm(Y.T @ Y - np.eye(3)), np.linalg.norm(Y - references[function])
            row.append(f"{show(errors[0])} / {show(errors[1])}")
        rows.append(row)
    write("forward", ["norm of the lift", "geodesic", "plain series", "SciPy ``expm``, dense", "Cayley",
                      "Cayley, 2n × 2n"], rows)


SIZES, NORMS = (4, 16, 32, 64, 128), (0.99, 1.01, 10.0, 100.0, 1e3, 1e4, 1e6)
"""Frame columns n of points on St(n, 2n), and norms of the velocities, of part "lengths"."""


def exact_step(W, name: str) -> np.ndarray:
    """The first n columns of the exponential or Cayley transform of a velocity, by balls that prove their rounding."""
    import flint
    flint.ctx.prec = 200
    X = flint.arb_mat([[flint.arb(float(x)) for x in row] for row in W.to_dense()])
    one = flint.arb_mat([[int(i == j) for j in range(X.ncols())] for i in range(X.nrows())])
    R = X.exp() if name == "geodesic" else (one - X / 2).solve(one + X / 2)
    columns = [[R[i, j] for j in range(W.A.shape[-1])] for i in range(X.nrows())]
    assert max(float(entry.rad()) for row in columns for entry in row) < 1e-25
    return np.array([[float(entry.mid()) for entry in row] for row in columns])


def seconds(function) -> float:
    """The least processor time of a call among as many as fit in half a second, at least three."""
    times: list[float] = []
    while len(times) < 3 or sum(times) < 0.5:
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def lengths() -> None:
    """Forward error, defect and cost of one step over n and the norm of the velocity, at E of St(n, 2n)."""
    measured = {name: {} for name in ("geodesic", "cayley")}
    for n in SIZES:
        space = Stiefel(2 * n, n)
        section = TransportedSection.from_dense(np.eye(2 * n), space.tangent_space)
        for norm in NORMS:
            W = space.tangent_space.random(np.random.default_rng(n))
            W = W * (norm / float(W.norm()))
            for name, table in measured.items():
                Y = section.move(W, name).point
                table[n, norm] = (np.linalg.norm(Y - exact_step(W, name)) / EPS, float(space.point_defect(Y)) / EPS,
                                  seconds(lambda: section.move(W, name)))
    heads = [f"norm {norm:g}" for norm in NORMS]
    errors = [[name, str(n), *(f"{table[n, norm][0]:.2g} / {table[n, norm][1]:.2g}" for norm in NORMS)]
              for name, table in measured.items() for n in SIZES]
    costs = [[name, str(n), f"{1e3 * table[n, NORMS[0]][2]:.2g} ms",
              *(f"{table[n, norm][2] / table[n, NORMS[0]][2]:.1f}" for norm in NORMS[1:])]
             for name, table in measured.items() for n in SIZES]
    write("lengths", ["retraction", "n", *heads], errors)
    write("lengths_cost", ["retraction", "n", *heads], costs)
    draw_lengths(measured)


def draw_lengths(measured: dict) -> None:
    """Errors and times of part "lengths" over the norm, a line for each n."""
    figure, axes = plt.subplots(2, 2, figsize=(9, 6.5), sharex=True, sharey="row", layout="constrained")
    for column, (name, table) in zip(axes.T, measured.items()):
        for n in SIZES:
            for ax, kind in zip(column, (0, 2)):
                scale = 1.0 if kind == 0 else 1e3
                ax.loglog(NORMS, [scale * table[n, norm][kind] for norm in NORMS], "o-", markersize=3, label=f"n = {n}")
        column[0].loglog(NORMS, [max(1.0, norm) for norm in NORMS], "k:", label="eps times the norm")
        column[0].set_title(name)
        column[1].set_xlabel("norm of the velocity")
    axes[0, 0].set_ylabel("forward error in eps")
    axes[1, 0].set_ylabel("processor time of a step in ms")
    axes[0, 0].legend(fontsize="small")
    figure.savefig(Path(__file__).parent / "figures" / "lengths.svg", metadata={"Date": None})


def eigenvalues(diagonal: np.ndarray):
    """The gradient of Tr(Y^T M Y) with a diagonal M."""
    return lambda Y: 2 * diagonal.astype(Y.dtype)[:, None] * Y


def decomposition(X: np.ndarray):
    """The gradient of half the squared norm of X - Y Y* X, a function of the symplectic span of Y."""
    def gradient(Y: np.ndarray) -> np.ndarray:
        J, j, data = symplectic_form(len(Y), Y.dtype), symplectic_form(Y.shape[1], Y.dtype), X.astype(Y.dtype)
        F = -(data - Y @ (j.T @ Y.T @ J @ data)) @ data.T
        return F @ J.T @ Y @ j + J @ F.T @ Y @ j.T
    return gradient


def drift() -> None:
    """Largest defect over a training, in units of eps sqrt(N), with and without restoration."""
    rows = []
    large, small, data = np.linspace(1, 5, 49), np.linspace(1, 5, 12), np.random.default_rng(1).normal(size=(12, 20))
    problems = [("St(7, 49)", Stiefel(49, 7), eigenvalues(large), {}),
                ("Gr(7, 49)", Grassmann(49, 7), eigenvalues(large), {}),
                ("SpSt(4, 12)", SymplecticStiefel(12, 4), eigenvalues(small), {"condition": 3.0}),
                ("SpGr(4, 12)", SymplecticGrassmann(12, 4), decomposition(data), {"condition": 3.0})]
    for name, space, gradient, kwargs in problems:
        for dtype in (np.float64, np.float32):
            row = [name, np.dtype(dtype).name]
            for restore in (None, 100):
                Y = space.random_point(np.random.default_rng(0), dtype=dtype, **kwargs)
                optimizer, worst, marks = Optimizer(Adam(1e-3), space, restore=restore), 0.0, []
                state = optimizer.init(Y)
                for step in range(1, 10_001):
                    Y, state = optimizer.step(Y, gradient(Y), state)
                    if step % 20 == 0:
                        worst = max(worst, float(space.point_defect(Y.astype(float))))
                    if step in (100, 1000, 10_000):
                        marks.append(f"{worst / (np.finfo(dtype).eps * np.sqrt(space.shape[0])):.1f}")
                row += marks
            rows.append(row)
    write("drift", ["space", "dtype", "bare, 10² steps", "10³", "10⁴", "restored, 10² steps", "10³", "10⁴"], rows)


def identities() -> None:
    """The largest residual of every identity, over spaces, seeds and condition numbers."""
    spaces = [(Stiefel(6, 2), [10.0]), (Stiefel(40, 10), [10.0]), (Stiefel(4, 4), [10.0]), (Grassmann(30, 7), [10.0]),
              (SymplecticStiefel(8, 4), [10.0, 1000.0]), (SymplecticGrassmann(12, 6), [10.0, 1000.0]),
              (Euclidean(5, 3), [10.0])]
    records = [record for space, conditions in spaces for cond in conditions for seed in range(3)
               for dtype in ("float64", "float32")
               for record in run(space, rng=seed, cond=cond, dtype=dtype, method=Adam()).records]
    failed = [record for record in records if not record.passed]
    rows = []
    for name in IDENTITIES:
        row = [name]
        for dtype in ("float64", "float32"):
            mine = [record for record in records if record.identity == name and record.dtype == dtype]
            ratio = lambda record: record.residual / record.bound if record.bound else record.residual  # noqa: E731
            worst = max(mine, key=ratio, default=None)
            where = "—" if worst is None else f"{worst.space}"
            if worst is not None and worst.condition > 1.01:
                where += f", condition {worst.condition:.0f}"
            row += ["—" if worst is None else f"{ratio(worst):.2f}", where]
        rows.append(row)
    write("identities", ["identity", "float64: residual / bound", "where", "float32: residual / bound", "where"], rows)
    print(f"{len(records)} measurements, {len(failed)} failed")


if __name__ == "__main__":
    parts = {"forward": forward, "lengths": lengths, "drift": drift, "identities": identities}
    for part in sys.argv[1:] or parts:
        parts[part]()
