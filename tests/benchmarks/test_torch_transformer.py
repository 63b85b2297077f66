"""The transformer in PyTorch computes the same; its times, with  python -m pytest tests/benchmarks --benchmark-only."""
from typing import Any

import numpy as np
import pytest

from manifold_opt.arrays import leaves, tolerance
from manifold_opt.experiments import Settings
from manifold_opt.network import VisionTransformer, one_hot

pytest.importorskip("torch", reason="needs the extra benchmark")

FORMS = ["PyTorch, heads as batch", "PyTorch, one product", "PyTorch, one product, fused attention"]


@pytest.mark.parametrize("form", FORMS)
def test_gradients_of_autograd_are_those_written_by_hand(form: str) -> None:
    from benchmarks.torch_transformer import pass_contender
    rng, model = np.random.default_rng(0), VisionTransformer(blocks=3)
    params, x, target = model.init(rng, np.float64), rng.random((5, 16, 49)), one_hot(np.arange(5), dtype=np.float64)
    expected_loss, expected = model.loss_and_gradient(params, x, target)
    loss, grads = pass_contender(params, x, target, form)()
    assert abs(loss - expected_loss) <= tolerance(10, np.float64, 49)
    for (path, dY), (_, dZ) in zip(leaves(expected), leaves(grads), strict=True):
        np.testing.assert_allclose(dZ, dY, rtol=0, atol=tolerance(100, np.float64, 49) * abs(dY).max(), err_msg=path)


def test_the_epoch_in_pytorch_trains() -> None:
    """The first epoch of a shallow model with either library ends at a like accuracy, well above chance."""
    pytest.importorskip("geoopt", reason="needs the extra benchmark")
    from benchmarks.epoch import library_epoch, torch_epoch
    settings: Any = Settings(blocks=2, threads=1)
    accuracies = [epoch() for epoch in (library_epoch(settings), torch_epoch(settings, FORMS[1]))]
    assert min(accuracies) > 0.3 and abs(accuracies[0] - accuracies[1]) < 0.2


@pytest.mark.parametrize("form", FORMS)
def test_loss_and_gradient(benchmark: Any, form: str) -> None:
    from benchmarks.torch_transformer import pass_contender
    rng, model = np.random.default_rng(0), VisionTransformer()
    x, target = rng.random((256, 16, 49), np.float32), one_hot(rng.integers(0, 10, 256))
    benchmark.pedantic(pass_contender(model.init(rng), x, target, form), rounds=5, warmup_rounds=1)
