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
    """Takes the middle of an image, or with a depth of a volume."""

    def __init__(self, height: int, width: int, depth: int | None = None) -> None:
        super().__init__()
        self.sizes = (height, width) if depth is None else (depth, height, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for dim, size in enumerate(self.sizes, x.dim() - len(self.sizes)):
            x = x.narrow(dim, (x.shape[dim] - size) // 2, size)
        return x

    def extra_repr(self) -> str:
        return " x ".join(str(size) for size in self.sizes)


class CropLike(nn.Module):
    """Takes the middle of an image or a volume, as large as another one."""

    def forward(self, x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        for dim in range(2, x.dim()):
            size = like.shape[dim]
            x = x.narrow(dim, (x.shape[dim] - size) // 2, size)
        return x
