"""Unpooling to sizes that its window alone does not tell."""

from __future__ import annotations

import torch
from torch import nn


class MaxUnpoolTo(nn.Module):
    """Puts numbers back where a maximum pooling found them, in a tensor of its size."""

    def __init__(
        self,
        size: list[int],
        kernel_size: list[int],
        stride: list[int],
        padding: list[int],
    ) -> None:
        super().__init__()
        self.size = tuple(size)
        self.kernel_size = tuple(kernel_size)
        self.stride = tuple(stride)
        self.padding = tuple(padding)

    def forward(self, x: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
        unpool = (
            nn.functional.max_unpool1d,
            nn.functional.max_unpool2d,
            nn.functional.max_unpool3d,
        )[len(self.size) - 1]
        return unpool(
            x, indices, self.kernel_size, self.stride, self.padding, self.size
        )

    def extra_repr(self) -> str:
        return f"size={self.size}, kernel_size={self.kernel_size}"
