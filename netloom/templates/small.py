"""Small networks to begin with, quick to train on a CPU."""

from __future__ import annotations

from netloom.blocks.layout import finish_document
from netloom.graph.document import Document
from netloom.templates.fit import Fit, classify, start_image


def mlp(fit: Fit) -> Document:
    """Two hidden layers on the flattened image."""
    scope = start_image(fit)
    scope.add("Flatten")
    for width in (128, 64):
        scope.add("Linear", out_features=width)
        scope.add("ReLU")
    classify(scope, fit.num_classes)
    return finish_document(scope, "MLP")


def small_cnn(fit: Fit) -> Document:
    """Convolutions that halve the image until about 3 pixels are left, then one Linear."""
    scope = start_image(fit)
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
    classify(scope, fit.num_classes)
    return finish_document(scope, "SmallCNN")


def lenet5(fit: Fit) -> Document:
    """LeCun et al., 1998, with its tanh and average pooling; smaller images get padding."""
    scope = start_image(fit)
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
    classify(scope, fit.num_classes)
    return finish_document(scope, "LeNet5")
