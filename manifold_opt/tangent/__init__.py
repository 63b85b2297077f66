"""The global tangent spaces of the homogeneous spaces and their elements (paper v4, section 2)."""
from manifold_opt.tangent.direct_sum import DirectSum
from manifold_opt.tangent.element import HorizontalElement
from manifold_opt.tangent.global_tangent_space import GlobalTangentSpace, MatrixTangentSpace
from manifold_opt.tangent.reductive import ReductiveTangentSpace
from manifold_opt.tangent.symmetric import SymmetricTangentSpace
from manifold_opt.tangent.vector import VectorTangentSpace

__all__ = ["DirectSum", "GlobalTangentSpace", "HorizontalElement", "MatrixTangentSpace",
           "ReductiveTangentSpace", "SymmetricTangentSpace", "VectorTangentSpace"]
