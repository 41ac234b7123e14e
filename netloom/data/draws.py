"""Random numbers addressed by what they are for, not by when they are drawn.

Each number is a hash of (seed, epoch, item, position), so that an item gets the same augmentation
whichever batch, worker or resumed process handles it. The hash is splitmix64 (Steele, Lea, Flood:
Fast splittable pseudorandom number generators, 2014), whose output does not change with library
versions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = 0xFFFFFFFFFFFFFFFF


def draw_bits(
    seed: int, stream: int, epoch: int, items: NDArray[np.int64], count: int
) -> NDArray[np.uint64]:
    """Return `count` independent 64-bit numbers for each item.

    Args:
        seed: Seed of the run.
        stream: What the numbers are for, so that two uses are independent.
        epoch: Counted from 0.
        items: Item indices [B].
        count: Numbers per item.

    Returns:
        uint64 array [B, count].
    """
    base = np.array([seed & _MASK], dtype=np.uint64)
    for part in (stream, epoch):
        base = _mix(base ^ np.uint64((part + 1) * _GOLDEN & _MASK))
    keys_B = _mix(base + items.astype(np.uint64) * np.uint64(_GOLDEN))
    steps_N = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_GOLDEN)
    return _mix(keys_B[:, None] + steps_N[None, :])


def draw_uniform(
    seed: int, stream: int, epoch: int, items: NDArray[np.int64], count: int
) -> NDArray[np.float64]:
    """Return `count` independent numbers in [0, 1) for each item, float64 [B, count]."""
    bits = draw_bits(seed, stream, epoch, items, count) >> np.uint64(11)
    return bits.astype(np.float64) * 2.0**-53


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
