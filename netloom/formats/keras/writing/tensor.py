"""Tensors of a Keras model that is being made, and in which order Keras holds them.

Netloom has channels first, Keras last: a tensor (B, C, H, W) lies there as (B, H, W, C).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from netloom.layers.shapes import Shape, axes_of, holds_integers, holds_mask


class NotInKeras(Exception):
    """Keras has no layer for something; the text says for what."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """What one call of a Keras layer gives.

    Attributes:
        shape: As it lies in Netloom.
        order: Which of those axes each axis in Keras is.
        flattened: Sizes (C, ...) of what Keras flattened with channels last, where Netloom has
            them first: the features stand in another order than the next weights expect.
        is_nonnegative: It holds no negative number, as behind a ReLU, so that a border of zeros
            changes no maximum.
        least_around: Border of very small numbers that a max pooling behind it takes for its own;
            it is not part of the shape.
    """

    layer: str
    call: int
    shape: Shape
    order: tuple[int, ...]
    flattened: tuple[int, ...] | None = None
    is_nonnegative: bool = False
    least_around: tuple[tuple[int, int], ...] | None = None

    @property
    def axes(self) -> str:
        """The axes as they lie in Netloom, e.g. `BCHW`."""
        return axes_of(self.shape)

    @property
    def rank(self) -> int:
        """How many axes there are, the batch among them."""
        return len(self.shape)

    @property
    def dtype(self) -> str:
        """What Keras calls the numbers."""
        if holds_mask(self.shape):
            return "bool"
        return "int32" if holds_integers(self.shape) else "float32"

    @property
    def keras_shape(self) -> list[int | None]:
        """Sizes in Keras's order; None where one is open."""
        sizes = [self.shape[at].size for at in self.order]
        return [size if isinstance(size, int) else None for size in sizes]

    def size(self, axis: str) -> int:
        """Return the size of an axis; raises NotInKeras where it is open."""
        size = self.open_size(axis)
        if size is None:
            raise NotInKeras(f"The size of its {axis} axis is open.")
        return size

    def open_size(self, axis: str) -> int | None:
        """Return the size of an axis, None where it is open."""
        size = self.shape[self.place(axis)].size
        return size if isinstance(size, int) else None

    def place(self, axis: str) -> int:
        """Return which axis of Netloom goes by a letter; raises NotInKeras."""
        for at, dim in enumerate(self.shape):
            if dim.axis == axis:
                return at
        raise NotInKeras(f"It works over the axis {axis}, which the tensor does not have.")

    def keras_axis(self, axis: str) -> int:
        """Return the number of an axis in Keras."""
        return self.order.index(self.place(axis))


def keras_order(shape: Shape) -> tuple[int, ...]:
    """Return which axis each axis of Keras is: channels behind positions."""
    count = len(shape)
    if count > 2 and shape[1].axis == "C":
        return (0, *range(2, count), 1)
    return tuple(range(count))


def flattened_sizes(shape: Shape) -> tuple[int, ...] | None:
    """Return the sizes of channels and positions whose order matters when they are flattened."""
    if len(shape) < 3 or shape[1].axis != "C":
        return None
    sizes = tuple(dim.size for dim in shape[1:] if isinstance(dim.size, int))
    if len(sizes) < len(shape) - 1 or sizes[0] == 1 or prod(sizes[1:]) == 1:
        return None
    return sizes
