"""MobileNet-v2 (Sandler et al., 2018)."""

from __future__ import annotations

from netloom.blocks.depthwise import inverted_down, inverted_residual
from netloom.blocks.layout import BlockShelf, ScopeBuilder, finish_document
from netloom.graph.document import Document
from netloom.templates.fit import Fit, pool_and_classify, start_image

_EXPANSION = 6
_STAGES = ((24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1))
"""Filters, blocks and the stride of the first of each stage."""


def mobilenet_v2(fit: Fit) -> Document:
    """Inverted residuals in seven widths: accurate for its size, made for phones."""
    shelf = BlockShelf()
    scope = start_image(fit)
    _add_stem(scope, stride=2 if fit.is_large else 1)
    received = 16
    for number, (filters, count, stride) in enumerate(_STAGES, start=2):
        if number in (2, 5):
            scope.start_row()
        step = 1 if number == 2 and not fit.is_large else stride
        overrides = {"filters": filters, "expanded_filters": _EXPANSION * received}
        block_id = shelf.take(inverted_down)
        scope.add_block(block_id, f"stage{number}_down", {**overrides, "stride": step})
        if count > 1:
            overrides = {"filters": filters, "expanded_filters": _EXPANSION * filters}
            block_id = shelf.take(inverted_residual)
            scope.add_block(block_id, f"stage{number}", overrides, repeat=count - 1)
        received = filters
    scope.start_row()
    scope.add("Conv2d", "last_conv", out_channels=1280, kernel_size=1, bias=False)
    scope.add("BatchNorm2d")
    scope.add("ReLU6")
    scope.start_row()
    pool_and_classify(scope, fit.num_classes, dropout=0.2)
    return finish_document(scope, "MobileNetV2", shelf)


def _add_stem(scope: ScopeBuilder, stride: int) -> None:
    """Append the first convolution, and the one block that does not widen."""
    scope.add("Conv2d", "stem", out_channels=32, kernel_size=3, stride=stride, bias=False)
    scope.add("BatchNorm2d")
    scope.add("ReLU6")
    scope.start_row()
    scope.add("Conv2d", "depthwise", out_channels=32, kernel_size=3, groups=32, bias=False)
    scope.add("BatchNorm2d")
    scope.add("ReLU6")
    scope.add("Conv2d", "project", out_channels=16, kernel_size=1, bias=False)
    scope.add("BatchNorm2d")
