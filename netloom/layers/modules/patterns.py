"""What patterns of axes say, with the pattern already read."""

from __future__ import annotations

import torch
from torch import nn


class Einsum(nn.Module):
    """Multiplies tensors and sums over axes."""

    def __init__(self, pattern: str) -> None:
        super().__init__()
        self.pattern = pattern

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return torch.einsum(self.pattern, *inputs)

    def extra_repr(self) -> str:
        return self.pattern


class Rearrange(nn.Module):
    """Splits the axes of each sample, reorders them and joins them; -1 follows."""

    def __init__(self, split: list[int], order: list[int], merge: list[int]) -> None:
        super().__init__()
        self.split = tuple(split)
        self.order = tuple(order)
        self.merge = tuple(merge)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.reshape(x.shape[:1] + self.split)
        x = x.permute((0, *self.order))
        return x.reshape(x.shape[:1] + self.merge)

    def extra_repr(self) -> str:
        return f"split={self.split}, order={self.order}, merge={self.merge}"
