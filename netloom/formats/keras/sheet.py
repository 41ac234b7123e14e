"""Drawing what Keras computes: every tensor with its shape here and its order there.

Keras keeps channels last, Netloom first. Where that matters (flattening, Dense on images) the value
knows it, and layers of the file that need Keras's order get it back by an explicit Permute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from netloom.formats.drawing import Drawing, Tap
from netloom.formats.imported import FormatError, ImportedPiece
from netloom.formats.keras.model import KerasLayer
from netloom.graph.document import ParamValue
from netloom.layers.base import ShapeProblem
from netloom.layers.parse import parse_params
from netloom.layers.placeholder import PLACEHOLDER
from netloom.layers.registry import get_layer
from netloom.layers.shapes import Shape, axes_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    Array = NDArray[np.floating]


class NoLayer(Exception):
    """No layer of Netloom computes this; the text says what is special about it."""


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor of the drawing.

    Attributes:
        shape: As it lies here, with named axes.
        flattened: Sizes (C, ...) of what was flattened here with channels first, where Keras had
            them last: the features stand in another order than the file's next weights expect.
        tokens: Of a sequence whose steps Keras passes over where the token is 0: those tokens.
    """

    tap: Tap
    shape: Shape
    flattened: tuple[int, ...] | None = None
    tokens: Value | None = None

    @property
    def axes(self) -> str:
        """The axes in their order here, e.g. `BCHW`."""
        return axes_of(self.shape)

    @property
    def rank(self) -> int:
        """How many axes there are beside the batch."""
        return len(self.shape) - 1

    def size(self, axis: str) -> int:
        """Return a size; raises NoLayer where it depends on the data, or there is no such axis."""
        if axis not in self.axes:
            raise NoLayer(f"what arrives has no {axis} axis")
        dim = self.shape[self.axes.index(axis)]
        if not isinstance(dim.size, int):
            raise NoLayer(f"the size of its {axis} axis depends on the data")
        return dim.size


@dataclass(slots=True)
class Sheet:
    """What is being drawn, and what is said about it.

    Attributes:
        pieces: One for each layer of the file.
    """

    keras_major: int = 3
    is_channels_first: bool = False
    drawing: Drawing = field(default_factory=Drawing)
    pieces: list[ImportedPiece] = field(default_factory=list[ImportedPiece])
    notes: list[str] = field(default_factory=list[str])
    _nodes: list[str] = field(default_factory=list[str])
    _messages: list[str] = field(default_factory=list[str])
    _path: str = ""
    _stem: str = ""
    _has_guesses: bool = False
    _num_weighted: int = 0
    _owners: dict[tuple[str, int], str] = field(default_factory=dict[tuple[str, int], str])
    _paddings: dict[Tap, Value] = field(default_factory=dict[Tap, "Value"])

    def begin(self, path: str) -> None:
        """What is drawn from here on belongs to one layer of the file.

        Args:
            path: Its name, behind the names of the models it is in, with dots between.
        """
        self._nodes, self._messages, self._num_weighted = [], [], 0
        self._path = path
        self._stem = path.replace("/", "_").replace(".", "_")

    def say(self, message: str) -> None:
        """Tell what differs or is missing in the layer that is being drawn."""
        if message not in self._messages:
            self._messages.append(message)

    def note(self, text: str) -> None:
        """Tell something about the whole network, once."""
        if text not in self.notes:
            self.notes.append(text)

    def end(
        self, layer: KerasLayer, outcome: Literal["layer", "folded", "placeholder"] = "layer"
    ) -> None:
        """Report what became of a layer of the file."""
        is_drawn = bool(self._nodes)
        self.pieces.append(
            ImportedPiece(
                source=f"{layer.kind} {self._path}"[:2000],
                outcome=outcome if is_drawn else "folded",
                nodes=list(self._nodes),
                message=" ".join(self._messages)[:2000],
            )
        )

    def add(
        self,
        type_name: str,
        *inputs: Value,
        suffix: str = "",
        weights: Mapping[str, Array] | None = None,
        more: Mapping[str, ParamValue] | None = None,
        **given: ParamValue | Sequence[int],
    ) -> Value:
        """Draw a layer and say what leaves it.

        Args:
            suffix: Behind the layer's name in the file, where several are drawn for it.
            weights: By tensor name, in torch's layout.
            more: Parameters, beside those that are named.

        Raises:
            NoLayer: It does not take what arrives, or such parameters.
        """
        layer = get_layer(type_name)
        if layer is None:
            raise KeyError(type_name)
        params = {**(more or {}), **{name: _plain(value) for name, value in given.items()}}
        parsed = parse_params(layer, params)
        if parsed.params is None or parsed.unknown:
            reason = parsed.errors[0].message if parsed.errors else parsed.unknown[0]
            raise NoLayer(f"{type_name} does not take its settings: {reason}")
        ports = layer.input_ports(parsed.params)
        shapes = {port.name: value.shape for port, value in zip(ports, inputs, strict=True)}
        inferred = layer.infer(parsed.params, shapes)
        if isinstance(inferred, ShapeProblem):
            raise NoLayer(inferred.message)
        expected = {**inferred.parameters, **inferred.buffers}
        tensors = {
            name: self._as_tensor(array, expected.get(name), f"{name} of {self._path}")
            for name, array in (weights or {}).items()
        }
        drawn = self.drawing.add(
            type_name,
            [value.tap for value in inputs],
            params=params,
            name=f"{self._stem}_{suffix}" if suffix else self._stem,
            module_path=self._path,
            weights=tensors,
        )
        self._nodes.append(drawn.node_id)
        if inferred.parameters:
            self._share(drawn.node_id)
        flattened = inputs[0].flattened if inputs and _keeps_order(type_name) else None
        port = layer.output_ports(parsed.params)[0].name if drawn.outputs else "output"
        tap = drawn.outputs[0] if drawn.outputs else Tap(drawn.node_id)
        return Value(tap, inferred.outputs[port], flattened)

    def _share(self, node_id: str) -> None:
        """Let what is drawn for a layer's second use have the weights of its first."""
        use = (self._path, self._num_weighted)
        self._num_weighted += 1
        owner = self._owners.setdefault(use, node_id)
        if owner != node_id and not self.drawing.share(node_id, owner):
            self.say("It has weights of its own here, though it is one layer in the file.")

    def add_placeholder(
        self, inputs: Sequence[Value], shape: Shape, params: Mapping[str, ParamValue]
    ) -> list[Value]:
        """Draw a placeholder instead of what the layer has been drawn as so far.

        Args:
            shape: What its outputs are taken to have.
        """
        self.drawing.remove(self._nodes)
        gone = set(self._nodes)
        self._owners = {use: owner for use, owner in self._owners.items() if owner not in gone}
        self._paddings = {
            tap: mask for tap, mask in self._paddings.items() if mask.tap.node_id not in gone
        }
        drawn = self.drawing.add(
            PLACEHOLDER,
            [value.tap for value in inputs],
            params=params,
            name=self._stem,
            module_path=self._path,
        )
        self._nodes = [drawn.node_id]
        self._has_guesses = True
        return [Value(tap, shape) for tap in drawn.outputs]

    def _as_tensor(self, array: Array, expected: tuple[int, ...] | None, what: str) -> Tensor:
        import torch

        if expected is not None and tuple(array.shape) != expected:
            if self._has_guesses:
                raise NoLayer("what arrives from a placeholder before it is not known")
            raise FormatError(
                f"The weights {what} have the shape {tuple(array.shape)}, but its settings need "
                f"{expected}: the file contradicts itself. Save the model again."
            )
        return torch.tensor(np.ascontiguousarray(array, np.float32))

    # What layers of Keras ask of the values that arrive.

    def padding_of(self, value: Value) -> Value | None:
        """Return which steps of a sequence are padding, (B, T); None where nobody passes over."""
        if value.tokens is None:
            return None
        tap = value.tokens.tap
        if tap not in self._paddings:
            self._paddings[tap] = self.add("PaddingMask", value.tokens, suffix="padding")
        return self._paddings[tap]

    def in_order(self, value: Value) -> Value:
        """Return features in the order in which Keras has them."""
        if value.flattened is None:
            return value
        axes = {2: "CT", 3: "CHW", 4: "CDHW"}[len(value.flattened)]
        shape = ", ".join(
            f"{axis}={size}" for axis, size in zip(axes, value.flattened, strict=True)
        )
        plain = replace(value, flattened=None)
        apart = self.add("Reshape", plain, suffix="apart", shape=shape)
        count = len(value.flattened)
        turned = self.add("Permute", apart, suffix="turned", order=[0, *range(2, count + 1), 1])
        return self.add("Flatten", turned, suffix="in_order")

    def as_signal(self, value: Value) -> Value:
        """Return (B, C, T), as convolutions over time take it."""
        if value.axes == "BTF":
            return self.add("Permute", value, suffix="as_signal", order=[0, 2, 1])
        return value

    def as_sequence(self, value: Value) -> Value:
        """Return (B, T, F), as recurrent layers, attention and Linear take it."""
        if value.axes == "BCT":
            return self.add("Permute", value, suffix="as_sequence", order=[0, 2, 1])
        return value

    def axis_of(self, value: Value, axis: int) -> str:
        """Return the letter of an axis that Keras counts by number; raises NoLayer."""
        letters = self.keras_axes(value)
        if not -len(letters) <= axis < len(letters):
            raise NoLayer(f"it has no axis {axis}")
        return letters[axis]

    def keras_axes(self, value: Value) -> str:
        """Return the axes of a tensor in the order in which Keras has them."""
        axes = value.axes
        if axes[1:2] == "C" and len(axes) > 2 and not self.is_channels_first:
            return f"B{axes[2:]}C"
        return axes

    def keras_order(self, value: Value) -> tuple[int, ...]:
        """Return the number here of each axis of Keras: (0, 2, 3, 1) for an image."""
        return tuple(value.axes.index(axis) for axis in self.keras_axes(value))


def _plain(value: ParamValue | Sequence[int]) -> ParamValue:
    if value is None or isinstance(value, bool | int | float | str | list):
        return cast("ParamValue", value)
    return [*value]


def _keeps_order(type_name: str) -> bool:
    return type_name in _ONE_BY_ONE


_ONE_BY_ONE = frozenset(
    {
        "ReLU", "ReLU6", "LeakyReLU", "ELU", "SELU", "GELU", "SiLU", "Sigmoid", "Tanh", "Softplus",
        "Softsign", "Hardsigmoid", "Hardswish", "Hardtanh", "Mish", "LogSigmoid", "CELU", "Softmax",
        "LogSoftmax", "Dropout", "AlphaDropout", "GaussianNoise", "BatchNorm1d",
    }
)  # fmt: skip
"""Layers that treat each feature alike, or whose weights are brought into our order."""
