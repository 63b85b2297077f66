"""What the oracle calls: the functions of this port with NumPy arrays.

    python -m manifold_opt oracle check jax_backend:JaxBackend
"""
import jax
import jax.numpy as jnp
import jax_frames
import jax_manifold
import jax_transformer
import jax_unitary
import numpy as np

FUNCTIONS = {jax_manifold: ("riemannian_gradient", "lift", "lift_gradient", "horizontal_lift", "metric",
                            "project_tangent", "update", "retract", "move", "step"),
             jax_frames: ("restore", "reflector_section", "reflector_lift", "reflector_move", "inverse_cayley",
                          "principal_angles", "grassmann_distance", "grassmann_log"),
             jax_transformer: ("transformer_forward", "transformer_gradient", "training", "riemannian_gradient_stack",
                               "lift_gradient_stack", "retract_stack", "move_stack"),
             jax_unitary: ("unitary_section", "unitary_gradient", "unitary_lift_gradient", "unitary_update",
                           "unitary_retract", "unitary_move", "unitary_step", "unitary_energy")}


def adapted(function):
    """A function of JAX as one of NumPy: arrays become JAX arrays, answers NumPy arrays."""
    def from_numpy(value):
        return jnp.asarray(value) if isinstance(value, np.ndarray) else value

    def call(*arguments):
        return jax.tree.map(np.asarray, function(*jax.tree.map(from_numpy, arguments)))
    return staticmethod(call)


class JaxBackend:
    """The functions by name; points off the manifold are refused here, at the border."""

    @staticmethod
    def global_section(space, Y):
        if space != "euclidean":
            defect = np.abs(jax_manifold.adjoint(space, jnp.asarray(Y)) @ Y - np.eye(Y.shape[1])).max()
            allowed = 100 * np.finfo(Y.dtype).eps * max(1.0, float(np.sum(Y * Y)))
            if not defect <= allowed:
                raise ValueError(f"Y must satisfy Y* Y = I: defect {defect:.1e}, tolerance {allowed:.1e}")
        return np.asarray(jax_manifold.global_section(space, jnp.asarray(Y)))


for module, names in FUNCTIONS.items():
    for name in names:
        setattr(JaxBackend, name, adapted(getattr(module, name)))
