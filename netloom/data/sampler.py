"""The order of training items: a function of seed and epoch, so that its state is two integers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netloom.data.draws import draw_bits

_ORDER_STREAM = 1


@dataclass(frozen=True, slots=True)
class SamplerPosition:
    """Where a run is in its data: the next batch is number `batches` of epoch `epoch`."""

    epoch: int = 0
    batches: int = 0


class EpochSampler:
    """Batches of item indices, shuffled anew each epoch, all of one size or one less.

    A short last batch would speak louder than the others: its loss and accuracy are noise, its
    gradient counts as much as a full one's, and batch normalisation cannot train on one value. So
    an epoch has as many batches as `batch_size` asks for, and they share the items evenly.
    """

    def __init__(self, num_items: int, batch_size: int, seed: int) -> None:
        if num_items < 1:
            raise ValueError("A sampler needs at least one item.")
        self.num_items = num_items
        self.batch_size = batch_size
        self.seed = seed
        num_batches = -(-num_items // batch_size)
        if batch_size > 1:
            num_batches = min(num_batches, max(1, num_items // 2))  # pairs of an odd number
        self.batches_per_epoch = num_batches

    def order(self, epoch: int) -> NDArray[np.int64]:
        """Return the permutation of all items in that epoch, int64 [num_items]."""
        items = np.arange(self.num_items, dtype=np.int64)
        keys = draw_bits(self.seed, _ORDER_STREAM, epoch, items, 1)[:, 0]
        return np.argsort(keys, kind="stable").astype(np.int64)

    def batches(self, position: SamplerPosition) -> Iterator[NDArray[np.int64]]:
        """Yield the batches from `position` to the end of its epoch."""
        batches = np.array_split(self.order(position.epoch), self.batches_per_epoch)
        yield from batches[position.batches :]

    def advance(self, position: SamplerPosition) -> SamplerPosition:
        """Return the position after one more batch."""
        if position.batches + 1 < self.batches_per_epoch:
            return SamplerPosition(position.epoch, position.batches + 1)
        return SamplerPosition(position.epoch + 1, 0)
