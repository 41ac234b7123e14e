"""What a layer of Caffe is drawn on, and with: its inputs, its settings and its weights."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from netloom.formats.caffe.message import Array, Message
from netloom.formats.caffe.net import CaffeLayer, blob_array
from netloom.formats.onnx.board import Board
from netloom.formats.onnx.inputs import Reading
from netloom.formats.onnx.values import CannotMap, Flow, Value
from netloom.graph.document import ParamValue
from netloom.layers.shapes import axes_of

Params = Mapping[str, ParamValue]

MAX_NUMBERS = 2**26
"""Most numbers of a tensor that is filled here because the file only says how."""


@dataclass(slots=True)
class Sheet:
    """What is drawn so far; serves the mappings that ONNX files have in common with it.

    Attributes:
        file_batch: How many samples the file says the network computes at once.
        owners: For names of parameters, the planned layer that has them.
        misfits: Weights that their layer could not take, by name.
    """

    file_batch: int | None = None
    board: Board = field(default_factory=Board)
    reading: Reading = field(default_factory=Reading)
    owners: dict[tuple[str, ...], int] = field(default_factory=dict[tuple[str, ...], int])
    misfits: list[str] = field(default_factory=list[str])

    def flow(self, value: Value) -> Flow:
        """Return what flows; everything that is known is drawn where it is known."""
        if isinstance(value, Flow):
            return value
        return self.board.constant(value.array)

    def num_uses(self, name: str) -> int:
        """Return 2: what Caffe computes in two layers stays in two."""
        del name
        return 2

    @contextmanager
    def named(self, suffix: str) -> Generator[None]:
        """Name what is drawn meanwhile after the layer, with a word behind."""
        before = self.board.name
        self.board.name = f"{before}_{suffix}" if before else suffix
        try:
            yield
        finally:
            self.board.name = before


@dataclass(slots=True)
class Use:
    """A layer that is about to be drawn.

    Attributes:
        follower: The one layer that takes what this one gives; None where there are several.
        took: Whether the follower became part of this one.
        remarks: What a person should know of it.
    """

    sheet: Sheet
    layer: CaffeLayer
    inputs: Sequence[Flow]
    follower: CaffeLayer | None = None
    took: bool = False
    remarks: list[str] = field(default_factory=list[str])
    shared: dict[tuple[str, ...], int] = field(default_factory=dict[tuple[str, ...], int])

    @property
    def board(self) -> Board:
        """Where layers are planned."""
        return self.sheet.board

    @property
    def value(self) -> Flow:
        """The one tensor it takes.

        Raises:
            CannotMap: There are several, or none.
        """
        if len(self.inputs) != 1:
            raise CannotMap(f"it takes {len(self.inputs)} tensors")
        return self.inputs[0]

    def settings(self, name: str) -> Message:
        """Return a group of its settings, such as `pooling_param`."""
        return self.layer.settings.inner(name)

    def axis(self, settings: Message, name: str = "axis", default: int = 1) -> int:
        """Return the number of an axis, counted from the front.

        Raises:
            CannotMap: There is no such axis.
        """
        rank, axis = len(self.inputs[0].sizes), settings.whole(name, default)
        if not -rank <= axis < rank:
            raise CannotMap(f"there is no axis {axis} among {rank}")
        return axis % rank

    def weights(self, **shapes: tuple[int, ...]) -> dict[str, Array]:
        """Return the layer's weights in its own order, each in the shape it must have.

        Empty where the file has none. What does not fit is left out and remarked.
        """
        found: dict[str, Array] = {}
        for at, (name, shape) in enumerate(shapes.items()):
            if at >= len(self.layer.blobs):
                break
            array = blob_array(self.layer.blobs[at])
            if array.size != math.prod(shape):
                if array.size:
                    self.sheet.misfits.append(f"{self.layer.name}.{at}")
                    self.remarks.append(
                        f"The file's weights of {list(array.shape)} do not fit {list(shape)}; it "
                        "starts at random."
                    )
                return {}
            found[name] = array.reshape(shape).astype(np.float32, copy=False)
        return found

    def add(
        self,
        type_name: str,
        inputs: Sequence[Flow],
        params: Params | None = None,
        *,
        weights: Mapping[str, Array] | None = None,
        count: int = 0,
    ) -> list[Flow]:
        """Plan a layer.

        Args:
            count: Number of its learned parameters; those with names are shared by name.
        """
        names = self.layer.shares[:count]
        key = (type_name, *names) if count and len(names) == count and all(names) else ()
        owner = self.sheet.owners.get(key) if key else None
        if owner is not None and self.board.planned[owner].params != dict(params or {}):
            self.remarks.append("Its weights are those of another layer that is set otherwise.")
            owner = None
        rates = self.layer.rates[:count]
        found = self.board.add(
            type_name,
            inputs,
            params,
            weights=weights,
            is_frozen=bool(count) and len(rates) == count and not any(rates),
            weights_of=owner,
        )
        if key and owner is None:
            self.shared[key] = len(self.board.planned) - 1
        return found


def size_of(flow: Flow, at: int) -> int:
    """Return a size that must be a number.

    Raises:
        CannotMap: It depends on the data, or there is no such axis.
    """
    if at >= len(flow.sizes):
        raise CannotMap(f"what arrives has {len(flow.sizes)} axes")
    size = flow.sizes[at]
    if not isinstance(size, int):
        raise CannotMap(f"the size of axis {at} depends on the data")
    return size


def is_images(flow: Flow) -> bool:
    """Say whether channels, height and width are what layers expect them to be."""
    return flow.shape is not None and axes_of(flow.shape) == "BCHW"
