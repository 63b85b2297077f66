"""The global tangent space as a vector space: its axioms, coordinates, and the dense forms of its elements."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.tangent import HorizontalElement
from manifold_opt.verify.identities.algebra import horizontal_part
from manifold_opt.verify.identity import Bound, identity
from manifold_opt.verify.trial import Trial

__all__: list[str] = []

PLACE = "v4, section 2 (global tangent space representation)"


@identity("tangent space: axioms of a vector space",
          "X + Z = Z + X, (X + Z) + V = X + (Z + V), X + 0 = X, X - X = 0, (ab)X = a(bX), a(X + Z) = aX + aZ",
          r"X + Z = Z + X,\ (X + Z) + V = X + (Z + V),\ X + 0 = X,\ X - X = 0,\ a(X + Z) = aX + aZ", PLACE, Bound(10),
          needs=("tangent_space",))
def axioms(trial: Trial) -> Array:
    """Commutativity, zero, opposite and unit exactly; the rest relative to the sum of the norms."""
    X, Z, V = _elements(trial)
    zero = trial.space.tangent_space.zero(trial.batch, trial.dtype)
    exact = [((X + Z), (Z + X)), (X + zero, X), (X - X, zero), (X + (-X), zero), (1.0 * X, X), (2.0 * X, X + X)]
    size = X.norm() + Z.norm() + V.norm()
    residuals = [np.full(trial.batch, 0.0 if _same(*pair) else 1.0) for pair in exact]
    residuals += [trial.relative(difference.norm(), size) for difference in (
        ((X + Z) + V) - (X + (Z + V)), 0.3 * (0.7 * X) - 0.21 * X, 0.7 * (X + Z) - (0.7 * X + 0.7 * Z),
        (0.3 * X + 0.7 * X) - X, X / 3.0 - X * (1 / 3.0))]
    return np.asarray(np.max(residuals, axis=0))


@identity("tangent space: dense forms", "dense(aX + Z) = a dense(X) + dense(Z), hor(dense(X)) = X, dense(X) in g^hor",
          r"aX + Z \mapsto a\bar X + \bar Z,\ \mathrm{hor}(\bar X) = X", PLACE, Bound(10), needs=("tangent_space",))
def dense_forms(trial: Trial) -> Array:
    """A linear map into the algebra, with the horizontal part as its inverse, relative to the sum of the norms."""
    space, (X, Z, _) = trial.space.tangent_space, _elements(trial)
    combined = (0.7 * X + Z).to_dense() - (trial.dtype.type(0.7) * X.to_dense() + Z.to_dense())
    residuals = [trial.relative(combined, X.norm() + Z.norm()),
                 np.full(trial.batch, 0.0 if _same(space.horizontal_part(X.to_dense()), X) else 1.0)]
    if trial.adjoint is not None:
        dense = X.to_dense()
        residuals += [trial.relative(dense + trial.adjoint(dense), X.norm()),
                      trial.relative(dense - horizontal_part(trial, dense), X.norm())]
    return np.asarray(np.max(residuals, axis=0))


@identity("tangent space: coordinates", "element(coordinates(X)) = X, <X, Z> = coordinates(X) . coordinates(Z)",
          r"\langle X, Z\rangle = c(X)\cdot c(Z)", PLACE, Bound(10), needs=("tangent_space", "dimension"))
def coordinates(trial: Trial) -> Array:
    """An isometry onto R^d with d the dimension of the space, relative to the norms."""
    space, (X, Z, _) = trial.space.tangent_space, _elements(trial)
    c, d = space.coordinates(X), space.coordinates(Z)
    residuals = [np.full(trial.batch, float(c.shape != (*trial.batch, trial.space.dimension))),
                 trial.relative((space.element(c) - X).norm(), X.norm()),
                 trial.relative(X.inner(Z) - np.sum(c * d, axis=-1), X.norm(), Z.norm()),
                 trial.relative(X.norm() - np.linalg.norm(c, axis=-1), X.norm())]
    return np.asarray(np.max(residuals, axis=0))


@identity("tangent space: projection of the frame block", "P P a = P a, <P a, b> = <a, P b>, P A = A",
          r"P^2 = P,\ \langle Pa, b\rangle = \langle a, Pb\rangle", PLACE, Bound(10), needs=("tangent_space",),
          where=("matrix spaces",))
def frame_projection(trial: Trial) -> Array:
    """The orthogonal projection onto the frame blocks, relative to the norms."""
    space, (n, _) = trial.space.tangent_space, trial.space.tangent_space.A_shape
    a, b = trial.normal("a", (n, n)), trial.normal("b", (n, n))
    Pa, Pb, A = space.project_frame(a), space.project_frame(b), _elements(trial)[0].A
    return np.asarray(np.max([trial.relative(space.project_frame(Pa) - Pa, trial.norm(a)),
                              trial.relative(trial.dot(Pa, b) - trial.dot(a, Pb), trial.norm(a), trial.norm(b)),
                              trial.relative(space.project_frame(A) - A, np.maximum(1.0, trial.norm(A)))], axis=0))


def _elements(trial: Trial) -> tuple[HorizontalElement, HorizontalElement, HorizontalElement]:
    """Three random elements."""
    trial.only_with_scale_one()
    X, Z, V = (trial.space.tangent_space.random(trial.rng(f"tangent space {name}"), trial.batch, trial.dtype)
               for name in "XZV")
    return X, Z, V


def _same(X: HorizontalElement, Z: HorizontalElement) -> bool:
    return np.array_equal(X.A, Z.A) and np.array_equal(X.B, Z.B)
