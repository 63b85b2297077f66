"""Where the blocks of the global tangent space lie in the matrices of the Lie algebra."""
import numpy as np

from manifold_opt import Grassmann, Stiefel, SymplecticStiefel, plotting


def draw_blocks():
    """The splitting for the three kinds of spaces, with the columns of their canonical points as frames."""
    figure, (stiefel, grassmann, symplectic) = plotting.new_figure(3, kinds="picture", size=(2.3, 2.5))
    plotting.draw_splitting(stiefel, 6, frame(Stiefel(6, 2)), "St(2, 6)")
    plotting.draw_splitting(grassmann, 6, frame(Grassmann(6, 2)), "Gr(2, 6)", grassmann=True)
    plotting.draw_splitting(symplectic, 8, frame(SymplecticStiefel(8, 4)), "SpSt(4, 8)", transposed="^*")
    return figure


def frame(space):
    """The rows in which the canonical point has its ones."""
    return np.flatnonzero(space.canonical_point().sum(axis=1))
