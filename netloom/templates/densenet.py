"""DenseNet-121 (Huang et al., 2016)."""

from __future__ import annotations

from netloom.blocks.branches import dense_of
from netloom.blocks.convolution import transition
from netloom.blocks.layout import BlockShelf, finish_document
from netloom.graph.document import Document
from netloom.templates.fit import Fit, pool_and_classify, start_image
from netloom.templates.resnet import add_large_stem

_STAGES = ((6, 128), (12, 256), (24, 512), (16, 0))
"""Layers of each dense block, and the filters of the transition behind it."""


def densenet121(fit: Fit) -> Document:
    """Four dense blocks; between them fewer channels at half the size."""
    shelf = BlockShelf()
    scope = start_image(fit)
    add_large_stem(scope, fit)
    side = fit.shorter_side // 4 if fit.is_large else fit.shorter_side
    for number, (num_layers, filters) in enumerate(_STAGES, start=1):
        if number == 3:
            scope.start_row()
        scope.add_block(shelf.take(dense_of(num_layers)), f"dense{number}", {})
        if filters:
            pooling = 2 if side >= 2 else 1
            side //= pooling
            overrides = {"filters": filters, "pooling": pooling}
            scope.add_block(shelf.take(transition), "transition", overrides)
    scope.start_row()
    scope.add("BatchNorm2d")
    scope.add("ReLU")
    scope.start_row()
    pool_and_classify(scope, fit.num_classes)
    return finish_document(scope, "DenseNet121", shelf)
