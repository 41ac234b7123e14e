"""Tensors brought into another order of axes, by layers of Keras where need be."""

from __future__ import annotations

from dataclasses import dataclass, replace

from netloom.formats.keras.writing.board import Board
from netloom.formats.keras.writing.tensor import Tensor, keras_order
from netloom.layers.shapes import Dim

_AXES = {2: "CT", 3: "CHW", 4: "CDHW"}


@dataclass(frozen=True, slots=True)
class Turning:
    """Brings tensors into order.

    Attributes:
        name: Of the node that needs it; begins the names of the layers that do it.
    """

    board: Board
    name: str

    def usual(self, given: Tensor) -> Tensor:
        """Return a tensor in the order in which Keras usually holds it."""
        return self.ordered(self.in_order(given), keras_order(given.shape))

    def natural(self, given: Tensor) -> Tensor:
        """Return a tensor as it lies in Netloom."""
        return self.ordered(self.in_order(given), tuple(range(given.rank)))

    def ordered(self, given: Tensor, order: tuple[int, ...]) -> Tensor:
        """Return a tensor whose axes stand in a certain order."""
        if given.order == order:
            return given
        turned = self.board.add(
            "Permute",
            f"{self.name}_turned",
            [given],
            given.shape,
            config={"dims": [given.order.index(axis) for axis in order[1:]]},
            order=order,
        )
        return replace(turned, is_nonnegative=given.is_nonnegative)

    def in_order(self, given: Tensor) -> Tensor:
        """Return features in Netloom's order, where Keras flattened them in its own."""
        if given.flattened is None:
            return given
        channels, *positions = given.flattened
        letters = _AXES[len(given.flattened)]
        dims = [Dim(axis, size) for axis, size in zip(letters, given.flattened, strict=True)]
        apart = self.board.add(
            "Reshape",
            f"{self.name}_apart",
            [given],
            (given.shape[0], *dims),
            config={"target_shape": [*positions, channels]},
        )
        turned = self.ordered(apart, tuple(range(apart.rank)))
        flat = self.board.add("Flatten", f"{self.name}_in_order", [turned], given.shape)
        return replace(flat, is_nonnegative=given.is_nonnegative)
