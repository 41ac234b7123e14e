"""Layers that nothing here computes, kept as the file says them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from netloom.formats.caffe.message import Message
from netloom.formats.caffe.net import CaffeLayer
from netloom.formats.caffe.sheet import size_of
from netloom.formats.onnx.board import Board
from netloom.formats.onnx.naming import port_names
from netloom.formats.onnx.values import CannotMap, Flow
from netloom.layers.shapes import BATCH, Dim, Shape

_OWN = ("name", "type", "bottom", "top", "blobs")
_MAX_WORDS = 50_000
_MOST_PORTS = 256


def placeholder(board: Board, layer: CaffeLayer, inputs: Sequence[Flow]) -> list[Flow]:
    """Draw a placeholder with the layer's settings and, as far as it is known, its shape."""
    flows = list(dict.fromkeys(inputs))[:_MOST_PORTS]
    tops = list(layer.tops)[:_MOST_PORTS] or ["output"]
    ports = port_names(tops, "output")
    shape = _shape(layer, inputs)
    shapes = [shape] + [None] * (len(ports) - 1)
    told = {} if shape is None else {ports[0]: [_dim(dim) for dim in shape]}
    kept = {key: values for key, values in layer.settings.fields.items() if key not in _OWN}
    words = json.dumps(Message(kept).words())
    params = {
        "op": layer.kind[:200] or "unknown",
        "domain": "caffe",
        "attributes": words if len(words) < _MAX_WORDS else "{}",
        "inputs": ",".join(port_names([f"input_{at + 1}" for at in range(len(flows))], "in")),
        "outputs": ",".join(ports),
        "shapes": json.dumps(told),
    }
    return board.placeholder(flows, params, shapes=shapes)


def keeps_shape(layer: CaffeLayer, inputs: Sequence[Flow]) -> bool:
    """Say whether a layer is taken to give what it takes, for lack of anything better."""
    return len(inputs) == 1 and len(layer.tops) == 1 and inputs[0].shape is not None


def _shape(layer: CaffeLayer, inputs: Sequence[Flow]) -> Shape | None:
    try:
        if layer.kind == "PriorBox" and inputs:
            return _prior_boxes(layer.settings.inner("prior_box_param"), inputs[0])
        if layer.kind == "ROIPooling" and inputs:
            settings = layer.settings.inner("roi_pooling_param")
            height, width = settings.whole("pooled_h", 1), settings.whole("pooled_w", 1)
            return _usable((BATCH, Dim("C", size_of(inputs[0], 1)), Dim("H", height),
                            Dim("W", width)))  # fmt: skip
    except CannotMap:
        return None
    is_known = layer.kind in ("DetectionOutput", "PriorBox", "Proposal")
    shape = inputs[0].shape if keeps_shape(layer, inputs) and not is_known else None
    return None if shape is None else _usable(shape)


def _prior_boxes(settings: Message, flow: Flow) -> Shape | None:
    """Return 1 × 2 × (4 numbers for each box of each position): boxes and their variances."""
    ratios = {1.0}
    for ratio in settings.numbers("aspect_ratio").tolist():
        ratios.add(round(ratio, 6))
        if settings.flag("flip", default=True) and ratio:
            ratios.add(round(1 / ratio, 6))
    boxes = len(ratios) * max(1, settings.numbers("min_size").size)
    boxes += settings.numbers("max_size").size
    count = size_of(flow, 2) * size_of(flow, 3) * boxes * 4
    return _usable((Dim("N", 1), Dim("C", 2), Dim("F", count)))


def _usable(shape: Shape) -> Shape | None:
    """Return a shape that a placeholder can keep; None for what it cannot say."""
    sizes = [dim.size for dim in shape if dim != BATCH]
    is_plain = all(isinstance(size, int) and 1 <= size <= 10**9 for size in sizes)
    return shape if is_plain and 1 <= len(shape) <= 8 else None


def _dim(dim: Dim) -> list[object]:
    return [dim.axis, "B" if dim == BATCH else dim.size]
