"""A siamese network: two images go through towers of the same weights and are compared."""

from __future__ import annotations

from functools import lru_cache

from netloom.blocks.layout import (
    BlockBuilder,
    BlockShelf,
    BuiltBlock,
    ScopeBuilder,
    finish_block,
    finish_document,
)
from netloom.graph.document import Document
from netloom.templates.fit import Fit

_EMBEDDING = 64


def siamese(fit: Fit, note: str) -> Document:
    """One logit for “both images show the same”.

    The right tower uses the weights of the left one; each keeps the statistics of its own images.
    """
    tower = tower_of(fit.halvings(smallest=2, at_most=4))
    shelf, scope = BlockShelf(), ScopeBuilder()
    size = {"channels": fit.channels, "height": fit.height, "width": fit.width}
    scope.add("ImageInput", "left", **size)
    left = scope.add_block(shelf.take(tower), "left_tower", {})
    difference = scope.add("Subtract", "difference")
    scope.branch(None, row=1, column=0)
    scope.add("ImageInput", "right", **size)
    right = scope.add_block(shelf.take(tower), "right_tower", {})
    scope.nodes[right] = scope.nodes[right].model_copy(update={"weights_of": left})
    scope.connect(right, difference, "input_2")
    scope.branch(difference, row=0, column=3)
    squared = scope.add("Multiply", "squared")
    scope.connect(difference, squared, "input_2")
    scope.add("Linear", "same", out_features=1)
    scope.add("Output")
    scope.row = 1
    return finish_document(scope, "Siamese", shelf, note)


@lru_cache
def tower_of(halvings: int) -> BlockBuilder:
    """Return what builds a tower that halves an image so often and gives its embedding."""

    def build(_: BlockShelf) -> BuiltBlock:
        scope = ScopeBuilder()
        scope.add("BlockInput", "input")
        for step in range(max(1, halvings)):
            scope.add("Conv2d", out_channels=16 << step, kernel_size=3, bias=False)
            scope.add("BatchNorm2d")
            scope.add("ReLU")
            if step < halvings:
                scope.add("MaxPool2d", kernel_size=2)
            scope.start_row()
        scope.add("AdaptiveAvgPool2d", output_size=1)
        scope.add("Flatten")
        scope.add("Linear", "embed", out_features=_EMBEDDING)
        scope.add("BlockOutput", "output")
        return finish_block(scope, "Tower", {})

    return build
