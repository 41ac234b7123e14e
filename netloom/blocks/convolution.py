"""The plain building block of convolutional networks."""

from __future__ import annotations

from netloom.blocks.layout import BlockShelf, BuiltBlock, ScopeBuilder, finish_block


def conv_norm(shelf: BlockShelf) -> BuiltBlock:
    """A convolution, batch normalization, ReLU."""
    del shelf
    scope = ScopeBuilder()
    scope.add("BlockInput")
    conv = scope.add("Conv2d", out_channels=64, kernel_size=3, padding="same", bias=False)
    scope.add("BatchNorm2d")
    scope.add("ReLU")
    scope.add("BlockOutput")
    exposed = {
        "filters": [(conv, "out_channels")],
        "kernel_size": [(conv, "kernel_size")],
        "stride": [(conv, "stride")],
        "bias": [(conv, "bias")],
    }
    return finish_block(scope, "ConvNorm", exposed)


def transition(shelf: BlockShelf) -> BuiltBlock:
    """Fewer channels at half the size, between the dense blocks of a DenseNet."""
    del shelf
    scope = ScopeBuilder()
    scope.add("BlockInput")
    scope.add("BatchNorm2d")
    scope.add("ReLU")
    conv = scope.add("Conv2d", out_channels=128, kernel_size=1, bias=False)
    pool = scope.add("AvgPool2d", kernel_size=2)
    scope.add("BlockOutput")
    exposed = {"filters": [(conv, "out_channels")], "pooling": [(pool, "kernel_size")]}
    return finish_block(scope, "Transition", exposed)
