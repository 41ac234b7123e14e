"""Blocks whose spatial filters see one channel each: MobileNet-v2, ConvNeXt; and their gates."""

from __future__ import annotations

from netloom.blocks.layout import BlockShelf, BuiltBlock, ScopeBuilder, finish_block

_Target = tuple[str, str]


def inverted_residual(shelf: BlockShelf) -> BuiltBlock:
    """Widen, filter each channel, narrow again; added to what came in (Sandler et al., 2018)."""
    del shelf
    scope = ScopeBuilder()
    entry = scope.add("BlockInput")
    widths, project = _inverted_path(scope, stride=1, filters=32, expanded=192)
    total = scope.add("Add")
    scope.connect(entry, total, "input_2")
    scope.add("BlockOutput")
    exposed = {"filters": [(project, "out_channels")], "expanded_filters": widths}
    return finish_block(scope, "InvertedResidual", exposed)


def inverted_down(shelf: BlockShelf) -> BuiltBlock:
    """As `inverted_residual` without the addition, so that filters and size may change."""
    del shelf
    scope = ScopeBuilder()
    scope.add("BlockInput")
    widths, project = _inverted_path(scope, stride=2, filters=32, expanded=96)
    scope.add("BlockOutput")
    depthwise = widths[1][0]
    exposed = {
        "filters": [(project, "out_channels")],
        "expanded_filters": widths,
        "stride": [(depthwise, "stride")],
    }
    return finish_block(scope, "InvertedDown", exposed)


def _inverted_path(
    scope: ScopeBuilder, stride: int, filters: int, expanded: int
) -> tuple[list[_Target], str]:
    """Append the path; return what decides its inner width, and its last convolution."""
    expand = scope.add("Conv2d", "expand", out_channels=expanded, kernel_size=1, bias=False)
    scope.add("BatchNorm2d")
    scope.add("ReLU6")
    depthwise = scope.add(
        "Conv2d",
        "depthwise",
        out_channels=expanded,
        kernel_size=3,
        stride=stride,
        groups=expanded,
        bias=False,
    )
    scope.add("BatchNorm2d")
    scope.add("ReLU6")
    project = scope.add("Conv2d", "project", out_channels=filters, kernel_size=1, bias=False)
    scope.add("BatchNorm2d")
    widths = [(expand, "out_channels"), (depthwise, "out_channels"), (depthwise, "groups")]
    return widths, project


def convnext(shelf: BlockShelf) -> BuiltBlock:
    """A wide filter per channel, then a perceptron per pixel (Liu et al., 2022)."""
    del shelf
    scope = ScopeBuilder(columns_per_row=6)
    entry = scope.add("BlockInput")
    depthwise = scope.add("Conv2d", "depthwise", out_channels=96, kernel_size=7, groups=96)
    scope.add("Permute", "channels_last", order=[0, 2, 3, 1])
    scope.add("LayerNorm", over="last", eps=1e-6)
    scope.add("Permute", "channels_first", order=[0, 3, 1, 2])
    expand = scope.add("Conv2d", "expand", out_channels=384, kernel_size=1)
    scope.add("GELU")
    project = scope.add("Conv2d", "project", out_channels=96, kernel_size=1)
    drop = scope.add("StochasticDepth", p=0.0)
    total = scope.add("Add")
    scope.connect(entry, total, "input_2")
    scope.add("BlockOutput")
    exposed = {
        "filters": [
            (depthwise, "out_channels"),
            (depthwise, "groups"),
            (project, "out_channels"),
        ],
        "expanded_filters": [(expand, "out_channels")],
        "kernel_size": [(depthwise, "kernel_size")],
        "drop_path": [(drop, "p")],
    }
    return finish_block(scope, "ConvNeXt", exposed)


def squeeze_excite(shelf: BlockShelf) -> BuiltBlock:
    """One number per channel, found from the whole image, scales it (Hu et al., 2017)."""
    del shelf
    scope = ScopeBuilder()
    entry = scope.add("BlockInput")
    scope.branch(entry, row=1, column=1)
    scope.add("AdaptiveAvgPool2d", "squeeze", output_size=1)
    reduce = scope.add("Conv2d", "reduce", out_channels=16, kernel_size=1)
    scope.add("ReLU")
    excite = scope.add("Conv2d", "excite", out_channels=64, kernel_size=1)
    scale = scope.last
    scope.branch(entry, row=0, column=5)
    gate = scope.add("Gate")
    scope.connect(scale or entry, gate, "gate")
    scope.add("BlockOutput")
    exposed = {
        "filters": [(excite, "out_channels")],
        "reduced_filters": [(reduce, "out_channels")],
    }
    return finish_block(scope, "SqueezeExciteBlock", exposed)
