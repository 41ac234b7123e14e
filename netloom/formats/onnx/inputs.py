"""Which input layer gives a graph what it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from onnx import GraphProto, NodeProto, ValueInfoProto

from netloom.formats.imported import FormatError
from netloom.formats.onnx.board import Board
from netloom.formats.onnx.values import CannotMap, Flow, kind_of_elem
from netloom.graph.document import ParamValue

MAX_SIDE = 100_000
USUAL_LENGTH = 512
USUAL_SIDE = 224


@dataclass(frozen=True, slots=True)
class Reading:
    """How sizes are read.

    Attributes:
        batch: The first axis is the samples, however many the file says; without it the network
            takes just so many.
        lengths: Positions of sequences may vary.
        sizes: Sizes that the file leaves open, by the input's name.
    """

    batch: bool = True
    lengths: bool = True
    sizes: Mapping[str, Sequence[int]] = field(default_factory=dict[str, Sequence[int]])


@dataclass(slots=True)
class Inputs:
    """Draws the inputs of a graph.

    Attributes:
        consumers: The first node that takes each tensor.
        tables: Rows of the table that each tensor of indices looks up in.
        file_batch: Samples that the file names, where it does.
        notes: Sizes that were chosen.
    """

    reading: Reading
    consumers: Mapping[str, NodeProto]
    tables: Mapping[str, int]
    file_batch: int | None = None
    batch_name: str = ""
    notes: list[str] = field(default_factory=list[str])

    def draw(self, board: Board, info: ValueInfoProto) -> Flow:
        """Draw one input.

        Raises:
            FormatError: It is no tensor of numbers, or no input gives it.
        """
        if info.type.WhichOneof("value") != "tensor_type":
            raise FormatError(
                f"The input {info.name[:100]} is no tensor. Netloom opens networks of tensors."
            )
        tensor = info.type.tensor_type
        sizes: list[int | None] = [
            dim.dim_value if dim.WhichOneof("value") == "dim_value" and dim.dim_value > 0 else None
            for dim in tensor.shape.dim
        ]
        names = [dim.dim_param for dim in tensor.shape.dim]
        given = self.reading.sizes.get(info.name)
        if given is not None and (not tensor.HasField("shape") or len(given) == len(sizes)):
            names = names or [""] * len(given)
            sizes = [*given]
        elif not tensor.HasField("shape"):
            sizes, names = [None, 3, None, None], ["", "", "", ""]
            self.notes.append(f"{info.name}: the file says no shape; taken as images.")
        if any(size is not None and size < 1 for size in sizes):
            raise FormatError(f"The input {info.name[:100]} holds no numbers: a size is 0.")
        try:
            kind = kind_of_elem(tensor.elem_type)
            type_name, params = self._layer(info.name, kind, sizes, names)
            [flow] = board.add(type_name, [], params, name=info.name, kinds=(kind,))
        except CannotMap as reason:
            raise FormatError(f"The input {info.name[:100]} cannot be drawn: {reason}.") from None
        return flow

    def _layer(
        self, name: str, kind: str, sizes: list[int | None], names: list[str]
    ) -> tuple[str, dict[str, ParamValue]]:
        batch_at = self._batch_axis(sizes, names)
        if batch_at is None:
            if len(sizes) > 1 and self.file_batch is None:
                self.file_batch = sizes[0] or 1
            fixed = [self._chosen(name, at, size) for at, size in enumerate(sizes)]
            shape: list[ParamValue] = [*(fixed or [1])]
            return "TensorInput", {"shape": cast("ParamValue", shape), "kind": kind}
        if batch_at == 0:
            if sizes[0] is not None and self.file_batch is None:
                self.file_batch = sizes[0]
            self.batch_name = self.batch_name or names[0]
            found = self._usual(name, kind, sizes[1:])
            if found is not None:
                return found
        sized = [
            0 if at == batch_at else self._chosen(name, at, size) for at, size in enumerate(sizes)
        ]
        return "TensorInput", {"shape": [*sized], "kind": kind}

    def _batch_axis(self, sizes: Sequence[int | None], names: Sequence[str]) -> int | None:
        if not self.reading.batch or not sizes:
            return None
        if self.batch_name and self.batch_name in names:
            return names.index(self.batch_name)
        if len(sizes) == 1:
            return None
        open_axes = [at for at, size in enumerate(sizes) if size is None]
        # A state of (layers, batch, features): the one open size is the samples.
        is_state = open_axes == [1] and len(sizes) == 3 and self.file_batch is None
        return 1 if is_state and not self.batch_name else 0

    def _usual(
        self, name: str, kind: str, sizes: list[int | None]
    ) -> tuple[str, dict[str, ParamValue]] | None:
        """Return one of the usual inputs; None where none fits."""
        consumer = self.consumers.get(name)
        is_signal = consumer is not None and consumer.op_type in ("Conv", "MaxPool", "AveragePool")
        lengths = self.reading.lengths
        if kind == "integer" and len(sizes) == 1 and name in self.tables:
            length = sizes[0] if sizes[0] or lengths else self._chosen(name, 1, None)
            return "TokenInput", _given(vocabulary=self.tables[name], length=length)
        if kind != "number":
            return None
        match sizes:
            case [features] if features is not None:
                return "FeatureInput", {"num_features": features}
            case [channels, length] if channels is not None and (is_signal or length is None):
                known = length if length or lengths else self._chosen(name, 2, None)
                return "SignalInput", _given(channels=channels, length=known)
            case [length, features] if features is not None:
                known = length if length or lengths else self._chosen(name, 1, None)
                return "SequenceInput", _given(num_features=features, length=known)
            case [channels, height, width]:
                rows, columns = (self._chosen(name, at, size) for at, size in
                                 ((2, height), (3, width)))  # fmt: skip
                params = _given(
                    channels=self._chosen(name, 1, channels, 3), height=rows, width=columns
                )
                fits = max(rows, columns, int(str(params["channels"]))) <= 4096
                return ("ImageInput", {**params, "mean": [0.0], "std": [1.0]}) if fits else None
            case [channels, depth, height, width] if (
                None not in sizes and max(size or 0 for size in sizes) <= 4096
            ):
                return "VolumeInput", _given(
                    channels=channels, depth=depth, height=height, width=width
                )
            case _:
                return None

    def _chosen(self, name: str, at: int, size: int | None, usual: int | None = None) -> int:
        if size is not None:
            if size > 2**31:
                raise CannotMap(f"it declares {size:,} numbers along an axis")
            return size
        if at == 0:
            return 1
        chosen = usual or (USUAL_SIDE if at > 1 else USUAL_LENGTH)
        self.notes.append(
            f"{name[:100]}: the file leaves axis {at} open; {chosen} was chosen. Change it at the "
            "input."
        )
        return chosen


def _given(**params: ParamValue | None) -> dict[str, ParamValue]:
    return {key: value for key, value in params.items() if value is not None}


def first_consumers(graph: GraphProto) -> dict[str, NodeProto]:
    """Return the first node that takes each tensor."""
    found: dict[str, NodeProto] = {}
    for node in graph.node:
        for name in node.input:
            found.setdefault(name, node)
    return found


def lookup_tables(graph: GraphProto) -> dict[str, int]:
    """Return how many rows the table has that each tensor of indices looks up in."""
    rows = {tensor.name: tensor.dims[0] for tensor in graph.initializer if len(tensor.dims) == 2}
    return {
        node.input[1]: rows[node.input[0]]
        for node in graph.node
        if node.op_type == "Gather" and len(node.input) == 2 and node.input[0] in rows
    }
