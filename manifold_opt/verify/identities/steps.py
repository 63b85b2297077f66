"""The group element R(W) of a step at every length: in the group, made of W alone, the same by both Cayley forms."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.sections import RetractionError, TransportedSection, cayley_derivative
from manifold_opt.tangent import HorizontalElement
from manifold_opt.verify.differences import velocity
from manifold_opt.verify.identity import Bound, identity
from manifold_opt.verify.trial import NotCovered, Trial

__all__ = ["LENGTHS", "RUN_STEPS"]

PLACE = "v4, section 4 (retractions)"
LENGTHS = (1e-12, 1e-3, 1.0, 5.0, 100.0, 1e4, 1e6)
"""Lengths of the steps; on the quotients of Sp(N2) those above 1 may be refused with a RetractionError."""
RUN_STEPS = 16
"""Number of steps of a run."""
SECTION = ("global_section", "tangent_space")


@identity("step: in the group at every length", "R(W)* R(W) = I, |W| = 1e-12 to 1e6",
          r"\mathcal R(W)^*\mathcal R(W) = I,\ 10^{-12} \le \|W\| \le 10^6", PLACE, Bound(40), needs=SECTION,
          where=("matrix spaces", "of positive dimension"))
def step_in_group(trial: Trial) -> Array:
    """Every retraction, from the identity, relative to the size of a step."""
    residuals = [trial.space.group.defect(R) / _size(trial, W, R, name)
                 for name in ("geodesic", "cayley", "cayley_factor") for W, R in _steps(trial, name)]
    return np.asarray(np.max(residuals, axis=0))


@identity("step: linear in the section", "Lambda (I + D) -> Lambda (I + D) R(W), |D| = eps^(3/4)",
          r"\Lambda(I + D) \leftarrow \Lambda(I + D)\,\mathcal R(W)", PLACE, Bound(40), needs=SECTION,
          where=("matrix spaces", "of positive dimension"))
def step_linear(trial: Trial) -> Array:
    """From a section with a defect, which a step must not multiply, relative to |Lambda| times the size of a step."""
    D = trial.normal("defect", (trial.N, trial.N))
    D = D * (trial.eps**0.75 / np.linalg.norm(D, axis=(-2, -1), keepdims=True)).astype(trial.dtype)
    disturbed, residuals = trial.Lambda() + trial.Lambda() @ D, []
    for name in ("geodesic", "cayley"):
        for W, R in _steps(trial, name):
            moved = _moved(TransportedSection.from_dense(disturbed, trial.space.tangent_space), W, name)
            if moved is not None:
                residuals.append(trial.relative(moved - disturbed @ R, trial.Lambda_norm(), _size(trial, W, R, name)))
    return np.asarray(np.max(residuals, axis=0))


@identity("step: of the reflector section", "Y = Lambda R(W) E, |W| = 1e-12 to 1e6",
          r"Y \leftarrow \Lambda\,\mathcal R(W)E,\ 10^{-12} \le \|W\| \le 10^6", PLACE, Bound(40, p=1), needs=SECTION,
          where=("matrix spaces", "of positive dimension"))
def step_of_reflector(trial: Trial) -> Array:
    """The moved point against the dense product, relative to |Lambda| times the size of a step."""
    section, Lambda, residuals = trial.section("reflector"), trial.Lambda("reflector"), []
    frame = trial.adjoint.frame(*trial.shape)
    for name in ("geodesic", "cayley"):
        for W, R in _steps(trial, name):
            try:
                point = section.move(W, name).point
            except ValueError:
                # the point after a step may have no reflector on quotients of Sp(N2)
                if trial.is_isometric:
                    raise
                continue
            residuals.append(trial.relative(point - (Lambda @ R)[..., frame], trial.Lambda_norm("reflector"),
                                            _size(trial, W, R, name)))
    if not residuals:
        raise NotCovered("no step has a reflector section")
    return np.asarray(np.max(residuals, axis=0))


@identity("step: closed-form Cayley is the low-rank one", "cayley = cayley_factor, |W| = 1e-12 to 1e6",
          r"I + B'(I - \tfrac12B''B')^{-1}B'' = (I - \tfrac12W)^{-1}(I + \tfrac12W)", PLACE, Bound(40), needs=SECTION,
          where=("matrix spaces", "of positive dimension"))
def cayley_twins(trial: Trial) -> Array:
    """The two ways of the library to the Cayley transform, relative to the size of a step."""
    plain = _by_length(trial, "cayley_factor")
    residuals = [trial.relative(R - plain[length], _size(trial, _of_length(trial, length), R, "cayley"))
                 for length, R in _by_length(trial, "cayley").items() if length in plain]
    return np.asarray(np.max(residuals, axis=0))


@identity("step: derivative of Cayley along its length", "d/dt cay(tX) = M X M, M = (I - tX/2)^-1",
          r"\tfrac{d}{dt}\mathrm{cay}(tX) = MXM,\ M = (I - \tfrac t2X)^{-1}",
          "N. J. Higham, Functions of Matrices, 2008, chapter 3", Bound(40, q=0.8, p=1), needs=(*SECTION, "group"),
          where=("matrix spaces", "of positive dimension"))
def cayley_slope(trial: Trial) -> Array:
    """Of the moved section, by differences, at lengths where the slope of exp is wrong, relative to |Lambda| |M|^2."""
    section, residuals = trial.section("transported"), []
    for length in (0.5, 1.0, 2.0, 3.0) if trial.is_isometric else (0.25,):
        W = _of_length(trial, length)
        X, one = W.to_dense(), np.eye(trial.N, dtype=trial.dtype)
        M = np.linalg.inv(one - 0.5 * X)
        measured = velocity(lambda t: np.asarray(section.move(W * (1 + t), "cayley").to_dense()), trial.dtype)
        residuals.append(trial.relative(measured - trial.Lambda() @ M @ X @ M, trial.Lambda_norm(),
                                        _spectral(M) ** 2))
    return np.asarray(np.max(residuals, axis=0))


@identity("step: derivative of Cayley in blocks",
          "M X M = cay(tX) M* X M; in blocks m*Am and B(m - t/2 m*Am), m = (I - t/2 A + t^2/4 B*B)^-1",
          r"MXME = \mathrm{cay}(tX)\,[m^*Am;\ B(m - \tfrac t2m^*Am)],\ m = (I - \tfrac t2A + \tfrac{t^2}4B^*B)^{-1}",
          "block elimination of the derivative", Bound(40, p=1), needs=SECTION,
          where=("matrix spaces", "of positive dimension"))
def cayley_derivative_in_blocks(trial: Trial) -> Array:
    """The slope along a Cayley step that BFGS takes, against the dense one, relative to |Lambda| |M|^2."""
    residuals, frame, W = [], trial.adjoint.frame(*trial.shape), _of_length(trial, 1.0)
    for t in (0.5, 1.0, 3.0) if trial.is_isometric else (0.25,):
        X, one = W.to_dense(), np.eye(trial.N, dtype=trial.dtype)
        M = np.linalg.inv(one - 0.5 * t * X)
        moved = trial.section("transported").move(W * t, "cayley")
        difference = moved.push(cayley_derivative(W, t)) - (trial.Lambda() @ M @ X @ M)[..., frame]
        # the lift drops what is vertical
        residuals.append(trial.relative(moved.push(moved.lift(difference)), trial.Lambda_norm(), _spectral(M) ** 2))
    return np.asarray(np.max(residuals, axis=0))


@identity("run: steps of all lengths stay on the space",
          f"defects of Y and Lambda after {RUN_STEPS} steps, |W| = 1e-12 to 1e6",
          rf"\|Y_k^*Y_k - I\|, \|\Lambda_k^*\Lambda_k - I\|,\ k = {RUN_STEPS}", PLACE,
          Bound(50 * np.sqrt(RUN_STEPS)), needs=(*SECTION, "point_defect", "group"),
          where=("quotients of O(N)", "of positive dimension"))
def run_of_all_lengths(trial: Trial) -> Array:
    """Random directions and lengths, no restoration, both retractions and sections, point and section at the end."""
    _direction(trial)
    defects = []
    for kind in ("transported", "reflector"):
        for name in ("geodesic", "cayley"):
            section, rng = trial.section(kind), trial.rng(f"run {kind} {name}")
            for _ in range(RUN_STEPS):
                W = trial.space.tangent_space.random(rng, trial.batch, trial.dtype)
                lengths = 10.0 ** rng.uniform(np.log10(LENGTHS[0]), np.log10(LENGTHS[-1]), trial.batch)
                section = section.move(W.scale(lengths / W.norm()), name)
            defects += [trial.space.point_defect(section.point), trial.space.group.defect(section.to_dense())]
    return np.asarray(np.max(defects, axis=0))


def _direction(trial: Trial) -> HorizontalElement:
    """Velocities of norm one; the lengths of these steps are their own, and measured once."""
    trial.only_with_scale_one()
    return trial.W.scale(1.0 / trial.W.norm())


def _of_length(trial: Trial, length: float) -> HorizontalElement:
    """The velocity of the trial with a norm of its own."""
    return _direction(trial).scale(np.full(trial.batch, length))


def _steps(trial: Trial, name: str) -> Iterator[tuple[HorizontalElement, Array]]:
    """Velocities of all lengths with their dense group elements R(W)."""
    for length, R in _by_length(trial, name).items():
        yield _of_length(trial, length), R


def _by_length(trial: Trial, name: str) -> dict[float, Array]:
    """The dense group elements of all lengths, from the identity, on quotients of Sp(N2) where they are defined."""
    elements: dict[float, Array] = trial.once(f"group elements of {name}", lambda: _moved_from_identity(trial, name))
    return elements


def _moved_from_identity(trial: Trial, name: str) -> dict[float, Array]:
    one = np.broadcast_to(np.eye(trial.N, dtype=trial.dtype), (*trial.batch, trial.N, trial.N)).copy()
    section = TransportedSection.from_dense(one, trial.space.tangent_space)
    moved = {length: _moved(section, _of_length(trial, length), name) for length in LENGTHS}
    refused = [length for length, R in moved.items() if R is None]
    if refused and (trial.is_isometric or min(refused) <= 1e-3):
        raise RetractionError(f"{name} must be defined at length {min(refused):g}")
    return {length: R for length, R in moved.items() if R is not None}


def _moved(section: TransportedSection, W: HorizontalElement, name: str) -> Array | None:
    """The dense section after a step, or None if the step is refused."""
    try:
        return np.asarray(section.move(W, name).to_dense())
    except RetractionError:
        return None


def _size(trial: Trial, W: HorizontalElement, R: Array, name: str) -> Array:
    """What the rounding of a step is measured by: one on O(N), where a step is a rotation made of short factors.

    On Sp(N2) it is |R|^2 times the condition number of the map: at least |W| for the exponential; for Cayley
    (1 + |W|/2) cond(I - W/2), which bounds that of M, the Schur complement of I - W/2 in its frame block, since the
    inverse of M is the frame block of the inverse, and the norm of M at most (1 + |W|/2)^2.
    """
    if trial.is_isometric:
        return np.ones(trial.batch)
    size = _spectral(R) ** 2
    if name == "geodesic":
        return np.asarray(size * np.maximum(1.0, W.norm()))
    dense = np.eye(trial.N) - 0.5 * W.to_dense().astype(np.float64)
    return np.asarray(size * (1 + 0.5 * W.norm()) * np.linalg.cond(dense))


def _spectral(M: Array) -> Array:
    """Spectral norms of matrices (..., N, N)."""
    return np.asarray(np.linalg.norm(M, ord=2, axis=(-2, -1)))
