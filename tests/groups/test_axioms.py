"""The axioms of a group, over groups, dtypes, stacks, seeds, and near the identity."""
import numpy as np
import pytest
from axioms import algebra_dimension, failures, group_axioms

from manifold_opt import OrthogonalGroup, SymplecticGroup, TranslationGroup

GROUPS = [OrthogonalGroup(1), OrthogonalGroup(2), OrthogonalGroup(9), SymplecticGroup(2), SymplecticGroup(8),
          TranslationGroup((2, 3)), TranslationGroup(())]


@pytest.mark.parametrize("near", [None, 1e-1, 1e-4, 0.0])
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("batch", [(), (2,), (2, 3), (0,)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("group", GROUPS, ids=str)
def test_axioms(group, dtype, batch, seed, near):
    assert failures(group_axioms(group, np.random.default_rng(seed), batch, dtype, near)) == []


@pytest.mark.parametrize("group", GROUPS, ids=str)
def test_dimension_is_the_rank_of_the_projection(group):
    assert group.dimension == algebra_dimension(group)


@pytest.mark.parametrize("group", GROUPS, ids=str)
def test_operations_broadcast_over_stacks(group):
    rng = np.random.default_rng(0)
    M, K = group.random(rng, (3, 1)), group.random(rng, (2,))
    products = group.product(M, K)
    assert products.shape == (3, 2, *group.identity().shape)
    for i in range(3):
        for j in range(2):
            np.testing.assert_allclose(products[i, j], group.product(M[i, 0], K[j]), rtol=1e-13, atol=1e-14)
            np.testing.assert_allclose(group.act(M, K)[i, j], group.act(M[i, 0], K[j]), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("group", GROUPS, ids=str)
def test_results_are_arrays_of_their_own(group):
    M = group.random(np.random.default_rng(0))
    for result in (group.inverse(M), group.project_algebra(M), group.product(M, M), group.act(M, M),
                   group.exp(0 * M), group.cayley(0 * M)):
        assert not np.shares_memory(result, M)


def test_a_wrong_group_is_noticed():
    class Wrong:
        """O(3) with the product in the wrong order of an action from the left."""

        def __getattr__(self, name):
            return getattr(OrthogonalGroup(3), name)

        def act(self, M, Y):
            return np.swapaxes(M, -1, -2) @ Y

    assert [name for name, _, _ in failures(group_axioms(Wrong(), np.random.default_rng(0)))] == ["action"]
