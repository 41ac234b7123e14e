"""Detectors in two stages: regions that may hold an object, then a look at each.

Legend: B batch, C channels, H height, W width, A anchors, T regions of an image, N
detections of an image, K classes. Boxes are x1, y1, x2, y2 in pixels of the network's
tensor; rows that are left over are zeros. For the sizes of images see `boxes`.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import torch
from torch import nn

from netloom.layers.modules.anchors import by_anchor, decoded_boxes, level_anchors
from netloom.layers.modules.boxes import chosen_boxes, clipped_boxes, rescaled_boxes


class RegionProposalHead(nn.Module):
    """At every position and anchor: is there an object, and how to correct the anchor.

    The same weights see every level. Weights are called as in torchvision's RPNHead.
    """

    def __init__(self, channels: int, num_anchors: int = 3, num_convs: int = 1) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            *(
                nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU())
                for _ in range(num_convs)
            )
        )
        self.cls_logits = nn.Conv2d(channels, num_anchors, 1)
        self.bbox_pred = nn.Conv2d(channels, num_anchors * 4, 1)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, std=0.01)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def forward(self, *maps_BCHW: torch.Tensor) -> tuple[torch.Tensor, ...]:
        results: list[torch.Tensor] = []
        for map_BCHW in maps_BCHW:
            hidden = self.conv(map_BCHW)
            results += [self.cls_logits(hidden), self.bbox_pred(hidden)]
        return tuple(results)


class RegionProposals(nn.Module):
    """The regions most likely to hold an object, (B, T, 4).

    Takes object maps and box maps level by level, then the sizes of the images.
    """

    def __init__(
        self,
        sizes: list[float],
        aspect_ratios: list[float],
        score_threshold: float = 0.0,
        iou_threshold: float = 0.7,
        max_candidates: int = 1000,
        max_detections: int = 1000,
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
            boxes: list[torch.Tensor] = []
            scores: list[torch.Tensor] = []
            numbers: list[torch.Tensor] = []
            for level, (logits, offsets) in enumerate(levels):
                num_anchors = logits.shape[1]
                objects_N = by_anchor(logits[index], num_anchors)[:, 0].detach()
                best, place = objects_N.topk(min(self.max_candidates, len(objects_N)))
                codes = by_anchor(offsets[index], num_anchors)[place].detach()
                boxes.append(decoded_boxes(codes, anchors[level][place]))
                scores.append(best.sigmoid())
                numbers.append(torch.full_like(place, level))
            clipped = clipped_boxes(torch.cat(boxes), sizes_6[2:4])
            all_scores, sides = torch.cat(scores), clipped[:, 2:] - clipped[:, :2]
            is_kept = (sides >= 1e-3).all(dim=1) & (all_scores >= self.score_threshold)
            chosen = chosen_boxes(
                clipped[is_kept],
                all_scores[is_kept],
                torch.cat(numbers)[is_kept],
                self.iou_threshold,
                self.max_detections,
            )
            found.append(chosen[:, :4])
        return torch.stack(found)


class RegionAlign(nn.Module):
    """Takes a piece of fixed size for every box out of the level that fits its size.

    Gives (B · T, C, H, W), the regions of one image after those of another, as
    torchvision's MultiScaleRoIAlign. Takes maps, then boxes and sizes of the images.
    """

    def __init__(
        self, output_size: int | tuple[int, int], num_samples: int = 2
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.num_samples = num_samples

    def forward(self, *maps_boxes_sizes: torch.Tensor) -> torch.Tensor:
        from torchvision.ops import roi_align

        *maps, boxes_BT4, sizes_B6 = maps_boxes_sizes
        height = float(sizes_B6[:, 2].detach().max())
        scales = [self.scale(map_BCHW.shape[2], height) for map_BCHW in maps]
        images = torch.arange(len(boxes_BT4), device=boxes_BT4.device)
        images_BT1 = images.view(-1, 1, 1).expand(-1, boxes_BT4.shape[1], 1)
        rois = torch.cat([images_BT1.to(boxes_BT4.dtype), boxes_BT4], dim=2).flatten(
            0, 1
        )
        if len(maps) == 1:
            return roi_align(
                maps[0], rois, self.output_size, scales[0], self.num_samples
            )
        first, last = (
            float(-torch.tensor(scale).log2()) for scale in (scales[0], scales[-1])
        )
        area = (rois[:, 3] - rois[:, 1]) * (rois[:, 4] - rois[:, 2])
        side = area.clamp(min=0).sqrt()
        level = (
            torch.floor(4 + torch.log2(side / 224) + 1e-6).clamp(first, last) - first
        )
        pieces: list[torch.Tensor] = []
        places: list[torch.Tensor] = []
        for number, (map_BCHW, scale) in enumerate(zip(maps, scales, strict=True)):
            place = torch.where(level == number)[0]
            places.append(place)
            pieces.append(
                roi_align(
                    map_BCHW, rois[place], self.output_size, scale, self.num_samples
                )
            )
        return torch.cat(pieces)[torch.cat(places).argsort()]

    def scale(self, rows: int, height: float) -> float:
        """Return positions of a map for each pixel: the nearest power of two."""
        shares = torch.tensor(rows / max(height, 1.0))
        return float(2 ** shares.log2().round())


class RegionDetections(nn.Module):
    """Detections out of what was found in each region, as in torchvision's R-CNNs.

    Takes the regions, their class logits and box offsets, and the sizes of the images;
    class 0 is the background. Gives detections in pixels of the image as it came and,
    if wanted, their boxes in pixels of the network's tensor.
    """

    def __init__(
        self,
        score_threshold: float = 0.05,
        iou_threshold: float = 0.5,
        max_detections: int = 100,
        gives_boxes: bool = False,
    ) -> None:
        super().__init__()
        self.score_threshold = score_threshold
        self.iou_threshold = iou_threshold
        self.max_detections = max_detections
        self.gives_boxes = gives_boxes

    def forward(
        self,
        regions_BT4: torch.Tensor,
        logits_NK: torch.Tensor,
        offsets_N4K: torch.Tensor,
        sizes_B6: torch.Tensor,
    ) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        num_regions = regions_BT4.shape[1]
        boxes = decoded_boxes(
            offsets_N4K, regions_BT4.flatten(0, 1), (10.0, 10.0, 5.0, 5.0)
        ).split(num_regions)
        scores = logits_NK.softmax(dim=1).split(num_regions)
        found: list[torch.Tensor] = []
        for index, sizes_6 in enumerate(sizes_B6):
            is_region = regions_BT4[index, :, 2] > regions_BT4[index, :, 0]
            scores_NK = scores[index][:, 1:]
            region, label = torch.where(
                (scores_NK > self.score_threshold) & is_region[:, None]
            )
            own = boxes[index].unflatten(1, (-1, 4))[region, label + 1]
            clipped = clipped_boxes(own, sizes_6[2:4])
            is_kept = ((clipped[:, 2:] - clipped[:, :2]) >= 1e-2).all(dim=1)
            found.append(
                chosen_boxes(
                    clipped[is_kept],
                    scores_NK[region, label][is_kept],
                    (label + 1)[is_kept],
                    self.iou_threshold,
                    self.max_detections,
                )
            )
        detections = torch.stack(
            [
                torch.cat([rescaled_boxes(rows[:, :4], sizes_6), rows[:, 4:]], dim=1)
                for rows, sizes_6 in zip(found, sizes_B6, strict=True)
            ]
        )
        if not self.gives_boxes:
            return detections
        return detections, torch.stack(found)[..., :4]


class RegionMasks(nn.Module):
    """Masks of detections in the size of the image, (B, N, H, W), as in Mask R-CNN.

    Takes detections, mask logits of each of them and of each class, and the image.
    """

    def forward(
        self,
        detections_BN6: torch.Tensor,
        logits_MKHW: torch.Tensor,
        image_BCHW: torch.Tensor,
    ) -> torch.Tensor:
        height, width = image_BCHW.shape[2:]
        rows_M6 = detections_BN6.flatten(0, 1)
        canvas = logits_MKHW.new_zeros(len(rows_M6), height, width)
        for index, row in enumerate(rows_M6.detach()):
            label = int(row[5])
            if label >= 0:
                mask = logits_MKHW[index, label].sigmoid()
                canvas[index] = pasted_mask(mask, row[:4], height, width)
        return canvas.unflatten(0, detections_BN6.shape[:2])


def pasted_mask(
    mask_HW: torch.Tensor, box_4: torch.Tensor, height: int, width: int
) -> torch.Tensor:
    """Return a mask of an image: a small mask where a box is, and zeros elsewhere.

    The small mask gets a border of one, and the box grows by as much.
    """
    padded = nn.functional.pad(mask_HW, (1, 1, 1, 1))
    growth = padded.shape[0] / mask_HW.shape[0]
    center, half = (box_4[2:] + box_4[:2]) * 0.5, (box_4[2:] - box_4[:2]) * 0.5 * growth
    left, top = (int(each) for each in center - half)
    right, bottom = (int(each) for each in center + half)
    size = (max(bottom - top + 1, 1), max(right - left + 1, 1))
    resized = nn.functional.interpolate(
        padded[None, None], size=size, mode="bilinear", align_corners=False
    )[0, 0]
    x1, x2 = max(left, 0), min(right + 1, width)
    y1, y2 = max(top, 0), min(bottom + 1, height)
    result = mask_HW.new_zeros(height, width)
    if x1 < x2 and y1 < y2:
        result[y1:y2, x1:x2] = resized[y1 - top : y2 - top, x1 - left : x2 - left]
    return result


class RegionKeypoints(nn.Module):
    """Keypoints of detections, (B, N, K, 3): x, y and score, as in Keypoint R-CNN.

    Takes the boxes in pixels of the network's tensor, heat maps of each of them, and
    the sizes of the images. Points are in pixels of the image as it came.
    """

    def forward(
        self,
        boxes_BN4: torch.Tensor,
        maps_MKHW: torch.Tensor,
        sizes_B6: torch.Tensor,
    ) -> torch.Tensor:
        num_boxes, num_points = boxes_BN4.shape[1], maps_MKHW.shape[1]
        points = maps_MKHW.new_zeros(len(maps_MKHW), num_points, 3)
        for index, box in enumerate(boxes_BN4.detach().flatten(0, 1)):
            if box[2] > box[0]:
                sizes_6 = sizes_B6[index // num_boxes]
                points[index] = self.points(maps_MKHW[index], box, sizes_6)
        return points.unflatten(0, boxes_BN4.shape[:2])

    def points(
        self, maps_KHW: torch.Tensor, box_4: torch.Tensor, sizes_6: torch.Tensor
    ) -> torch.Tensor:
        """Return the points of one detection."""
        size = (box_4[2:] - box_4[:2]).clamp(min=1)
        columns, rows = (int(each) for each in size.ceil())
        large = nn.functional.interpolate(
            maps_KHW[:, None], size=(rows, columns), mode="bicubic", align_corners=False
        )[:, 0].flatten(1)
        place = large.argmax(dim=1)
        x = ((place % columns).float() + 0.5) * (size[0] / columns) + box_4[0]
        y = ((place // columns).float() + 0.5) * (size[1] / rows) + box_4[1]
        ratio = sizes_6[4:6] / sizes_6[2:4]
        score = large.gather(1, place[:, None])[:, 0]
        return torch.stack([x * ratio[1], y * ratio[0], score], dim=1)
