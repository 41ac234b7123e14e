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
    """Batches of item indices, shuffled anew each epoch.

    A last batch of a single item is left out (unless batches or the data are that small): batch
    normalisation cannot train on one value. The shuffle makes it another item each epoch.
    """

    def __init__(self, num_items: int, batch_size: int, seed: int) -> None:
        if num_items < 1:
            raise ValueError("A sampler needs at least one item.")
        self.num_items = num_items
        self.batch_size = batch_size
        self.seed = seed
        num_batches = -(-num_items // batch_size)
        if num_batches > 1 and batch_size > 1 and num_items % batch_size == 1:
            num_batches -= 1
        self.batches_per_epoch = num_batches

    def order(self, epoch: int) -> NDArray[np.int64]:
        """Return the permutation of all items in that epoch, int64 [num_items]."""
        items = np.arange(self.num_items, dtype=np.int64)
        keys = draw_bits(self.seed, _ORDER_STREAM, epoch, items, 1)[:, 0]
        return np.argsort(keys, kind="stable").astype(np.int64)

    def batches(self, position: SamplerPosition) -> Iterator[NDArray[np.int64]]:
        """Yield the batches from `position` to the end of its epoch."""
        order = self.order(position.epoch)
        for number in range(position.batches, self.batches_per_epoch):
            yield order[number * self.batch_size : (number + 1) * self.batch_size]

    def advance(self, position: SamplerPosition) -> SamplerPosition:
        """Return the position after one more batch."""
        if position.batches + 1 < self.batches_per_epoch:
            return SamplerPosition(position.epoch, position.batches + 1)
        return SamplerPosition(position.epoch + 1, 0)
