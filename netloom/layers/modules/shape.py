"""Other axes for the same numbers, and parts of a tensor."""

from __future__ import annotations

import torch
from torch import nn


class Reshape(nn.Module):
    """Gives the numbers of each sample another shape; -1 follows from the rest."""

    def __init__(self, sizes: list[int]) -> None:
        super().__init__()
        self.sizes = tuple(sizes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.reshape(x.shape[:1] + self.sizes)

    def extra_repr(self) -> str:
        return f"{list(self.sizes)}"


class Slice(nn.Module):
    """Takes a range of one dimension, as Python counts."""

    def __init__(
        self, dim: int, start: int = 0, stop: int | None = None, step: int = 1
    ) -> None:
        super().__init__()
        self.dim = dim
        self.range = slice(start, stop, step)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[(slice(None),) * self.dim + (self.range,)]

    def extra_repr(self) -> str:
        return f"dim={self.dim}, {self.range}"


class CenterCrop(nn.Module):
    """Takes the middle of an image."""

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.height = height
        self.width = width

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        top = (x.shape[-2] - self.height) // 2
        left = (x.shape[-1] - self.width) // 2
        return x[..., top : top + self.height, left : left + self.width]

    def extra_repr(self) -> str:
        return f"{self.height}, {self.width}"


class CropLike(nn.Module):
    """Takes the middle of an image, as large as another one."""

    def forward(self, x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        height, width = like.shape[-2:]
        top = (x.shape[-2] - height) // 2
        left = (x.shape[-1] - width) // 2
        return x[..., top : top + height, left : left + width]
