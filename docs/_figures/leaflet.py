"""The algorithm on one sheet of paper."""
from matplotlib.figure import Figure

INTRODUCTION = (
    r"A loss $L$ on a homogeneous space $\mathcal{M} = G/H$ with the canonical point $E$.",
    r"Given: a point $Y$ and its Euclidean gradient $\nabla L$; a section, that is a group element $\Lambda$",
    r"with $\Lambda E = Y$; and moments $B_1, B_2$, at first 0.",
)

STEPS = (
    ("Riemannian gradient",
     r"$\mathrm{grad}\,L = 2\,P_{\mathfrak{g}}(\nabla L\,Y^T)\,Y$",
     r"on St(n, N):  $\nabla L - Y\,\nabla L^T\,Y$"),
    (r"Lift: the shortest $X \in \mathfrak{g}$ with $XY = \Delta$",
     r"$\Omega(Y, \Delta) = P\,\Delta Y^T - Y\Delta^T P$,   $P = I - \frac{1}{2}YY^T$",
     r"with $\Delta = \mathrm{grad}\,L$"),
    ("Global tangent space",
     r"$\bar B = \Lambda^{-1}\,\Omega\,\Lambda$,  with blocks $A$ and $B$",
     r"$A = Y^T\nabla L - \nabla L^T Y$,   $B = Y_\perp^T\,\nabla L$"),
    ("Moments, entry by entry",
     r"$B_1 \leftarrow \frac{\rho_1 - \rho_1^t}{1 - \rho_1^t}\,B_1 + \frac{1 - \rho_1}{1 - \rho_1^t}\,\bar B$",
     r"$B_2 \leftarrow \frac{\rho_2 - \rho_2^t}{1 - \rho_2^t}\,B_2"
     r" + \frac{1 - \rho_2}{1 - \rho_2^t}\,\bar B \odot \bar B$"),
    ("Velocity, entry by entry",
     r"$W = -\eta\,B_1\,/\,(\sqrt{B_2} + \delta)$",
     r"$\eta = 10^{-3}$, $\rho_1 = 0.9$, $\rho_2 = 0.99$, $\delta = 3 \cdot 10^{-7}$"),
    ("Move the section",
     r"$\Lambda \leftarrow \Lambda\,\mathcal{R}(W)$",
     r"$\exp(W)$  or  $(I - \frac{1}{2}W)^{-1}(I + \frac{1}{2}W)$"),
    ("Read off the point",
     r"$Y = \Lambda E$",
     r"on St(n, N):  the first $n$ columns of $\Lambda$"),
)
"""The seven steps: what is done, the formula, and what it is in practice."""

REMARKS = (
    r"Steps 1 to 3 and 6 know the manifold. Steps 4 and 5 are the method, as for a free weight.",
    r"Gradient descent: $W = -\eta\,\bar B$.   Momentum: $B_1 \leftarrow \alpha B_1 + \bar B$, $W = -\eta B_1$.",
    r"Store $\bar B$ as its blocks $A$ (n × n) and $B$ ((N − n) × n), never as an N × N matrix.",
    r"The moments stay where they are: it is the section that moves. Adam depends on the first section.",
    r"Grassmann: $A = 0$.   Vector space: $\Lambda$ is the translation by $Y$, and the step is the textbook's Adam.",
    r"Symplectic: $M^* = J^T M^T J$ in place of the transpose, and the lift of the right-invariant metric.",
    r"Complex: the conjugate transpose in place of the transpose, and $|\bar B|^2$ in place of $\bar B \odot \bar B$.",
)


def draw_algorithm():
    """A sheet of A4 in portrait."""
    figure = Figure(figsize=(8.27, 11.69), facecolor="white")
    write(figure, 0.94, "Adam on a homogeneous space: one step", fontsize=19)
    write(figure, 0.905, "B. Brantner, Generalizing Adam to Manifolds for Efficiently Training Transformers, "
          "arXiv:2305.16901v4", fontsize=9)
    for k, line in enumerate(INTRODUCTION):
        write(figure, 0.87 - 0.021 * k, line)
    for k, (name, formula, practice) in enumerate(STEPS):
        top = 0.795 - 0.078 * k
        write(figure, top, f"{k + 1}", fontsize=15, color="#1F86E5")
        write(figure, top, name, x=0.12, weight="bold")
        write(figure, top - 0.032, formula, x=0.12, fontsize=12.5)
        write(figure, top - 0.032, practice, x=0.57, fontsize=11.5)
    for k, line in enumerate(REMARKS):
        write(figure, 0.235 - 0.025 * k, line)
    write(figure, 0.045, "Letters and proofs: the pages Notation and Theory in the documentation of manifold_opt.",
          fontsize=9)
    return figure


def write(figure, y, text, x=0.08, **options):
    """One line of text."""
    figure.text(x, y, text, **{"fontsize": 10, "color": "black", "va": "center"} | options)
