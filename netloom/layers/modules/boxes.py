"""Boxes out of numbers: images for detectors, anchors, and the choice among boxes.

Legend: B batch, C channels, H height, W width, K classes, N boxes. A box is x1, y1, x2,
y2 in pixels. A detection is a box, its score and its label; rows that are left over
have the label -1 and stand last. Sizes of a detector's images are six numbers for each:
height and width of the tensor, of the image inside its borders, and of the image as it
came.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import torch
from torch import nn

from netloom.layers.modules.anchors import (
    by_anchor,
    decoded_boxes,
    default_anchors,
    level_anchors,
)


class DetectionTransform(nn.Module):
    """Normalises and resizes images as torchvision's detectors do, and tells the sizes.

    With `fixed_size` (height, width) the proportions change; with `min_size` the
    shorter side gets that length, unless the longer one would be above `max_size`; with
    neither the size stays. Zeros then make both sides multiples of `size_divisible`.
    """

    def __init__(
        self,
        mean: list[float],
        std: list[float],
        min_size: int = 800,
        max_size: int = 1333,
        fixed_size: int | tuple[int, int] | None = None,
        size_divisible: int = 32,
    ) -> None:
        super().__init__()
        self.mean = mean
        self.std = std
        self.min_size = min_size
        self.max_size = max_size
        is_square = isinstance(fixed_size, int)
        self.fixed_size = (fixed_size, fixed_size) if is_square else fixed_size
        self.size_divisible = size_divisible

    def forward(self, image_BCHW: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean = image_BCHW.new_tensor(self.mean).view(-1, 1, 1)
        std = image_BCHW.new_tensor(self.std).view(-1, 1, 1)
        resized = (image_BCHW - mean) / std
        height, width = image_BCHW.shape[2:]
        if self.fixed_size is not None:
            resized = nn.functional.interpolate(
                resized, size=self.fixed_size, mode="bilinear", align_corners=False
            )
        elif self.min_size:
            factors = (
                self.min_size / min(height, width),
                self.max_size / max(height, width),
            )
            resized = nn.functional.interpolate(
                resized,
                scale_factor=min(factors),
                mode="bilinear",
                recompute_scale_factor=True,
                align_corners=False,
            )
        inner_height, inner_width = resized.shape[2:]
        below, right = (
            -inner_height % self.size_divisible,
            -inner_width % self.size_divisible,
        )
        padded = nn.functional.pad(resized, (0, right, 0, below))
        sizes = padded.new_tensor(
            [*padded.shape[2:], inner_height, inner_width, height, width]
        )
        return padded, sizes.expand(image_BCHW.shape[0], -1)


def clipped_boxes(boxes_N4: torch.Tensor, size_2: torch.Tensor) -> torch.Tensor:
    """Return boxes without what lies outside an image of a height and width."""
    height, width = size_2[0], size_2[1]
    x = torch.minimum(boxes_N4[:, 0::2].clamp(min=0), width)
    y = torch.minimum(boxes_N4[:, 1::2].clamp(min=0), height)
    return torch.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], dim=1)


def rescaled_boxes(boxes_N4: torch.Tensor, sizes_6: torch.Tensor) -> torch.Tensor:
    """Return boxes in pixels of the image as it came."""
    ratio = sizes_6[4:6] / sizes_6[2:4]
    return boxes_N4 * torch.stack([ratio[1], ratio[0], ratio[1], ratio[0]])


def chosen_boxes(
    boxes_N4: torch.Tensor,
    scores_N: torch.Tensor,
    labels_N: torch.Tensor,
    iou_threshold: float,
    count: int,
) -> torch.Tensor:
    """Return (count, 6): the best boxes, without those that overlap a better one.

    Only boxes of the same label drive each other out.
    """
    from torchvision.ops import batched_nms

    kept = batched_nms(boxes_N4, scores_N, labels_N, iou_threshold)[:count]
    columns = [boxes_N4, scores_N[:, None], labels_N[:, None].to(boxes_N4.dtype)]
    found = torch.cat(columns, dim=1)[kept]
    left_over = found.new_zeros(count - len(found), 6)
    left_over[:, 5] = -1
    return torch.cat([found, left_over])


class Detections(nn.Module):
    """Turns boxes with a score for each class into detections.

    Boxes that are shares of the image become pixels of the second input's size.
    """

    def __init__(
        self,
        score_threshold: float = 0.5,
        iou_threshold: float = 0.5,
        max_detections: int = 100,
        box_format: str = "corners",
        scores: str = "as they are",
        background: int = -1,
        is_relative: bool = False,
    ) -> None:
        super().__init__()
        self.score_threshold = score_threshold
        self.iou_threshold = iou_threshold
        self.max_detections = max_detections
        self.box_format = box_format
        self.scores = scores
        self.background = background
        self.is_relative = is_relative

    def forward(
        self,
        boxes_BN4: torch.Tensor,
        scores_BNK: torch.Tensor,
        image_BCHW: torch.Tensor | None = None,
    ) -> torch.Tensor:
        if self.scores == "sigmoid":
            scores_BNK = scores_BNK.sigmoid()
        elif self.scores == "softmax":
            scores_BNK = scores_BNK.softmax(dim=2)
        if self.box_format == "center":
            center, size = boxes_BN4[..., :2], boxes_BN4[..., 2:]
            boxes_BN4 = torch.cat([center - size / 2, center + size / 2], dim=2)
        if image_BCHW is not None:
            height, width = image_BCHW.shape[2:]
            boxes_BN4 = boxes_BN4 * boxes_BN4.new_tensor([width, height, width, height])
        return torch.stack(
            [
                self.detections(boxes, scores)
                for boxes, scores in zip(boxes_BN4, scores_BNK, strict=True)
            ]
        )

    def detections(
        self, boxes_N4: torch.Tensor, scores_NK: torch.Tensor
    ) -> torch.Tensor:
        """Return the detections of one image."""
        is_above = scores_NK > self.score_threshold
        if self.background >= 0:
            is_above = is_above.clone()
            is_above[:, self.background] = False
        box, label = torch.where(is_above)
        return chosen_boxes(
            boxes_N4[box],
            scores_NK[box, label],
            label,
            self.iou_threshold,
            self.max_detections,
        )


class AnchorDetections(nn.Module):
    """Detections out of the maps of an anchor head, as in torchvision's RetinaNet.

    Takes class maps and box maps level by level, then the sizes of the images.
    """

    def __init__(
        self,
        sizes: list[float],
        aspect_ratios: list[float],
        score_threshold: float = 0.05,
        iou_threshold: float = 0.5,
        max_candidates: int = 1000,
        max_detections: int = 300,
    ) -> None:
        super().__init__()
        self.sizes = sizes
        self.aspect_ratios = aspect_ratios
        self.score_threshold = score_threshold
        self.iou_threshold = iou_threshold
        self.max_candidates = max_candidates
        self.max_detections = max_detections

    def forward(self, *maps_and_sizes: torch.Tensor) -> torch.Tensor:
        *maps, sizes_B6 = maps_and_sizes
        levels = list(zip(maps[0::2], maps[1::2], strict=True))
        anchors = level_anchors(
            [logits for logits, _ in levels], sizes_B6, self.sizes, self.aspect_ratios
        )
        found: list[torch.Tensor] = []
        for index, sizes_6 in enumerate(sizes_B6):
            parts: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
            for (logits, offsets), anchors_N4 in zip(levels, anchors, strict=True):
                num_anchors = offsets.shape[1] // 4
                scores_NK = by_anchor(logits[index], num_anchors).sigmoid()
                scores, place = best_candidates(
                    scores_NK.flatten(), self.score_threshold, self.max_candidates
                )
                box, label = place // scores_NK.shape[1], place % scores_NK.shape[1]
                boxes = decoded_boxes(
                    by_anchor(offsets[index], num_anchors)[box], anchors_N4[box]
                )
                parts.append((clipped_boxes(boxes, sizes_6[2:4]), scores, label))
            found.append(
                joined_detections(
                    parts, sizes_6, self.iou_threshold, self.max_detections
                )
            )
        return torch.stack(found)


class AnchorFreeDetections(nn.Module):
    """Detections out of the maps of an anchor-free head, as in torchvision's FCOS.

    Takes class, box and centerness maps level by level, then the sizes of the images.
    Distances are in the unit of each level's size.
    """

    def __init__(
        self,
        sizes: list[float],
        score_threshold: float = 0.2,
        iou_threshold: float = 0.6,
        max_candidates: int = 1000,
        max_detections: int = 100,
    ) -> None:
        super().__init__()
        self.sizes = sizes
        self.score_threshold = score_threshold
        self.iou_threshold = iou_threshold
        self.max_candidates = max_candidates
        self.max_detections = max_detections

    def forward(self, *maps_and_sizes: torch.Tensor) -> torch.Tensor:
        *maps, sizes_B6 = maps_and_sizes
        levels = list(zip(maps[0::3], maps[1::3], maps[2::3], strict=True))
        anchors = level_anchors(
            [logits for logits, _, _ in levels], sizes_B6, self.sizes, [1.0]
        )
        found: list[torch.Tensor] = []
        for index, sizes_6 in enumerate(sizes_B6):
            parts: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
            for (logits, distances, centers), anchors_N4 in zip(
                levels, anchors, strict=True
            ):
                is_object = by_anchor(logits[index], 1).sigmoid()
                is_center = by_anchor(centers[index], 1).sigmoid()
                scores_NK = torch.sqrt(is_object * is_center)
                scores, place = best_candidates(
                    scores_NK.flatten(), self.score_threshold, self.max_candidates
                )
                box, label = place // scores_NK.shape[1], place % scores_NK.shape[1]
                start, end = anchors_N4[box, :2], anchors_N4[box, 2:]
                center, size = 0.5 * (start + end), end - start
                sides = by_anchor(distances[index], 1)[box]
                low = center - sides[:, :2] * size
                high = center + sides[:, 2:] * size
                boxes = clipped_boxes(torch.cat([low, high], dim=1), sizes_6[2:4])
                parts.append((boxes, scores, label))
            found.append(
                joined_detections(
                    parts, sizes_6, self.iou_threshold, self.max_detections
                )
            )
        return torch.stack(found)


class DefaultBoxDetections(nn.Module):
    """Detections out of maps over default boxes, as torchvision's SSD finds them.

    Takes class maps and box maps level by level, then the sizes of the images. Default
    boxes are pairs of width and height in shares of the image, level by level; class 0
    is the background.
    """

    def __init__(
        self,
        default_boxes: list[float],
        steps: list[float] | None = None,
        score_threshold: float = 0.01,
        iou_threshold: float = 0.45,
        max_candidates: int = 400,
        max_detections: int = 200,
    ) -> None:
        super().__init__()
        self.default_boxes = default_boxes
        self.steps = steps
        self.score_threshold = score_threshold
        self.iou_threshold = iou_threshold
        self.max_candidates = max_candidates
        self.max_detections = max_detections

    def forward(self, *maps_and_sizes: torch.Tensor) -> torch.Tensor:
        *maps, sizes_B6 = maps_and_sizes
        classes, offsets = maps[0::2], maps[1::2]
        counts = [map_BCHW.shape[1] // 4 for map_BCHW in offsets]
        anchors_N4 = default_anchors(offsets, sizes_B6, self.default_boxes, self.steps)
        found: list[torch.Tensor] = []
        for index, sizes_6 in enumerate(sizes_B6):
            logits = [
                by_anchor(each[index], n)
                for each, n in zip(classes, counts, strict=True)
            ]
            codes = [
                by_anchor(each[index], n)
                for each, n in zip(offsets, counts, strict=True)
            ]
            scores_NK = torch.cat(logits).softmax(dim=1)
            boxes_N4 = clipped_boxes(
                decoded_boxes(torch.cat(codes), anchors_N4, (10.0, 10.0, 5.0, 5.0)),
                sizes_6[2:4],
            )
            parts: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
            for label in range(1, scores_NK.shape[1]):
                scores, box = best_candidates(
                    scores_NK[:, label], self.score_threshold, self.max_candidates
                )
                parts.append((boxes_N4[box], scores, torch.full_like(box, label)))
            found.append(
                joined_detections(
                    parts, sizes_6, self.iou_threshold, self.max_detections
                )
            )
        return torch.stack(found)


def best_candidates(
    scores_N: torch.Tensor, threshold: float, most: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the highest scores above a threshold, and their places."""
    places = torch.where(scores_N > threshold)[0]
    scores, order = scores_N[places].topk(min(most, len(places)))
    return scores, places[order]


def joined_detections(
    parts: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]],
    sizes_6: torch.Tensor,
    iou_threshold: float,
    count: int,
) -> torch.Tensor:
    """Return the best of boxes, scores and labels in pixels of the image as it came."""
    boxes, scores, labels = (torch.cat(column) for column in zip(*parts, strict=True))
    found = chosen_boxes(boxes, scores, labels, iou_threshold, count)
    return torch.cat([rescaled_boxes(found[:, :4], sizes_6), found[:, 4:]], dim=1)
