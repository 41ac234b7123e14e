"""What a Keras file was drawn as, and how its ends lie in Keras."""

from __future__ import annotations

from dataclasses import dataclass

from netloom.formats.imported import ImportedNetwork


@dataclass(frozen=True, slots=True)
class End:
    """An input or output of the model.

    Attributes:
        node: Name of the input node; outputs come in order and need none.
        order: Number here of each axis of Keras: (0, 2, 3, 1) for an image.
        takes_pixels: In Keras it takes 0 to 255, which the input node normalises here.
    """

    node: str
    order: tuple[int, ...]
    takes_pixels: bool = False


@dataclass(frozen=True, slots=True)
class KerasNetwork:
    """A network with what a comparison needs.

    Attributes:
        imported: What people get.
        unfolded: The same without blocks: every layer of the file has nodes of its own.
        inputs: In the order of the model, as `outputs`.
    """

    imported: ImportedNetwork
    unfolded: ImportedNetwork
    inputs: tuple[End, ...]
    outputs: tuple[End, ...]
