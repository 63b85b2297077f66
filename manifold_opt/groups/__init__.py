"""The Lie groups that act: orthogonal, unitary, symplectic, translations (paper v4, section 2)."""
from manifold_opt.groups.adjoint import Adjoint
from manifold_opt.groups.base import LieGroup, MatrixGroup
from manifold_opt.groups.orthogonal import OrthogonalGroup, TransposeAdjoint
from manifold_opt.groups.symplectic import SymplecticAdjoint, SymplecticGroup, symplectic_form
from manifold_opt.groups.translation import TranslationGroup
from manifold_opt.groups.unitary import ConjugateTransposeAdjoint, UnitaryGroup

__all__ = ["Adjoint", "ConjugateTransposeAdjoint", "LieGroup", "MatrixGroup", "OrthogonalGroup", "SymplecticAdjoint",
           "SymplecticGroup", "TranslationGroup", "TransposeAdjoint", "UnitaryGroup", "symplectic_form"]
