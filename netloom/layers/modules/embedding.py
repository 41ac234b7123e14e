"""From tokens and images to sequences, and where in a sequence a vector stands.

Legend: B batch, C channels, H height, W width, T time, F features, N heads,
D features per head.
"""

from __future__ import annotations

import torch
from torch import nn


class LearnedPositions(nn.Module):
    """Adds a learned vector to every position: a row of the parameter `weight`."""

    def __init__(self, max_length: int, num_features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(max_length, num_features))
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, sequence_BTF: torch.Tensor) -> torch.Tensor:
        return sequence_BTF + self.weight[: sequence_BTF.shape[1]]

    def extra_repr(self) -> str:
        return f"{self.weight.shape[0]}, {self.weight.shape[1]}"


class SinusoidalPositions(nn.Module):
    """Adds sines to even features and cosines to odd ones (Vaswani et al., 2017)."""

    def __init__(self, base: float = 10000.0) -> None:
        super().__init__()
        self.base = base

    def forward(self, sequence_BTF: torch.Tensor) -> torch.Tensor:
        length, num_features = sequence_BTF.shape[1:]
        device = sequence_BTF.device
        position_T1 = torch.arange(length, device=device, dtype=torch.float32)[:, None]
        even = torch.arange(0, num_features, 2, device=device, dtype=torch.float32)
        angle = position_T1 * self.base ** (-even / num_features)
        waves_TF = torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)[
            :, :num_features
        ]
        return sequence_BTF + waves_TF.to(sequence_BTF.dtype)

    def extra_repr(self) -> str:
        return f"base={self.base}"


class RotaryPositions(nn.Module):
    """Turns pairs of features by an angle that grows with time (Su et al., 2021).

    Within each head feature i is paired with feature i + D / 2.
    """

    def __init__(self, num_heads: int = 1, base: float = 10000.0) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.base = base

    def forward(self, sequence_BTF: torch.Tensor) -> torch.Tensor:
        heads_BTND = torch.unflatten(sequence_BTF, 2, (self.num_heads, -1))
        first, second = heads_BTND.chunk(2, dim=3)
        length, half = first.shape[1], first.shape[3]
        device = sequence_BTF.device
        position = torch.arange(length, device=device, dtype=torch.float32)[:, None]
        step = torch.arange(half, device=device, dtype=torch.float32)
        angle = (position * self.base ** (-step / half))[:, None]
        cosine, sine = angle.cos().to(first.dtype), angle.sin().to(first.dtype)
        turned = [first * cosine - second * sine, second * cosine + first * sine]
        return torch.cat(turned, dim=3).flatten(2)

    def extra_repr(self) -> str:
        return f"num_heads={self.num_heads}, base={self.base}"


class PatchEmbedding(nn.Module):
    """Gives every patch of an image a vector, row by row (Dosovitskiy et al., 2020)."""

    def __init__(
        self, in_channels: int, num_features: int, patch_size: int | tuple[int, int]
    ) -> None:
        super().__init__()
        self.projection = nn.Conv2d(
            in_channels, num_features, kernel_size=patch_size, stride=patch_size
        )

    def forward(self, image_BCHW: torch.Tensor) -> torch.Tensor:
        return self.projection(image_BCHW).flatten(2).transpose(1, 2)


class ClassToken(nn.Module):
    """Puts a learned vector (parameter `token`) in front of every sequence."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.empty(num_features))
        nn.init.normal_(self.token, std=0.02)

    def forward(self, sequence_BTF: torch.Tensor) -> torch.Tensor:
        token_B1F = self.token.to(sequence_BTF.dtype).expand(
            sequence_BTF.shape[0], 1, -1
        )
        return torch.cat([token_B1F, sequence_BTF], dim=1)

    def extra_repr(self) -> str:
        return str(self.token.shape[0])


class TakeStep(nn.Module):
    """One position of a sequence; negative ones count from the end."""

    def __init__(self, step: int = -1) -> None:
        super().__init__()
        self.step = step

    def forward(self, sequence_BTF: torch.Tensor) -> torch.Tensor:
        return sequence_BTF.select(1, self.step)

    def extra_repr(self) -> str:
        return str(self.step)
