"""Lookups as array libraries have them."""

from __future__ import annotations

import torch
from torch import nn


class Take(nn.Module):
    """Takes positions of an axis; the axes of the indices come in its place."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        size = x.shape[self.dim]
        flat = torch.where(index < 0, index + size, index).reshape(-1).long()
        shape = x.shape[: self.dim] + index.shape + x.shape[self.dim + 1 :]
        return x.index_select(self.dim, flat).reshape(shape)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Pick(nn.Module):
    """Takes what tuples of indices along the last axis name."""

    def forward(self, x: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        return x[index.long().unbind(-1)]
