"""The transformer in PyTorch computes the same; its times, with  python -m pytest tests/benchmarks --benchmark-only."""
from typing import Any

import numpy as np
import pytest
from training_cases import small_images

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


@pytest.mark.parametrize("form", FORMS[1:])
def test_epochs_are_the_same_with_free_weights(form: str) -> None:
    """Where both optimizers are the ordinary Adam, the losses of two epochs agree."""
    ours, theirs = epochs(form, ())
    np.testing.assert_allclose([theirs()[0], theirs()[0]], [ours()[0], ours()[0]], rtol=1e-9)


def test_epochs_begin_with_the_same_loss_on_the_manifold() -> None:
    """The two Adams differ, start, batches, loss and test do not."""
    ours, theirs = epochs(FORMS[1], ("query", "key", "value"))
    (losses, accuracy), (expected_losses, expected_accuracy) = theirs(), ours()
    assert abs(losses[0] - expected_losses[0]) <= tolerance(10, np.float64, 49)
    assert losses[-1] < losses[0] and abs(accuracy - expected_accuracy) < 0.2


def epochs(form: str, constrained: tuple[str, ...]) -> Any:
    """The epoch of either library on small images, in double precision."""
    pytest.importorskip("geoopt", reason="needs the extra benchmark")
    from benchmarks.epoch import library_epoch, torch_epoch
    settings, data = Settings(blocks=2, batch_size=8, dtype="float64", constrained=constrained), small_images()
    return library_epoch(settings, data), torch_epoch(settings, data, form)


@pytest.mark.parametrize("form", FORMS)
def test_loss_and_gradient(benchmark: Any, form: str) -> None:
    from benchmarks.torch_transformer import pass_contender
    rng, model = np.random.default_rng(0), VisionTransformer()
    x, target = rng.random((256, 16, 49), np.float32), one_hot(rng.integers(0, 10, 256))
    benchmark.pedantic(pass_contender(model.init(rng), x, target, form), rounds=5, warmup_rounds=1)
