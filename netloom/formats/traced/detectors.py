"""Detectors of torchvision in parts that can be recorded.

A detector cannot be recorded as it is: how many boxes it looks at follows from the numbers of its
input. So it is rebuilt of its own backbone and heads, whose modules and names stay, and of the
layers that choose boxes, which are declared and recorded as one call each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from netloom.formats.imported import FormatError
from netloom.formats.traced.modules import Params, declare
from netloom.graph.document import ParamValue
from netloom.layers import modules as own

_PLACE = "torchvision.models.detection."
_PROBE_PX = 64


def rebuilt_detector(module: nn.Module) -> nn.Module | None:
    """Return a detector of torchvision in parts that can be recorded; None for any other module.

    It shares the weights and takes images (B, C, H, W) of 0..1 instead of a list of images.

    Raises:
        FormatError: It has parts of which nothing is known.
    """
    build = _KINDS.get(type(module).__name__)
    if build is None or not type(module).__module__.startswith(_PLACE):
        return None
    try:
        return build(module).eval()
    except AttributeError as error:
        raise FormatError(
            f"This detector is built otherwise than torchvision's own: {error}."
        ) from error


class OriginalDetector(nn.Module):
    """A detector of torchvision that gives what its rebuilt form gives, to compare them."""

    def __init__(self, module: nn.Module, like: nn.Module) -> None:
        super().__init__()
        self.module = module
        self.count = cast("Any", like).num_detections

    def forward(self, images_BCHW: Tensor) -> dict[str, Tensor]:
        found = cast("Sequence[Mapping[str, Tensor]]", self.module(list(images_BCHW)))
        results = {"detections": torch.stack([self._rows(each) for each in found])}
        if "masks" in found[0]:
            masks = [self._filled(each["masks"][:, 0]) for each in found]
            results["masks"] = torch.stack(masks)
        if "keypoints" in found[0]:
            points = [
                torch.cat([each["keypoints"][..., :2], each["keypoints_scores"][..., None]], 2)
                for each in found
            ]
            results["keypoints"] = torch.stack([self._filled(each) for each in points])
        return results

    def _rows(self, found: Mapping[str, Tensor]) -> Tensor:
        numbers = (found["scores"], found["labels"].to(found["boxes"].dtype))
        rows = self._filled(
            torch.cat([found["boxes"], *(column[:, None] for column in numbers)], 1)
        )
        rows[len(found["boxes"]) :, 5] = -1
        return rows

    def _filled(self, rows: Tensor) -> Tensor:
        return torch.cat([rows, rows.new_zeros(self.count - len(rows), *rows.shape[1:])])


class _Parts(nn.Module):
    """What all have: images made ready, a backbone, maps by level."""

    def __init__(self, module: Any, num_detections: int) -> None:
        super().__init__()
        self.num_detections = num_detections
        self.transform = _transform(module.transform)
        self.backbone = module.backbone

    def maps(self, images_BCHW: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Return the maps of the backbone by name, and the sizes of the images."""
        ready, sizes = self.transform(images_BCHW)
        found = self.backbone(ready)
        maps = {"0": found} if isinstance(found, Tensor) else dict(found)
        return maps, sizes


class _Dense(_Parts):
    """RetinaNet and FCOS: a head over all levels."""

    def __init__(self, module: Any) -> None:
        super().__init__(module, module.detections_per_img)
        anchors, head = module.anchor_generator, module.head
        is_free = type(module).__name__ == "FCOS"
        self.head = (_anchor_free_head if is_free else _anchor_head)(head, len(anchors.sizes))
        params = {**_anchors(anchors), **_choice(module)}
        if is_free:
            del params["aspect_ratios"]
        self.postprocess = _declared(
            "AnchorFreeDetections" if is_free else "AnchorDetections", params
        )

    def forward(self, images_BCHW: Tensor) -> dict[str, Tensor]:
        maps, sizes = self.maps(images_BCHW)
        return {"detections": self.postprocess(*self.head(*maps.values()), sizes)}


class _Ssd(_Parts):
    """SSD and SSDlite: predictions of each level's own."""

    def __init__(self, module: Any) -> None:
        super().__init__(module, module.detections_per_img)
        self.head = module.head
        boxes = module.anchor_generator
        pairs = [float(each) for level in boxes._wh_pairs for each in level.flatten()]
        params: Params = {
            "num_levels": len(boxes._wh_pairs),
            "default_boxes": _list([min(max(each, 0.0), 1.0) for each in pairs]),
            **_choice(module),
        }
        if boxes.steps is not None:
            params["steps"] = _list([float(step) for step in boxes.steps])
        if not boxes.clip and max(pairs) > 1:
            raise FormatError("Default boxes that are larger than the image cannot be opened.")
        self.postprocess = _declared("DefaultBoxDetections", params)

    def forward(self, images_BCHW: Tensor) -> dict[str, Tensor]:
        maps, sizes = self.maps(images_BCHW)
        heads = (self.head.classification_head, self.head.regression_head)
        given = [
            predict(map_BCHW)
            for index, map_BCHW in enumerate(maps.values())
            for predict in (head.module_list[index] for head in heads)
        ]
        return {"detections": self.postprocess(*given, sizes)}


class _Regions(_Parts):
    """Faster R-CNN, Mask R-CNN and Keypoint R-CNN: regions, then a look at each."""

    def __init__(self, module: Any) -> None:
        heads = module.roi_heads
        super().__init__(module, heads.detections_per_img)
        rpn = module.rpn
        num_levels = len(rpn.anchor_generator.sizes)
        self.rpn = nn.Module()
        self.rpn.head = _region_head(rpn.head, num_levels)
        params: Params = {
            **_anchors(rpn.anchor_generator),
            "max_candidates": rpn._pre_nms_top_n["testing"],
            "max_detections": rpn._post_nms_top_n["testing"],
            "iou_threshold": rpn.nms_thresh,
            "score_threshold": rpn.score_thresh,
        }
        self.rpn.proposals = _declared("RegionProposals", params)
        self.roi_heads = nn.Module()
        self.names: dict[str, list[str]] = {}
        gives_boxes = False
        level_names = _level_names(module.backbone)
        for kind in ("box", "mask", "keypoint"):
            pool = getattr(heads, f"{kind}_roi_pool")
            if pool is None:
                continue
            gives_boxes = gives_boxes or kind != "box"
            self.names[kind] = [name for name in level_names if name in pool.featmap_names]
            align = _region_align(pool, len(self.names[kind]))
            setattr(self.roi_heads, f"{kind}_roi_pool", align)
            for part in ("head", "predictor"):
                setattr(self.roi_heads, f"{kind}_{part}", getattr(heads, f"{kind}_{part}"))
        choice: Params = {
            "score_threshold": heads.score_thresh,
            "iou_threshold": heads.nms_thresh,
            "max_detections": heads.detections_per_img,
            "gives_boxes": gives_boxes,
        }
        self.roi_heads.detections = _declared("RegionDetections", choice)
        if "mask" in self.names:
            self.roi_heads.masks = _declared("RegionMasks", {})
        if "keypoint" in self.names:
            self.roi_heads.keypoints = _declared("RegionKeypoints", {})
        if tuple(heads.box_coder.weights) != (10.0, 10.0, 5.0, 5.0):
            raise FormatError("Box offsets with weights of their own cannot be opened.")

    def forward(self, images_BCHW: Tensor) -> dict[str, Tensor]:
        maps, sizes = self.maps(images_BCHW)
        rpn, heads = cast("Any", self.rpn), cast("Any", self.roi_heads)
        regions = rpn.proposals(*rpn.head(*maps.values()), sizes)
        logits, offsets = heads.box_predictor(
            heads.box_head(self._pieces("box", maps, regions, sizes))
        )
        found = heads.detections(regions, logits, offsets, sizes)
        if isinstance(found, Tensor):
            return {"detections": found}
        detections, boxes = found
        results = {"detections": detections}
        if "mask" in self.names:
            pieces = self._pieces("mask", maps, boxes, sizes)
            scores = heads.mask_predictor(heads.mask_head(pieces))
            results["masks"] = heads.masks(detections, scores, images_BCHW)
        if "keypoint" in self.names:
            pieces = self._pieces("keypoint", maps, boxes, sizes)
            heat = heads.keypoint_predictor(heads.keypoint_head(pieces))
            results["keypoints"] = heads.keypoints(boxes, heat, sizes)
        return results

    def _pieces(
        self, kind: str, maps: Mapping[str, Tensor], boxes: Tensor, sizes: Tensor
    ) -> Tensor:
        chosen = [maps[name] for name in maps if name in self.names[kind]]
        return getattr(self.roi_heads, f"{kind}_roi_pool")(*chosen, boxes, sizes)


_KINDS = {
    "RetinaNet": _Dense, "FCOS": _Dense, "SSD": _Ssd,
    **dict.fromkeys(("FasterRCNN", "MaskRCNN", "KeypointRCNN"), _Regions),
}  # fmt: skip


def _list(values: Sequence[float]) -> ParamValue:
    return cast("ParamValue", list(values))


def _declared(type_name: str, params: Params, **arguments: object) -> nn.Module:
    """Make the module of a layer whose arguments are its parameters."""
    made = {key: value for key, value in params.items() if key != "num_levels"}
    return declare(getattr(own, type_name)(**made, **arguments), type_name, params)


def _transform(module: Any) -> nn.Module:
    params: Params = {
        "min_size": int(module.min_size[-1]),
        "max_size": int(module.max_size),
        "size_divisible": int(module.size_divisible),
        "mean": _list(module.image_mean),
        "std": _list(module.image_std),
    }
    if module.fixed_size is not None:
        params["fixed_size"] = [int(each) for each in reversed(module.fixed_size)]
    made = {**params, "fixed_size": tuple(module.fixed_size or ())[::-1] or None}
    return declare(own.DetectionTransform(**cast("Any", made)), "DetectionTransform", params)


def _anchors(generator: Any) -> Params:
    ratios = {tuple(float(each) for each in level) for level in generator.aspect_ratios}
    counts = {len(level) for level in generator.sizes}
    if len(ratios) > 1 or len(counts) > 1:
        raise FormatError("Anchors that differ in kind between levels cannot be opened.")
    return {
        "num_levels": len(generator.sizes),
        "sizes": _list([float(each) for level in generator.sizes for each in level]),
        "aspect_ratios": _list(list(ratios.pop())),
    }


def _choice(module: Any) -> Params:
    return {
        "score_threshold": module.score_thresh,
        "iou_threshold": module.nms_thresh,
        "max_candidates": module.topk_candidates,
        "max_detections": module.detections_per_img,
    }


def _level_names(backbone: nn.Module) -> list[str]:
    """Return what a backbone calls its maps, by asking it about a small image."""
    was_training = backbone.training
    with torch.no_grad():
        found = backbone.eval()(torch.zeros(1, 3, _PROBE_PX, _PROBE_PX))
    backbone.train(was_training)
    return ["0"] if isinstance(found, Tensor) else list(cast("Mapping[str, Tensor]", found))


def _region_align(pool: Any, num_levels: int) -> nn.Module:
    if (pool.canonical_scale, pool.canonical_level) != (224, 4):
        raise FormatError("Regions spread over levels in another way cannot be opened.")
    height, width = (int(each) for each in pool.output_size)
    params: Params = {
        "num_levels": num_levels,
        "output_size": [height, width],
        "num_samples": int(pool.sampling_ratio),
    }
    made = own.RegionAlign((height, width), int(pool.sampling_ratio))
    return declare(made, "RegionAlign", params)


def _region_head(head: Any, num_levels: int) -> nn.Module:
    channels = head.cls_logits.in_channels
    params: Params = {
        "num_levels": num_levels,
        "num_anchors": head.cls_logits.out_channels,
        "num_convs": len(head.conv),
    }
    made = own.RegionProposalHead(channels, head.cls_logits.out_channels, len(head.conv))
    made.load_state_dict(head.state_dict())
    return declare(made, "RegionProposalHead", params)


def _anchor_head(head: Any, num_levels: int) -> nn.Module:
    classes, boxes = head.classification_head, head.regression_head
    has_norm = len(classes.conv) > 0 and len(classes.conv[0]) > 2
    params: Params = {
        "num_levels": num_levels,
        "num_classes": classes.num_classes,
        "num_anchors": classes.num_anchors,
        "num_convs": len(classes.conv),
        "has_norm": has_norm,
    }
    channels = classes.cls_logits.in_channels
    made = own.AnchorHead(
        channels, classes.num_classes, classes.num_anchors, len(classes.conv), has_norm
    )
    _copy_tower(classes.conv, made.class_tower, 3 if has_norm else 2)
    _copy_tower(boxes.conv, made.box_tower, 3 if has_norm else 2)
    made.class_logits.load_state_dict(classes.cls_logits.state_dict())
    made.box_offsets.load_state_dict(boxes.bbox_reg.state_dict())
    return declare(made, "AnchorHead", params)


def _anchor_free_head(head: Any, num_levels: int) -> nn.Module:
    classes, boxes = head.classification_head, head.regression_head
    num_convs = len(classes.conv) // 3
    params: Params = {
        "num_levels": num_levels,
        "num_classes": classes.num_classes,
        "num_convs": num_convs,
    }
    made = own.AnchorFreeHead(classes.cls_logits.in_channels, classes.num_classes, num_convs)
    made.class_tower.load_state_dict(classes.conv.state_dict())
    made.box_tower.load_state_dict(boxes.conv.state_dict())
    made.class_logits.load_state_dict(classes.cls_logits.state_dict())
    made.box_distances.load_state_dict(boxes.bbox_reg.state_dict())
    made.centerness.load_state_dict(boxes.bbox_ctrness.state_dict())
    return declare(made, "AnchorFreeHead", params)


def _copy_tower(source: Any, tower: nn.Sequential, step: int) -> None:
    """Copy convolutions, with what normalises them, that torchvision keeps in pairs."""
    for index, block in enumerate(source):
        for part in range(step - 1):
            tower[step * index + part].load_state_dict(block[part].state_dict())
