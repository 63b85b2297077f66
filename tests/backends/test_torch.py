"""A real second backend, run against every case; its Adam against the one that PyTorch ships."""
import numpy as np
import pytest
from oracle.margins import exceeded

from manifold_opt import Adam, Euclidean, Optimizer, oracle
from manifold_opt.arrays.checks import tolerance
from manifold_opt.oracle.problems import loss_and_gradient

torch = pytest.importorskip("torch", reason="needs the extra torch")


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def backend():
    from backends.torch_backend import TorchBackend
    return TorchBackend()


@pytest.mark.parametrize("group", sorted({case.group for case in oracle.load_cases()}
                                         - {"sections", "stacks", "training", "stiefel_log", "nearest", "transport",
                                            "components", "muon", "decay", "rates"}))
def test_torch_agrees(backend, group):
    oracle_report = oracle.check(backend, group)
    assert oracle_report.passed, str(oracle_report)
    assert not exceeded(oracle_report, "PyTorch")


@pytest.mark.skipif(not torch.__version__.startswith("2.13."), reason="a later matrix_exp may be right")
def test_the_wrong_coefficient_of_matrix_exp_is_found(backend):
    """An error of others that was found with these cases; see pytorch/pytorch issue 196592."""
    class MatrixExp:
        def retract(self, space, retraction, W_A, W_B):
            if retraction == "cayley" or space != "stiefel":
                raise NotImplementedError
            W = np.block([[W_A, -W_B.T], [W_B, np.zeros((len(W_B), len(W_B)), W_B.dtype)]])
            return torch.linalg.matrix_exp(torch.from_numpy(W)).numpy()

    first = oracle.check(MatrixExp(), "stiefel-6x2-float64-*").first_departure
    assert first.quantity == "R" and 1e3 < first.error < 1e5


def test_what_torch_covers(backend):
    report = oracle.check(backend, ["steps_stiefel", "geometry", "transformer", "trajectories"], level="core")
    assert {result.operation for result in report.results} - {result.operation for result in report.covered} == {
        "global_section", "horizontal_lift", "metric", "project_tangent"}


@pytest.mark.parametrize("problem", ["brockett", "procrustes", "symplectic_eigenvalues"])
def test_gradients_of_the_problems_are_those_of_autograd(problem):
    case, = oracle.load_cases(f"{problem}-*x?-adam-cayley")
    data, shape = {name: case.arrays[name] for name in "MDPQ" if name in case.arrays}, case.parameters["shape"]
    point = np.random.default_rng(0).normal(size=shape)
    Y = torch.from_numpy(point).requires_grad_()
    tensors = {name: torch.from_numpy(X) for name, X in data.items()}
    if problem == "procrustes":
        value = torch.sum((tensors["P"] @ Y - tensors["Q"])**2) / 2
    else:
        MY = tensors["M"] @ Y
        value = torch.sum(Y * MY * tensors.get("D", 1.0))
    value.backward()
    loss, gradient = loss_and_gradient(problem, data, point)
    assert abs(loss - value.item()) <= tolerance(20, np.float64, shape[0]) * abs(loss)
    assert np.abs(gradient - Y.grad.numpy()).max() <= tolerance(20, np.float64, shape[0]) * np.abs(gradient).max()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("rho2, delta", [(0.99, 3e-7), (0.999, 1e-3)])
def test_adam_on_a_vector_space_is_the_one_of_torch(dtype, rho2, delta):
    """torch.optim.Adam corrects both moments and adds its eps to the root of the corrected second one, as here."""
    rng = np.random.default_rng(1)
    target, x = rng.normal(size=(2, 7)).astype(dtype)
    tensor = torch.from_numpy(x.copy()).requires_grad_()
    theirs = torch.optim.Adam([tensor], lr=0.01, betas=(0.9, rho2), eps=delta)
    mine = Optimizer(Adam(0.01, 0.9, rho2, delta), Euclidean(7))
    state = mine.init(x)
    for k in range(1, 201):
        theirs.zero_grad()
        (0.25 * torch.sum((tensor - torch.from_numpy(target))**4)).backward()
        # the same gradients for both, so that differences of rounding do not feed back
        gradient = tensor.grad.numpy().copy()
        x, state = mine.step(x, gradient, state)
        theirs.step()
        assert np.abs(x - tensor.detach().numpy()).max() <= tolerance(10 * np.sqrt(k), dtype, 7)


def test_delta_inside_the_root_is_not_torch():
    """The comparison above is able to tell the two places of delta apart."""
    x, gradient, delta = np.zeros(1), np.array([1e-3]), 1e-3
    tensor = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    tensor.grad = torch.from_numpy(gradient)
    torch.optim.Adam([tensor], lr=1.0, betas=(0.9, 0.99), eps=delta).step()
    optimizer = Optimizer(Adam(1.0, 0.9, 0.99, delta), Euclidean(1))
    mine = optimizer.step(x, gradient, optimizer.init(x))[0]
    assert abs(mine[0] - tensor.item()) < 1e-15
    assert abs(mine[0] + gradient[0] / np.sqrt(gradient[0]**2 + delta)) > 0.1
