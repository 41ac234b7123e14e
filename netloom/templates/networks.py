"""The templates: small networks that fit themselves to the images and classes at hand."""

from __future__ import annotations

from dataclasses import dataclass

from netloom.graph.document import Document, ParamValue, new_id
from netloom.templates.layout import (
    COLUMNS_PER_ROW,
    BuiltBlock,
    ScopeBuilder,
    finish_block,
    finish_document,
)

_LARGE_IMAGE_PX = 64
"""From here on a network halves the image once or twice before it does expensive things."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What a template is made for."""

    channels: int
    height: int
    width: int
    num_classes: int

    @property
    def shorter_side(self) -> int:
        return min(self.height, self.width)


def _start(fit: Fit) -> ScopeBuilder:
    scope = ScopeBuilder(columns_per_row=COLUMNS_PER_ROW)
    scope.add("ImageInput", channels=fit.channels, height=fit.height, width=fit.width)
    return scope


def _finish(scope: ScopeBuilder, fit: Fit) -> None:
    scope.add("Linear", "classifier", out_features=fit.num_classes)
    scope.add("Output")


def mlp(fit: Fit) -> Document:
    """Two hidden layers on the flattened image."""
    scope = _start(fit)
    scope.add("Flatten")
    for width in (128, 64):
        scope.add("Linear", out_features=width)
        scope.add("ReLU")
    _finish(scope, fit)
    return finish_document(scope, "MLP")


def small_cnn(fit: Fit) -> Document:
    """Convolutions that halve the image until about 3 pixels are left, then one Linear."""
    scope = _start(fit)
    side = fit.shorter_side
    stage = 0
    while side >= 4 or stage == 0:
        out_channels = min(16 * 2**stage, 64 if stage < 4 else 128)
        scope.add("Conv2d", out_channels=out_channels, kernel_size=3, padding="same", bias=False)
        scope.add("BatchNorm2d")
        scope.add("ReLU")
        if side >= 4:
            scope.add("MaxPool2d", kernel_size=2)
        side //= 2
        stage += 1
        scope.start_row()
    scope.add("Flatten")
    scope.add("Dropout", p=0.2)
    _finish(scope, fit)
    return finish_document(scope, "SmallCNN")


def lenet5(fit: Fit) -> Document:
    """LeCun et al., 1998, with its tanh and average pooling; smaller images get padding."""
    scope = _start(fit)
    side = fit.shorter_side
    for out_channels, smallest_unpadded in ((6, 32), (16, 10)):
        is_padded = side < smallest_unpadded
        scope.add(
            "Conv2d",
            out_channels=out_channels,
            kernel_size=5,
            padding="same" if is_padded else 0,
        )
        scope.add("Tanh")
        side = side if is_padded else side - 4
        if side >= 2:
            scope.add("AvgPool2d", kernel_size=2)
            side //= 2
        if out_channels == 6:
            scope.start_row()
    if side > 16:
        # The original ends the convolutions with 5 × 5; without this, Linear would be enormous.
        scope.add("AdaptiveAvgPool2d", output_size=5)
    scope.start_row()
    scope.add("Flatten")
    for width in (120, 84):
        scope.add("Linear", out_features=width)
        scope.add("Tanh")
    _finish(scope, fit)
    return finish_document(scope, "LeNet5")


def small_resnet(fit: Fit) -> Document:
    """Residual blocks in up to three widths (He et al., 2015), then global pooling."""
    scope = _start(fit)
    side = fit.shorter_side
    is_large = side >= _LARGE_IMAGE_PX
    stride = 2 if is_large else 1
    scope.add(
        "Conv2d",
        "stem",
        out_channels=16,
        kernel_size=3,
        stride=stride,
        padding="same",
        bias=False,
    )
    scope.add("BatchNorm2d")
    scope.add("ReLU")
    if is_large:
        scope.add("MaxPool2d", kernel_size=2)
        side //= 4
    scope.start_row()
    identity_id, down_id = new_id(), new_id()
    blocks = {identity_id: _residual_block()}
    scope.add_block(identity_id, "residual", _widths(16, "filters", "hidden_filters"))
    for width in (32, 64):
        if side < 4:
            break
        side //= 2
        blocks[down_id] = _downsampling_block()
        names = ("filters", "hidden_filters", "shortcut_filters")
        scope.add_block(down_id, "downsample", _widths(width, *names))
        scope.add_block(identity_id, "residual", _widths(width, *names[:2]))
    scope.start_row()
    scope.add("AdaptiveAvgPool2d", output_size=1)
    scope.add("Flatten")
    _finish(scope, fit)
    return finish_document(scope, "SmallResNet", blocks)


def _widths(width: int, *names: str) -> dict[str, ParamValue]:
    return dict.fromkeys(names, width)


def _residual_path(scope: ScopeBuilder, stride: int) -> tuple[str, str]:
    """Append the two convolutions of a residual block and return their ids."""
    first = scope.add(
        "Conv2d", out_channels=16, kernel_size=3, stride=stride, padding="same", bias=False
    )
    scope.add("BatchNorm2d")
    scope.add("ReLU")
    second = scope.add("Conv2d", out_channels=16, kernel_size=3, padding="same", bias=False)
    scope.add("BatchNorm2d")
    return first, second


def _residual_block() -> BuiltBlock:
    """Two convolutions whose result is added to what came in."""
    scope = ScopeBuilder()
    entry = scope.add("BlockInput")
    first, second = _residual_path(scope, stride=1)
    total = scope.add("Add")
    scope.connect(entry, total, "input_2")
    scope.add("ReLU")
    scope.add("BlockOutput")
    exposed = {"filters": (second, "out_channels"), "hidden_filters": (first, "out_channels")}
    return finish_block(scope, "ResidualBlock", exposed)


def _downsampling_block() -> BuiltBlock:
    """A residual block that halves height and width; a convolution brings the shortcut along."""
    scope = ScopeBuilder()
    entry = scope.add("BlockInput")
    first, second = _residual_path(scope, stride=2)
    total = scope.add("Add")
    scope.add("ReLU")
    scope.add("BlockOutput")
    scope.last, scope.row, scope.column = entry, 1, 2
    shortcut = scope.add(
        "Conv2d", "shortcut", out_channels=16, kernel_size=1, stride=2, padding=0, bias=False
    )
    normalised = scope.add("BatchNorm2d", "shortcut_bn")
    scope.connect(normalised, total, "input_2")
    exposed = {
        "filters": (second, "out_channels"),
        "hidden_filters": (first, "out_channels"),
        "shortcut_filters": (shortcut, "out_channels"),
    }
    return finish_block(scope, "DownsamplingBlock", exposed)
