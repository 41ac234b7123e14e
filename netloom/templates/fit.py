"""What a template is made for, and how image networks begin and end."""

from __future__ import annotations

from dataclasses import dataclass

from netloom.blocks.layout import ScopeBuilder

COLUMNS_PER_ROW = 5
"""So many are readable side by side between the palette and the properties."""
LARGE_IMAGE_PX = 64
"""From here on a network halves the image once or twice before it does expensive things."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What a template is made for.

    Sequences and texts take the number of classes from it; their length and width are their own.
    """

    channels: int
    height: int
    width: int
    num_classes: int

    @property
    def shorter_side(self) -> int:
        return min(self.height, self.width)

    @property
    def is_large(self) -> bool:
        return self.shorter_side >= LARGE_IMAGE_PX

    def in_steps_of(self, step: int) -> Fit:
        """Return the next larger size that a step divides; the input resizes the images."""
        height, width = (-(-side // step) * step for side in (self.height, self.width))
        return Fit(self.channels, height, width, self.num_classes)

    def halvings(self, smallest: int, at_most: int) -> int:
        """Return how often the image can be halved until so many pixels are left."""
        count = 0
        while count < at_most and self.shorter_side >> (count + 1) >= smallest:
            count += 1
        return count


def start_image(fit: Fit, columns_per_row: int | None = COLUMNS_PER_ROW) -> ScopeBuilder:
    """Begin a network with an image input."""
    scope = ScopeBuilder(columns_per_row=columns_per_row)
    scope.add("ImageInput", channels=fit.channels, height=fit.height, width=fit.width)
    return scope


def classify(scope: ScopeBuilder, num_classes: int) -> None:
    """End a network with one logit per class."""
    scope.add("Linear", "classifier", out_features=num_classes)
    scope.add("Output")


def pool_and_classify(scope: ScopeBuilder, num_classes: int, dropout: float = 0.0) -> None:
    """End a convolutional network: the mean of each channel, then one logit per class."""
    scope.add("AdaptiveAvgPool2d", output_size=1)
    scope.add("Flatten")
    if dropout:
        scope.add("Dropout", p=dropout)
    classify(scope, num_classes)
