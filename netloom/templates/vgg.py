"""VGG (Simonyan and Zisserman, 2014) with 11 layers and batch normalization."""

from __future__ import annotations

from netloom.blocks.convolution import conv_norm
from netloom.blocks.layout import BlockShelf, finish_document
from netloom.graph.document import Document
from netloom.templates.fit import Fit, classify, start_image

_STAGES = ((64,), (128,), (256, 256), (512, 512), (512, 512))
_FULL_SIZE_PX = 224
"""From here on the head is the original one with its 120 million parameters."""


def vgg11(fit: Fit) -> Document:
    """Stages of 3 × 3 convolutions, each at half the size of the one before."""
    shelf = BlockShelf()
    scope = start_image(fit)
    side = fit.shorter_side
    block_id = shelf.take(conv_norm)
    for number, stage in enumerate(_STAGES):
        if number == 2:
            scope.start_row()
        for filters in stage:
            scope.add_block(block_id, f"conv{number + 1}", {"filters": filters, "bias": True})
        if side >= 2:
            scope.add("MaxPool2d", kernel_size=2)
            side //= 2
    scope.start_row()
    is_full = fit.shorter_side >= _FULL_SIZE_PX
    scope.add("AdaptiveAvgPool2d", output_size=7 if is_full else 1)
    scope.add("Flatten")
    for _ in range(2):
        scope.start_row()
        scope.add("Linear", out_features=4096 if is_full else 512)
        scope.add("ReLU")
        scope.add("Dropout")
    classify(scope, fit.num_classes)
    return finish_document(scope, "VGG11", shelf)
