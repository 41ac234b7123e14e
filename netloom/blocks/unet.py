"""Levels of a U-Net (Ronneberger et al., 2015): what goes down, and what comes up again."""

from __future__ import annotations

from netloom.blocks.layout import BlockShelf, BuiltBlock, ScopeBuilder, finish_block


def double_conv(shelf: BlockShelf) -> BuiltBlock:
    """Two convolutions with normalisation; the size stays."""
    del shelf
    scope = ScopeBuilder()
    scope.add("BlockInput")
    convs: list[str] = []
    for _ in range(2):
        convs.append(
            scope.add("Conv2d", out_channels=64, kernel_size=3, padding="same", bias=False)
        )
        scope.add("BatchNorm2d")
        scope.add("ReLU")
    scope.add("BlockOutput")
    exposed = {"filters": [(conv, "out_channels") for conv in convs]}
    return finish_block(scope, "DoubleConv", exposed)


def unet_down(shelf: BlockShelf) -> BuiltBlock:
    """Two convolutions for the way across, and their result at half the size for the way down."""
    scope = ScopeBuilder()
    scope.add("BlockInput")
    convs = scope.add_block(shelf.take(double_conv), "convs", {})
    scope.add("MaxPool2d", kernel_size=2)
    scope.add("BlockOutput")
    scope.branch(convs, row=1, column=3)
    scope.add("BlockOutput", "skip")
    return finish_block(scope, "UNetDown", {"filters": [(convs, "filters")]})


def unet_up(shelf: BlockShelf) -> BuiltBlock:
    """Twice the size, beside what came across, and two convolutions over both."""
    scope = ScopeBuilder()
    scope.add("BlockInput")
    up = scope.add("ConvTranspose2d", "up", out_channels=64, kernel_size=2, stride=2)
    joined = scope.add("Concatenate")
    convs = scope.add_block(shelf.take(double_conv), "convs", {})
    scope.add("BlockOutput")
    scope.branch(None, row=1, column=0)
    skip = scope.add("BlockInput", "skip")
    scope.connect(skip, joined, "input_2")
    exposed = {"filters": [(up, "out_channels"), (convs, "filters")]}
    return finish_block(scope, "UNetUp", exposed)
