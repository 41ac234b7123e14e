"""Convolutions that torch does not have as one module."""

from __future__ import annotations

import torch
from torch import nn


class SeparableConv2d(nn.Module):
    """A filter for each channel, then a mix of the channels by a 1 x 1 convolution."""

    convolution: type[nn.Module] = nn.Conv2d

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] | str = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.depthwise = self.convolution(
            in_channels,
            in_channels,
            kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=in_channels,
            bias=False,
        )
        self.pointwise = self.convolution(
            in_channels, out_channels, 1, groups=groups, bias=bias
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.pointwise(self.depthwise(x))


class SeparableConv1d(SeparableConv2d):
    """The same over a signal."""

    convolution: type[nn.Module] = nn.Conv1d


class SeparableConv3d(SeparableConv2d):
    """The same through a volume."""

    convolution: type[nn.Module] = nn.Conv3d
