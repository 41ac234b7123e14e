"""One call of a layer of Netloom, about to be said in Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netloom.compile.steps import LayerStep
from netloom.formats.keras.writing.board import Argument, Board
from netloom.formats.keras.writing.tensor import NotInKeras, Tensor
from netloom.formats.keras.writing.turning import Turning
from netloom.layers.shapes import Shape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from netloom.formats.keras.writing.board import Arrays

    Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Use:
    """What a layer is called with.

    Attributes:
        name: Of the node, behind those of the blocks around it.
        given: What arrives, in port order.
        shapes: Of what leaves it, in port order.
        weights: By tensor name; empty while it is only asked what Keras can say.
        shared_key: What its parameters go by.
    """

    board: Board
    step: LayerStep
    name: str
    given: tuple[Tensor, ...]
    shapes: tuple[Shape, ...]
    weights: Mapping[str, Array]
    shared_key: str
    notes: list[str] = field(default_factory=list[str])

    @property
    def value(self) -> Tensor:
        """The first tensor that arrives, as Keras usually holds it, features in our order."""
        return self.usual(self.given[0])

    @property
    def values(self) -> tuple[Tensor, ...]:
        """All of them."""
        return tuple(self.usual(each) for each in self.given)

    @property
    def shape(self) -> Shape:
        """Of the first tensor that leaves it."""
        return self.shapes[0]

    def add(
        self,
        kind: str,
        *arguments: Argument,
        shape: Shape | None = None,
        suffix: str = "",
        kwargs: Mapping[str, object] | None = None,
        arrays: Arrays | None = None,
        order: tuple[int, ...] | None = None,
        is_shared: bool = True,
        more: Mapping[str, object] | None = None,
        **config: object,
    ) -> Tensor:
        """Call a layer of Keras.

        Args:
            shape: None for that of the layer's output.
            suffix: Behind the node's name, where several layers stand for it.
            is_shared: Whether weights are shared with other uses of the same parameters.
            more: Settings, beside those that are named.
        """
        return self.board.add(
            kind,
            f"{self.name}_{suffix}" if suffix else self.name,
            arguments,
            self.shape if shape is None else shape,
            config={**config, **(more or {})},
            kwargs=kwargs,
            arrays=arrays,
            shared_key=f"{self.shared_key}:{suffix}" if arrays is not None and is_shared else None,
            is_trainable=not self.step.is_frozen,
            order=order,
        )

    def array(self, name: str) -> Array:
        """Return a weight."""
        return self.weights[name]

    @property
    def _turning(self) -> Turning:
        return Turning(self.board, self.name)

    def usual(self, given: Tensor) -> Tensor:
        """Return a tensor in the order in which Keras usually holds it."""
        return self._turning.usual(given)

    def natural(self, given: Tensor) -> Tensor:
        """Return a tensor as it lies in Netloom."""
        return self._turning.natural(given)

    def ordered(self, given: Tensor, order: tuple[int, ...]) -> Tensor:
        """Return a tensor whose axes stand in a certain order."""
        return self._turning.ordered(given, order)

    def in_order(self, given: Tensor) -> Tensor:
        """Return features in Netloom's order, where Keras flattened them in its own."""
        return self._turning.in_order(given)

    def say(self, note: str) -> None:
        """Tell something about the file."""
        if note not in self.notes:
            self.notes.append(note)


def wants(condition: bool, reason: str) -> None:
    """Raise NotInKeras unless something holds."""
    if not condition:
        raise NotInKeras(reason)


def target_of(shape: Shape, order: Sequence[int]) -> list[int]:
    """Return sizes as Keras's Reshape takes them; raises NotInKeras where two are open."""
    sizes = [shape[at].size for at in order[1:]]
    target = [size if isinstance(size, int) else -1 for size in sizes]
    wants(target.count(-1) <= 1, "Two sizes of what leaves it are open.")
    return target
