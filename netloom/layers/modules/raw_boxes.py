"""Boxes out of what a detector gives before anything is decoded.

Legend: B batch, C channels, H height, W width, K classes, N boxes. Boxes are x1, y1,
x2, y2 in shares of the image.
"""

from __future__ import annotations

import torch
from torch import nn


class PriorBoxes(nn.Module):
    """Moves and scales prior boxes by offsets, as detectors in the manner of SSD do.

    Each level has square boxes of some sizes at every position of a grid: all sizes of
    a position, position by position along the rows, level by level. Strides and sizes
    are in pixels of the image.
    """

    def __init__(
        self,
        strides: list[int],
        sizes_per_level: list[int],
        sizes: list[float],
        center_variance: float = 0.1,
        size_variance: float = 0.2,
        is_clipped: bool = False,
    ) -> None:
        super().__init__()
        self.strides = strides
        self.sizes_per_level = sizes_per_level
        self.sizes = sizes
        self.center_variance = center_variance
        self.size_variance = size_variance
        self.is_clipped = is_clipped

    def forward(
        self, offsets_BN4: torch.Tensor, image_BCHW: torch.Tensor
    ) -> torch.Tensor:
        height, width = image_BCHW.shape[2:]
        priors_N4 = self.priors(height, width).to(offsets_BN4)
        center, size = priors_N4[:, :2], priors_N4[:, 2:]
        center = center + offsets_BN4[..., :2] * self.center_variance * size
        half = 0.5 * size * torch.exp(offsets_BN4[..., 2:] * self.size_variance)
        return torch.cat([center - half, center + half], dim=2)

    def priors(self, height: int, width: int) -> torch.Tensor:
        """Return the prior boxes (N, 4): center x and y, width, height."""
        sizes = list(self.sizes)
        found: list[torch.Tensor] = []
        for stride, count in zip(self.strides, self.sizes_per_level, strict=True):
            own, sizes = sizes[:count], sizes[count:]
            y = (torch.arange(-(-height // stride)) + 0.5) * stride / height
            x = (torch.arange(-(-width // stride)) + 0.5) * stride / width
            y, x = (each.reshape(-1) for each in torch.meshgrid(y, x, indexing="ij"))
            centers = torch.stack([x, y], dim=1)[:, None].expand(-1, count, -1)
            sides = torch.tensor([[size / width, size / height] for size in own])
            sides = sides[None].expand(len(centers), -1, -1)
            found.append(torch.cat([centers, sides], dim=2).reshape(-1, 4))
        priors_N4 = torch.cat(found)
        return priors_N4.clamp(0, 1) if self.is_clipped else priors_N4


class GridBoxes(nn.Module):
    """Makes a box of every position of a map, as FastestDet means it.

    Channels are objectness, offset of the center, size, and the probability of each
    class. A score mixes objectness with the likeliest class of the position; the other
    classes get almost nothing.
    """

    def __init__(self, objectness_weight: float = 0.6) -> None:
        super().__init__()
        self.objectness_weight = objectness_weight

    def forward(self, map_BCHW: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        height, width = map_BCHW.shape[2:]
        numbers_BNC = map_BCHW.flatten(2).transpose(1, 2)
        y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        cells_N2 = torch.stack([x, y], dim=2).reshape(-1, 2).to(map_BCHW)
        center = numbers_BNC[..., 1:3].tanh() + cells_N2
        center = center / map_BCHW.new_tensor([width, height])
        half = 0.5 * numbers_BNC[..., 3:5].sigmoid()
        boxes_BN4 = torch.cat([center - half, center + half], dim=2)
        classes_BNK = numbers_BNC[..., 5:]
        is_best = classes_BNK == classes_BNK.amax(dim=2, keepdim=True)
        classes_BNK = torch.where(is_best, classes_BNK, 0).clamp(min=1e-9)
        objectness_BN1 = numbers_BNC[..., :1].clamp(min=1e-9)
        weight = self.objectness_weight
        return boxes_BN4, objectness_BN1**weight * classes_BNK ** (1 - weight)
