"""Weighted sums that torch does not have as one module."""

from __future__ import annotations

import torch
from torch import nn


class LowRankLinear(nn.Module):
    """A linear layer whose weights are the product of two thin matrices."""

    def __init__(
        self, in_features: int, out_features: int, rank: int, bias: bool = True
    ) -> None:
        super().__init__()
        self.down = nn.Linear(in_features, rank, bias=False)
        self.up = nn.Linear(rank, out_features, bias=bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.up(self.down(x))


class SqueezeExcite(nn.Module):
    """Weighs channels by a decision over the mean of each."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, hidden)
        self.excite = nn.Linear(hidden, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        means = x.flatten(2).mean(2)
        weights = torch.sigmoid(self.excite(torch.relu(self.squeeze(means))))
        return x * weights.reshape(weights.shape + (1,) * (x.dim() - 2))
