"""Blocks of a ResNet (He et al., 2015): a path of convolutions, added to what came in."""

from __future__ import annotations

from netloom.blocks.layout import BlockShelf, BuiltBlock, ScopeBuilder, finish_block

_Target = tuple[str, str]


def residual(shelf: BlockShelf) -> BuiltBlock:
    """Two convolutions whose result is added to what came in."""
    del shelf
    scope = ScopeBuilder()
    entry = scope.add("BlockInput")
    first = _conv(scope, kernel_size=3)
    scope.add("ReLU")
    second = _conv(scope, kernel_size=3)
    _join(scope, entry)
    return finish_block(scope, "Residual", {"filters": _widths(first, second)})


def residual_down(shelf: BlockShelf) -> BuiltBlock:
    """As `residual`; a stride makes the image smaller, and a convolution brings the input along."""
    del shelf
    scope = ScopeBuilder()
    entry = scope.add("BlockInput")
    first = _conv(scope, kernel_size=3, stride=2)
    scope.add("ReLU")
    second = _conv(scope, kernel_size=3)
    shortcut = _join(scope, entry, stride=2)
    exposed = {
        "filters": _widths(first, second, shortcut),
        "stride": [(first, "stride"), (shortcut, "stride")],
    }
    return finish_block(scope, "ResidualDown", exposed)


def bottleneck(shelf: BlockShelf) -> BuiltBlock:
    """A residual path that is narrow in the middle: 1 × 1, 3 × 3, 1 × 1."""
    del shelf
    scope = ScopeBuilder()
    entry = scope.add("BlockInput")
    narrow, middle, wide = _bottleneck_path(scope, stride=1)
    _join(scope, entry)
    exposed = {"filters": _widths(wide), "inner_filters": _widths(narrow, middle)}
    return finish_block(scope, "Bottleneck", exposed)


def bottleneck_down(shelf: BlockShelf) -> BuiltBlock:
    """As `bottleneck`; changes the number of filters, and by its stride the size."""
    del shelf
    scope = ScopeBuilder()
    entry = scope.add("BlockInput")
    narrow, middle, wide = _bottleneck_path(scope, stride=2)
    shortcut = _join(scope, entry, stride=2, filters=256)
    exposed = {
        "filters": _widths(wide, shortcut),
        "inner_filters": _widths(narrow, middle),
        "stride": [(middle, "stride"), (shortcut, "stride")],
    }
    return finish_block(scope, "BottleneckDown", exposed)


def _conv(scope: ScopeBuilder, kernel_size: int, stride: int = 1, filters: int = 64) -> str:
    """Append a convolution with its normalisation and return the convolution."""
    conv = scope.add(
        "Conv2d",
        out_channels=filters,
        kernel_size=kernel_size,
        stride=stride,
        padding="same",
        bias=False,
    )
    scope.add("BatchNorm2d")
    return conv


def _bottleneck_path(scope: ScopeBuilder, stride: int) -> tuple[str, str, str]:
    narrow = _conv(scope, kernel_size=1)
    scope.add("ReLU")
    middle = _conv(scope, kernel_size=3, stride=stride)
    scope.add("ReLU")
    scope.branch(scope.last, row=1, column=2)
    return narrow, middle, _conv(scope, kernel_size=1, filters=256)


def _join(scope: ScopeBuilder, entry: str, stride: int = 1, filters: int = 64) -> str:
    """Add up path and input, and return what the input goes through, itself without a stride."""
    total = scope.add("Add")
    scope.add("ReLU")
    scope.add("BlockOutput")
    if stride == 1:
        scope.connect(entry, total, "input_2")
        return entry
    scope.branch(entry, row=scope.row + 1, column=2)
    shortcut = scope.add(
        "Conv2d",
        "shortcut",
        out_channels=filters,
        kernel_size=1,
        stride=stride,
        padding=0,
        bias=False,
    )
    normalised = scope.add("BatchNorm2d", "shortcut_bn")
    scope.connect(normalised, total, "input_2")
    return shortcut


def _widths(*convs: str) -> list[_Target]:
    return [(conv, "out_channels") for conv in convs]
