"""Random omission that torch does not have as a module."""

from __future__ import annotations

import torch
from torch import nn


class StochasticDepth(nn.Module):
    """Sets whole samples to zero in training, so that they skip a residual branch."""

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.p == 0:
            return x
        keep = 1 - self.p
        mask = torch.rand(x.shape[:1] + (1,) * (x.dim() - 1), device=x.device) < keep
        return x * mask.to(x.dtype) / max(keep, 1e-6)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class GaussianNoise(nn.Module):
    """Adds normal random numbers in training."""

    def __init__(self, std: float = 0.1) -> None:
        super().__init__()
        self.std = std

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.std == 0:
            return x
        return x + torch.randn_like(x) * self.std

    def extra_repr(self) -> str:
        return f"std={self.std}"
