"""Which split an item belongs to: decided once, by its group, never by chance.

The hash of (dataset seed, group or content) is a number in 0..1; the shares cut that line. So the
same files split the same way whatever their order, an item that is there never moves when others
come, and what belongs together stays together.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from datasets.models import Split


@dataclass(frozen=True, slots=True)
class SplitShares:
    """Shares of validation and test, 0..1; the rest is for training."""

    validation: float
    test: float

    def split_of(self, seed: int, key: str) -> Split:
        """Return the split of what has this key: a group, or a content's digest."""
        place = place_of(seed, key)
        if place < self.test:
            return Split.TEST
        if place < self.test + self.validation:
            return Split.VALIDATION
        return Split.TRAIN


def place_of(seed: int, key: str) -> float:
    """Return a number in [0, 1) that depends on seed and key only."""
    digest = hashlib.sha256(f"{seed}\x00{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
