"""Operations on several tensors as modules, so that hooks reach them by name."""

from __future__ import annotations

import torch
from torch import nn


class Add(nn.Module):
    """Sum of its inputs, broadcast over dimensions of size 1."""

    def forward(self, first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        total = first
        for other in others:
            total = total + other
        return total


class Multiply(nn.Module):
    """Element-wise product of its inputs, broadcast over dimensions of size 1."""

    def forward(self, first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        product = first
        for other in others:
            product = product * other
        return product


class Concatenate(nn.Module):
    """Inputs one behind the other along one dimension."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return torch.cat(inputs, dim=self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
