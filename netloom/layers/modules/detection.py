"""Necks and heads of detectors and segmentation networks: maps in, maps out, no losses.

Legend: B batch, C channels, H height, W width, K classes, N boxes.
"""

from __future__ import annotations

import torch
from torch import nn


class FeaturePyramid(nn.Module):
    """Adds coarse maps to fine ones, all with the same channels (Lin et al., 2017).

    Weights are called as in torchvision: `inner_blocks`, `layer_blocks`.
    """

    def __init__(self, in_channels: list[int], out_channels: int) -> None:
        super().__init__()
        self.inner_blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(channels, out_channels, 1))
            for channels in in_channels
        )
        self.layer_blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(out_channels, out_channels, 3, padding=1))
            for _ in in_channels
        )
        for conv in self.modules():
            if isinstance(conv, nn.Conv2d):
                nn.init.kaiming_uniform_(conv.weight, a=1)
                if conv.bias is not None:
                    nn.init.zeros_(conv.bias)

    def forward(
        self, *maps_BCHW: torch.Tensor
    ) -> torch.Tensor | tuple[torch.Tensor, ...]:
        merged: list[torch.Tensor] = []
        for map_BCHW, inner in zip(
            reversed(maps_BCHW), reversed(self.inner_blocks), strict=True
        ):
            lateral = inner(map_BCHW)
            if merged:
                size = (lateral.shape[2], lateral.shape[3])
                lateral = lateral + nn.functional.interpolate(merged[-1], size=size)
            merged.append(lateral)
        results = [
            layer(lateral)
            for layer, lateral in zip(self.layer_blocks, reversed(merged), strict=True)
        ]
        return results[0] if len(results) == 1 else tuple(results)


def conv_tower(
    channels: int, num_convs: int, has_norm: bool, bias: bool = True
) -> nn.Sequential:
    """Return 3 × 3 convolutions of equal width, each with ReLU, with small weights."""
    layers: list[nn.Module] = []
    for _ in range(num_convs):
        conv = nn.Conv2d(channels, channels, 3, padding=1, bias=bias)
        nn.init.normal_(conv.weight, std=0.01)
        layers.append(conv)
        if has_norm:
            num_groups = next(
                count for count in (32, 16, 8, 4, 2, 1) if channels % count == 0
            )
            layers.append(nn.GroupNorm(num_groups, channels))
        layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def prediction_conv(channels: int, out_channels: int, bias: float = 0.0) -> nn.Conv2d:
    """Return the last 3 × 3 convolution of a head, with small weights."""
    conv = nn.Conv2d(channels, out_channels, 3, padding=1)
    nn.init.normal_(conv.weight, std=0.01)
    if conv.bias is not None:
        nn.init.constant_(conv.bias, bias)
    return conv


class AnchorFreeHead(nn.Module):
    """Class logits, distances to a box and centerness (FCOS; Tian et al., 2019).

    The same weights see every level.
    """

    def __init__(self, channels: int, num_classes: int, num_convs: int = 4) -> None:
        super().__init__()
        self.class_tower = conv_tower(channels, num_convs, has_norm=True)
        self.box_tower = conv_tower(channels, num_convs, has_norm=True)
        # Every class starts with a probability of 1 %, as background is the rule.
        self.class_logits = prediction_conv(channels, num_classes, bias=-4.59512)
        self.box_distances = prediction_conv(channels, 4)
        self.centerness = prediction_conv(channels, 1)

    def forward(self, *maps_BCHW: torch.Tensor) -> tuple[torch.Tensor, ...]:
        results: list[torch.Tensor] = []
        for map_BCHW in maps_BCHW:
            boxes = self.box_tower(map_BCHW)
            results.append(self.class_logits(self.class_tower(map_BCHW)))
            results.append(nn.functional.relu(self.box_distances(boxes)))
            results.append(self.centerness(boxes))
        return tuple(results)


class AnchorHead(nn.Module):
    """Class logits and box offsets per anchor (RetinaNet; Lin et al., 2017).

    Channels are anchor by anchor. The same weights see every level.
    """

    def __init__(
        self,
        channels: int,
        num_classes: int,
        num_anchors: int = 9,
        num_convs: int = 4,
        has_norm: bool = False,
    ) -> None:
        super().__init__()
        self.class_tower = conv_tower(channels, num_convs, has_norm, bias=not has_norm)
        self.box_tower = conv_tower(channels, num_convs, has_norm, bias=not has_norm)
        # Every class starts with a probability of 1 %, as background is the rule.
        self.class_logits = prediction_conv(
            channels, num_anchors * num_classes, bias=-4.59512
        )
        self.box_offsets = prediction_conv(channels, num_anchors * 4)

    def forward(self, *maps_BCHW: torch.Tensor) -> tuple[torch.Tensor, ...]:
        results: list[torch.Tensor] = []
        for map_BCHW in maps_BCHW:
            results.append(self.class_logits(self.class_tower(map_BCHW)))
            results.append(self.box_offsets(self.box_tower(map_BCHW)))
        return tuple(results)


class SegmentationHead(nn.Module):
    """One logit per class for every pixel (Long, Shelhamer and Darrell, 2015)."""

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_classes: int,
        scale: int = 1,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.scale = scale
        self.conv = nn.Conv2d(in_channels, hidden_channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(hidden_channels)
        self.activation = nn.ReLU()
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Conv2d(hidden_channels, num_classes, 1)

    def forward(self, map_BCHW: torch.Tensor) -> torch.Tensor:
        hidden = self.activation(self.norm(self.conv(map_BCHW)))
        logits_BKHW = self.classifier(self.dropout(hidden))
        if self.scale == 1:
            return logits_BKHW
        return nn.functional.interpolate(
            logits_BKHW, scale_factor=float(self.scale), mode="bilinear"
        )


class RoIAlign(nn.Module):
    """Samples a map inside boxes, as torchvision's `roi_align` with `aligned=True`.

    Boxes are x1, y1, x2, y2 in pixels; `stride` is pixels per position of the map.
    """

    def __init__(
        self, output_size: int | tuple[int, int], stride: int = 1, num_samples: int = 2
    ) -> None:
        super().__init__()
        is_square = isinstance(output_size, int)
        self.output_size = (output_size, output_size) if is_square else output_size
        self.stride = stride
        self.num_samples = num_samples

    def forward(self, map_BCHW: torch.Tensor, boxes_BN4: torch.Tensor) -> torch.Tensor:
        height, width = map_BCHW.shape[2:]
        corners = boxes_BN4 / self.stride - 0.5
        x = self.positions(corners[..., 0], corners[..., 2], self.output_size[1])
        y = self.positions(corners[..., 1], corners[..., 3], self.output_size[0])
        num_rows, num_columns = y.shape[2], x.shape[2]
        x = x[:, :, None, :].expand(-1, -1, num_rows, -1)
        y = y[:, :, :, None].expand(-1, -1, -1, num_columns)
        grid = torch.stack([(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], dim=4)
        sampled = nn.functional.grid_sample(
            map_BCHW, grid.flatten(1, 2), padding_mode="border", align_corners=False
        )
        is_inside = (x >= -1) & (x <= width) & (y >= -1) & (y <= height)
        sampled = sampled * is_inside.flatten(1, 2)[:, None]
        pooled = nn.functional.avg_pool2d(sampled, self.num_samples)
        boxes_BCNHW = torch.unflatten(pooled, 2, (-1, self.output_size[0]))
        return boxes_BCNHW.transpose(1, 2).flatten(2)

    def positions(
        self, start_BN: torch.Tensor, end_BN: torch.Tensor, count: int
    ) -> torch.Tensor:
        """Return the positions sampled along a direction, (B, N, positions)."""
        num_points = count * self.num_samples
        steps = torch.arange(num_points, device=start_BN.device, dtype=start_BN.dtype)
        share = (steps + 0.5) / num_points
        return start_BN[..., None] + (end_BN - start_BN)[..., None] * share
