"""Pooling: windows that reach over the end count, as far as they begin before it."""

from __future__ import annotations

from collections.abc import Sequence

from netloom.formats.caffe.mapping.convolution import along
from netloom.formats.caffe.mapping.kinds import Drawers
from netloom.formats.caffe.message import Message
from netloom.formats.caffe.sheet import Use, size_of
from netloom.formats.onnx.mapping.borders import LOWEST, bordered
from netloom.formats.onnx.mapping.state import sides
from netloom.formats.onnx.values import CannotMap, Flow
from netloom.graph.document import ParamValue

_KINDS = {"MAX": "Max", "AVE": "Avg"}


def _pooling(use: Use) -> Sequence[Flow]:
    settings = use.settings("pooling_param")
    flow = use.board.usual(use.value)
    kind = _KINDS.get(settings.text("pool", "MAX"))
    if len(flow.sizes) != 4 or kind is None:
        raise CannotMap("it draws positions at random, or works on other than images")
    if settings.flag("global_pooling"):
        return use.add(f"Adaptive{kind}Pool2d", [flow], {"output_size": [1, 1]})
    kernel = along(settings, "kernel", 2, 0, whole="kernel_size")
    stride = along(settings, "stride", 2, 1)
    pad = along(settings, "pad", 2, 0)
    if min(*kernel, *stride) < 1 or min(pad) < 0:
        raise CannotMap("a window without size, or that does not move")
    if any(side >= size for side, size in zip(pad, kernel, strict=True)):
        raise CannotMap("windows would lie in the border alone")
    if any(2 * side > size for side, size in zip(pad, kernel, strict=True)):
        # No pool of torch has a border of more than half its window.
        borders = [(0, 0), (0, 0), *((side, side) for side in pad)]
        flow = bordered(use.sheet, flow, borders, LOWEST if kind == "Max" else 0.0)
        pad = [0, 0]
    params: dict[str, ParamValue] = {
        "kernel_size": sides(kernel, 2),
        "stride": sides(stride, 2),
        "padding": sides(pad, 2),
        "ceil_mode": _keeps_partial_windows(settings),
    }
    for at in (0, 1):
        if size_of(flow, 2 + at) + 2 * pad[at] < kernel[at]:
            # Caffe makes one window of it.
            raise CannotMap("its windows are larger than what arrives")
    return use.add(f"{kind}Pool2d", [flow], params)


def _keeps_partial_windows(settings: Message) -> bool:
    if settings.has("ceil_mode"):
        return settings.flag("ceil_mode")
    return settings.text("round_mode", "CEIL") == "CEIL"


DRAWERS: Drawers = {"Pooling": _pooling}
