"""Anchors: the boxes that a detector tries at every position, and how it corrects them.

Legend: B batch, C channels, H height, W width, A anchors at a position, N boxes. A box
is x1, y1, x2, y2 in pixels of the network's tensor.
"""

from __future__ import annotations

import torch


def by_anchor(map_CHW: torch.Tensor, num_anchors: int) -> torch.Tensor:
    """Return (N, numbers of an anchor): positions row by row, anchors at each."""
    height, width = map_CHW.shape[1:]
    split = map_CHW.reshape(num_anchors, -1, height, width)
    return split.permute(2, 3, 0, 1).reshape(height * width * num_anchors, -1)


def level_anchors(
    maps_BCHW: list[torch.Tensor],
    sizes_B6: torch.Tensor,
    sizes: list[float],
    aspect_ratios: list[float],
) -> list[torch.Tensor]:
    """Return the anchors of each level: every size with every ratio of height to width.

    Args:
        sizes_B6: Begins with height and width of the tensor.
        sizes: In pixels, equally many for each level, the finest level first.
    """
    sizes_B6 = sizes_B6.detach()
    per_level = len(sizes) // len(maps_BCHW)
    ratios = sizes_B6.new_tensor(aspect_ratios).sqrt()
    found: list[torch.Tensor] = []
    for level, map_BCHW in enumerate(maps_BCHW):
        own = sizes_B6.new_tensor(sizes[level * per_level : (level + 1) * per_level])
        widths = ((1 / ratios)[:, None] * own[None]).view(-1)
        heights = (ratios[:, None] * own[None]).view(-1)
        base_A4 = (torch.stack([-widths, -heights, widths, heights], dim=1) / 2).round()
        rows, columns = map_BCHW.shape[2:]
        step_y, step_x = int(sizes_B6[0, 0]) // rows, int(sizes_B6[0, 1]) // columns
        y = torch.arange(rows, device=base_A4.device) * step_y
        x = torch.arange(columns, device=base_A4.device) * step_x
        y, x = (each.reshape(-1) for each in torch.meshgrid(y, x, indexing="ij"))
        shifts_N4 = torch.stack([x, y, x, y], dim=1)
        found.append((shifts_N4[:, None] + base_A4[None]).reshape(-1, 4))
    return found


def default_anchors(
    maps_BCHW: list[torch.Tensor],
    sizes_B6: torch.Tensor,
    default_boxes: list[float],
    steps: list[float] | None,
) -> torch.Tensor:
    """Return SSD's default boxes of all levels, (N, 4).

    Args:
        default_boxes: Width and height in shares of the image, as many pairs for a
            level as its box map has channels for.
        steps: Pixels between positions for each level; the image evenly split without.
    """
    height, width = sizes_B6[0, :2].detach()
    pairs = sizes_B6.new_tensor(default_boxes).view(-1, 2).clamp(0, 1)
    found: list[torch.Tensor] = []
    for level, map_BCHW in enumerate(maps_BCHW):
        count = map_BCHW.shape[1] // 4
        own_A2, pairs = pairs[:count], pairs[count:]
        rows, columns = map_BCHW.shape[2:]
        across = float(width) / steps[level] if steps else columns
        down = float(height) / steps[level] if steps else rows
        x = (torch.arange(columns, device=pairs.device) + 0.5) / across
        y = (torch.arange(rows, device=pairs.device) + 0.5) / down
        y, x = (each.reshape(-1) for each in torch.meshgrid(y, x, indexing="ij"))
        centers = torch.stack([x, y], dim=1)[:, None].expand(-1, len(own_A2), -1)
        halves = 0.5 * own_A2[None].expand(len(centers), -1, -1)
        corners = torch.cat([centers - halves, centers + halves], dim=2)
        found.append(corners.reshape(-1, 4).to(pairs.dtype))
    return torch.cat(found) * torch.stack([width, height, width, height])


def decoded_boxes(
    offsets_N4: torch.Tensor,
    anchors_N4: torch.Tensor,
    weights: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0),
) -> torch.Tensor:
    """Return boxes: anchors moved by shares of their size and scaled by exponentials.

    Offsets may be those of several classes, (N, 4 · K); so are the boxes then.
    """
    widths = anchors_N4[:, 2:3] - anchors_N4[:, 0:1]
    heights = anchors_N4[:, 3:4] - anchors_N4[:, 1:2]
    center_x = anchors_N4[:, 0:1] + 0.5 * widths
    center_y = anchors_N4[:, 1:2] + 0.5 * heights
    x = offsets_N4[:, 0::4] / weights[0] * widths + center_x
    y = offsets_N4[:, 1::4] / weights[1] * heights + center_y
    largest = 4.135166556742356  # log(1000 / 16)
    half_w = 0.5 * (
        torch.exp((offsets_N4[:, 2::4] / weights[2]).clamp(max=largest)) * widths
    )
    half_h = 0.5 * (
        torch.exp((offsets_N4[:, 3::4] / weights[3]).clamp(max=largest)) * heights
    )
    corners = [x - half_w, y - half_h, x + half_w, y + half_h]
    return torch.stack(corners, dim=2).flatten(1)
