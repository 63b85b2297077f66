"""The axioms of a group and of its action, at random elements and next to the identity."""
from __future__ import annotations

from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.verify.identity import Bound, identity
from manifold_opt.verify.trial import NotCovered, Trial

__all__: list[str] = []

PLACE = "v4, section 2"
NEAR = 1e-6
"""Length of the algebra elements whose exponentials are next to the identity."""


@identity("group: closed", "M, K in G: MK in G, M^-1 in G, I in G", r"MK,\ M^{-1},\ I \in G", PLACE, Bound(20),
          needs=("group",))
def closed(trial: Trial) -> Array:
    """The defects, relative to the squared sizes."""
    group, (M, K, L) = _group(trial), _elements(trial)
    products = [(K, L), (M, K), (M, group.inverse(M))]
    residuals = [group.defect(group.product(*pair)) / (_size(trial, pair[0]) * _size(trial, pair[1])) ** 2
                 for pair in products]
    residuals += [group.defect(group.inverse(M)) / _size(trial, M) ** 2,
                  np.broadcast_to(group.defect(group.identity(trial.dtype)), trial.batch)]
    return np.asarray(np.max(residuals, axis=0))


@identity("group: associative", "(MK)L = M(KL)", r"(MK)L = M(KL)", PLACE, Bound(20), needs=("group",))
def associative(trial: Trial) -> Array:
    """Relative to the product of the sizes; one of the elements is next to the identity."""
    group, (M, K, L) = _group(trial), _elements(trial)
    size = _size(trial, M) * _size(trial, K) * _size(trial, L)
    return trial.relative(group.product(group.product(M, K), L) - group.product(M, group.product(K, L)), size)


@identity("group: identity and inverse", "IM = MI = M, M^-1 M = M M^-1 = I",
          r"IM = MI = M,\ M^{-1}M = MM^{-1} = I", PLACE, Bound(20), needs=("group",))
def neutral(trial: Trial) -> Array:
    """The identity exactly, the inverse relative to the squared size."""
    group, residuals = _group(trial), []
    one = np.broadcast_to(group.identity(trial.dtype), _elements(trial)[0].shape)
    for M in _elements(trial):
        inverse = group.inverse(M)
        residuals.append(np.full(trial.batch, 0.0 if np.array_equal(group.product(one, M), M)
                                 and np.array_equal(group.product(M, one), M) else 1.0))
        residuals += [trial.relative(product - one, _size(trial, M) ** 2)
                      for product in (group.product(inverse, M), group.product(M, inverse))]
    return np.asarray(np.max(residuals, axis=0))


@identity("group: acts on the space", "I.Y = Y, M.(K.Y) = (MK).Y, M.Y on the space",
          r"I\cdot Y = Y,\ M\cdot(K\cdot Y) = (MK)\cdot Y", PLACE, Bound(20), needs=("group", "point_defect"))
def acts(trial: Trial) -> Array:
    """Relative to the product of the sizes; the new point relative to the squared size."""
    group, (M, K, _), Y = _group(trial), _elements(trial), trial.Y
    one = np.broadcast_to(group.identity(trial.dtype), M.shape)
    size = _size(trial, M) * _size(trial, K) * trial.sigma
    residuals = [np.full(trial.batch, 0.0 if np.array_equal(group.act(one, Y), Y) else 1.0),
                 trial.relative(group.act(M, group.act(K, Y)) - group.act(group.product(M, K), Y), size),
                 trial.space.point_defect(group.act(M, Y)) / (_size(trial, M) * trial.sigma) ** 2]
    return np.asarray(np.max(residuals, axis=0))


@identity("group: transitive", "the section is a group element with Lambda.E = Y", r"\lambda(Y)\cdot E = Y", PLACE,
          Bound(20), needs=("group", "global_section", "canonical_point"))
def transitive(trial: Trial) -> Array:
    """The homogeneous space is the orbit of its canonical point, relative to the size of the section."""
    group, Lambda = _group(trial), trial.Lambda()
    E = np.broadcast_to(trial.space.canonical_point(trial.dtype), trial.Y.shape)
    return trial.relative(group.act(Lambda, E) - trial.Y, _size(trial, Lambda))


def _group(trial: Trial) -> Any:
    group = trial.space.group
    if not hasattr(group, "product"):
        raise NotCovered("needs a group with product and act")
    trial.only_with_scale_one()
    return group


def _elements(trial: Trial) -> tuple[Array, Array, Array]:
    """Two random elements, of the trial's condition number where they have one, and one next to the identity."""
    elements: tuple[Array, Array, Array] = trial.once("elements of the group", lambda: _drawn(trial))
    return elements


def _drawn(trial: Trial) -> tuple[Array, Array, Array]:
    group = _group(trial)
    if trial.adjoint is None:
        M, K = (np.asarray(group.random(trial.rng(name), trial.batch, trial.dtype)) for name in ("M", "K"))
        return M, K, np.asarray(group.exp(group.project_algebra(trial.dtype.type(NEAR) * M)))
    M, K = (trial.group_element(name, condition=trial.cond**0.5) for name in ("M", "K"))
    return M, K, np.asarray(group.exp(trial.algebra("near") * trial.dtype.type(NEAR)))


def _size(trial: Trial, M: Array) -> Array:
    """Spectral norms of matrices, and lengths (at least 1) of translations."""
    if trial.adjoint is None:
        return np.maximum(1.0, trial.norm(M))
    return np.asarray(np.linalg.norm(M, ord=2, axis=(-2, -1)))
