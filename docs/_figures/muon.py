"""One gradient, the steps of Adam and Muon, and the same steps from another section."""
import numpy as np
from canvas import new_sheet, put_matrix, put_text

from manifold_opt import Adam, Grassmann
from manifold_opt.optimizers import Muon
from manifold_opt.sections import TransportedSection

PLACES = (1.55, 3.05, 4.55)
ROWS = (2.75, 0.95)


def blocks(turn):
    """The blocks B of the gradient and of the first steps of Adam and Muon from a section turned by h', turned back."""
    space, rng = Grassmann(8, 3), np.random.default_rng(8)
    section = space.global_section(space.random_point(rng))
    turned = TransportedSection(section.point, section.Y_perp @ turn, space.tangent_space)
    dL, zero = rng.normal(size=(8, 3)), space.tangent_space.zero()
    steps = [method.step(turned, dL, method.init(zero), 1)[0] for method in (Adam(1.0), Muon(1.0))]
    return [turn @ X.B for X in (turned.lift_gradient(dL), *steps)]


def draw_two_sections():
    """The upper row from one section, the lower row from another one over the same point."""
    figure, axes = new_sheet(5.3, 3.95)
    other = np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))[0]
    for row, turn, name in ((ROWS[0], np.eye(5), "one section"), (ROWS[1], other, "another section")):
        for place, M in zip(PLACES, blocks(turn)):
            put_matrix(axes, M, (place, row), 0.28)
        put_text(axes, (0.6, row), name.replace(" ", "\n"), fontsize=11)
    for place, name in zip(PLACES, ("gradient", "Adam", "Muon")):
        put_text(axes, (place, 3.72), name, fontsize=12)
    return figure
