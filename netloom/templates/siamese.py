"""A siamese network: two images go through the same weights and are compared."""

from __future__ import annotations

from netloom.blocks.layout import ScopeBuilder, finish_document
from netloom.graph.document import Document
from netloom.templates.fit import Fit

_EMBEDDING = 64


def siamese(fit: Fit, note: str) -> Document:
    """One logit for “both images show the same”.

    The images are stacked as the two slices of a volume. Kernels of depth 1 see each slice alone,
    so that both go through one set of weights.
    """
    scope = ScopeBuilder()
    size = {"channels": fit.channels, "height": fit.height, "width": fit.width}
    scope.add("ImageInput", "left", **size)
    stack = scope.add("Stack")
    scope.branch(None, row=1, column=0)
    right = scope.add("ImageInput", "right", **size)
    scope.connect(right, stack, "input_2")
    scope.branch(stack, row=0, column=2)
    halvings = fit.halvings(smallest=2, at_most=4)
    for step in range(max(1, halvings)):
        if step:
            scope.branch(scope.last, row=step + 1, column=0)
        scope.add("Conv3d", out_channels=16 << step, kernel_size=[1, 3, 3], bias=False)
        scope.add("BatchNorm3d")
        scope.add("ReLU")
        if step < halvings:
            scope.add("MaxPool3d", kernel_size=[1, 2, 2])
    scope.branch(scope.last, row=max(1, halvings) + 1, column=0)
    scope.add("AdaptiveAvgPool3d", output_size=[2, 1, 1])
    embedded = scope.add("Conv3d", "embed", out_channels=_EMBEDDING, kernel_size=1)
    rows = scope.row
    first = _slice(scope, embedded, 0, row=rows)
    second = _slice(scope, embedded, 1, row=rows + 1)
    scope.branch(first, row=rows + 2, column=0)
    difference = scope.add("Subtract", "difference")
    scope.connect(second, difference, "input_2")
    squared = scope.add("Multiply", "squared")
    scope.connect(difference, squared, "input_2")
    scope.add("Flatten")
    scope.add("Linear", "same", out_features=1)
    scope.add("Output")
    return finish_document(scope, "Siamese", note=note)


def _slice(scope: ScopeBuilder, source: str, index: int, row: int) -> str:
    scope.branch(source, row=row, column=2)
    name = ("left_code", "right_code")[index]
    return scope.add("Slice", name, axis="D", start=index, stop=index + 1)
