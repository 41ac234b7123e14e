"""Residual networks (He et al., 2015). At 224 × 224 the large ones are torchvision's."""

from __future__ import annotations

from netloom.blocks import residual
from netloom.blocks.layout import BlockShelf, ScopeBuilder, finish_document
from netloom.graph.document import Document
from netloom.templates.fit import Fit, pool_and_classify, start_image


def small_resnet(fit: Fit) -> Document:
    """Residual blocks in up to three widths, then global pooling."""
    shelf = BlockShelf()
    scope = start_image(fit)
    side = fit.shorter_side
    stride = 2 if fit.is_large else 1
    scope.add("Conv2d", "stem", out_channels=16, kernel_size=3, stride=stride, bias=False)
    scope.add("BatchNorm2d")
    scope.add("ReLU")
    if fit.is_large:
        scope.add("MaxPool2d", kernel_size=2)
        side //= 4
    scope.start_row()
    scope.add_block(shelf.take(residual.residual), "residual", {"filters": 16})
    for filters in (32, 64):
        if side < 4:
            break
        side //= 2
        scope.add_block(shelf.take(residual.residual_down), "downsample", {"filters": filters})
        scope.add_block(shelf.take(residual.residual), "residual", {"filters": filters})
    scope.start_row()
    pool_and_classify(scope, fit.num_classes)
    return finish_document(scope, "SmallResNet", shelf)


def add_large_stem(scope: ScopeBuilder, fit: Fit) -> None:
    """Append a wide convolution and a pooling for large images, a small convolution for others."""
    if fit.is_large:
        scope.add("Conv2d", "stem", out_channels=64, kernel_size=7, stride=2, bias=False)
    else:
        scope.add("Conv2d", "stem", out_channels=64, kernel_size=3, bias=False)
    scope.add("BatchNorm2d")
    scope.add("ReLU")
    if fit.is_large:
        scope.add("MaxPool2d", kernel_size=3, stride=2, padding=1)
    scope.start_row()


def resnet18(fit: Fit) -> Document:
    """Eight residual blocks in four widths."""
    shelf = BlockShelf()
    scope = start_image(fit)
    add_large_stem(scope, fit)
    same, down = shelf.take(residual.residual), shelf.take(residual.residual_down)
    scope.add_block(same, "stage1", {"filters": 64}, repeat=2)
    for number, filters in enumerate((128, 256, 512), start=2):
        if number == 4:
            scope.start_row()
        scope.add_block(down, f"stage{number}_down", {"filters": filters})
        scope.add_block(same, f"stage{number}", {"filters": filters})
    scope.start_row()
    pool_and_classify(scope, fit.num_classes)
    return finish_document(scope, "ResNet18", shelf)


def resnet50(fit: Fit) -> Document:
    """Sixteen bottlenecks in four widths."""
    shelf = BlockShelf()
    scope = start_image(fit)
    add_large_stem(scope, fit)
    same, down = shelf.take(residual.bottleneck), shelf.take(residual.bottleneck_down)
    for number, (inner, count) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3)), start=1):
        if number == 3:
            scope.start_row()
        widths = {"filters": 4 * inner, "inner_filters": inner}
        stride = 1 if number == 1 else 2
        scope.add_block(down, f"stage{number}_down", {**widths, "stride": stride})
        scope.add_block(same, f"stage{number}", widths, repeat=count - 1)
    scope.start_row()
    pool_and_classify(scope, fit.num_classes)
    return finish_document(scope, "ResNet50", shelf)
