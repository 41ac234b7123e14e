"""The sampler: complete, shuffled, and resumable from two integers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netloom.data.draws import draw_bits, draw_uniform
from netloom.data.sampler import EpochSampler, SamplerPosition


@given(
    num_items=st.integers(1, 200),
    batch_size=st.integers(1, 64),
    seed=st.integers(0, 2**32 - 1),
    epoch=st.integers(0, 1000),
)
def test_an_epoch_visits_every_item_once(
    num_items: int, batch_size: int, seed: int, epoch: int
) -> None:
    sampler = EpochSampler(num_items, batch_size, seed)
    batches = list(sampler.batches(SamplerPosition(epoch)))
    assert len(batches) == sampler.batches_per_epoch
    assert sorted(np.concatenate(batches).tolist()) == list(range(num_items))
    sizes = {len(batch) for batch in batches}
    assert max(sizes) - min(sizes) <= 1
    assert max(sizes) <= max(batch_size, 3 if batch_size == 2 else 1)
    assert min(sizes) > 1 or num_items == 1 or batch_size == 1


def test_continuing_in_the_middle_gives_the_rest() -> None:
    sampler = EpochSampler(103, 10, seed=3)
    whole = list(sampler.batches(SamplerPosition(5)))
    rest = list(EpochSampler(103, 10, seed=3).batches(SamplerPosition(5, 4)))
    assert [b.tolist() for b in rest] == [b.tolist() for b in whole[4:]]
    assert list(sampler.batches(SamplerPosition(5, sampler.batches_per_epoch))) == []


def test_epochs_and_seeds_differ() -> None:
    orders = [
        EpochSampler(50, 10, seed).order(epoch).tolist() for seed in (0, 1) for epoch in (0, 1)
    ]
    assert len({tuple(order) for order in orders}) == 4


def test_needs_items() -> None:
    with pytest.raises(ValueError, match="at least one"):
        EpochSampler(0, 10, 0)


def test_draws_are_fixed_for_all_time() -> None:
    # A change here would silently change every run's batches and augmentation.
    items = np.array([0, 1, 12345], dtype=np.int64)
    assert draw_bits(0, 1, 0, items, 1)[:, 0].tolist() == [
        12319022629897325394,
        4536834281399026620,
        11091543013300585419,
    ]


def test_draws_are_uniform_and_uncorrelated() -> None:
    items = np.arange(20_000, dtype=np.int64)
    draws = draw_uniform(42, 2, 3, items, 4)
    assert abs(draws.mean() - 0.5) < 0.01
    assert abs(np.histogram(draws, 10, (0, 1))[0] / draws.size - 0.1).max() < 0.005
    correlation = np.corrcoef(np.vstack([draws.T, [*draws[1:, 0].tolist(), 0.5]]))
    assert np.abs(correlation - np.eye(5)).max() < 0.03
