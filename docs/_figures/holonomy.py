"""A vector that is carried around a triangle of the sphere."""
import numpy as np

from manifold_opt import plotting

CORNERS = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.5, np.sqrt(0.75), 0.0]])
"""The triangle of the chapter on transport, with the area pi / 3."""


def draw_carried_vector():
    """The vector as it starts, along the way, and as it comes back."""
    figure, axes = plotting.new_figure(kinds="space", size=(3.6, 3.6))
    plotting.draw_holonomy(plotting.draw_sphere(axes), CORNERS, np.array([0.8, 0.6, 0.0]))
    return figure
