"""The homogeneous spaces of the paper (v4, section 2) and their symplectic counterparts."""
from manifold_opt.spaces.base import HomogeneousSpace
from manifold_opt.spaces.complex_grassmann import ComplexGrassmann
from manifold_opt.spaces.complex_stiefel import ComplexStiefel
from manifold_opt.spaces.euclidean import Euclidean
from manifold_opt.spaces.grassmann import CutLocusWarning, Grassmann
from manifold_opt.spaces.matrix_space import MatrixSpace
from manifold_opt.spaces.product import Product
from manifold_opt.spaces.pseudo_riemannian_space import PseudoRiemannianSpace
from manifold_opt.spaces.stiefel import Stiefel
from manifold_opt.spaces.symplectic_grassmann import SymplecticGrassmann
from manifold_opt.spaces.symplectic_stiefel import SymplecticStiefel

__all__ = ["ComplexGrassmann", "ComplexStiefel", "CutLocusWarning", "Euclidean", "Grassmann", "HomogeneousSpace",
           "MatrixSpace", "Product", "PseudoRiemannianSpace", "Stiefel", "SymplecticGrassmann", "SymplecticStiefel"]
