"""The Lie groups that act: orthogonal, symplectic, translations (paper v4, section 2)."""
from manifold_opt.groups.base import IsometryGroup, LieGroup
from manifold_opt.groups.orthogonal import OrthogonalGroup
from manifold_opt.groups.symplectic import SymplecticGroup
from manifold_opt.groups.translation import TranslationGroup

__all__ = ["IsometryGroup", "LieGroup", "OrthogonalGroup", "SymplecticGroup", "TranslationGroup"]
