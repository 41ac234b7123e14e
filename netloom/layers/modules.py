"""Modules that torch lacks: operations on several tensors, so that hooks reach them by name."""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor, nn


class Add(nn.Module):
    """Sum of its inputs, broadcast over dimensions of size 1."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return reduce(torch.add, inputs)


class Multiply(nn.Module):
    """Element-wise product of its inputs, broadcast over dimensions of size 1."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return reduce(torch.mul, inputs)


class Concatenate(nn.Module):
    """Inputs one behind the other along one dimension."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.cat(inputs, dim=self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
