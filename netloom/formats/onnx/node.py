"""A node of an ONNX graph as mappings see it: attributes and inputs, with types checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, cast

import onnx
from onnx import AttributeProto, GraphProto, NodeProto, TensorProto

from netloom.formats.onnx.values import Array, CannotMap, Flow, Known, Value
from netloom.formats.single import shortest

Attribute: TypeAlias = (
    "int | float | str | list[int] | list[float] | list[str] | TensorProto | GraphProto | None"
)


@dataclass(slots=True)
class Op:
    """One node.

    Attributes:
        version: Of the operator set of its domain.
        inputs: None for inputs that are left out.
        outputs: Names; empty for outputs that are left out.
    """

    proto: NodeProto
    domain: str
    version: int
    attributes: Mapping[str, Attribute]
    inputs: Sequence[Value | None] = field(default_factory=list[Value | None])

    @property
    def kind(self) -> str:
        """The operator's name."""
        return self.proto.op_type

    @property
    def outputs(self) -> list[str]:
        """Names of the outputs."""
        return list(self.proto.output)

    def input(self, index: int) -> Value:
        """Return an input that must be there.

        Raises:
            CannotMap: It is left out.
        """
        found = self.maybe(index)
        if found is None:
            raise CannotMap(f"input {index + 1} is left out")
        return found

    def maybe(self, index: int) -> Value | None:
        """Return an input; None where it is left out."""
        return self.inputs[index] if index < len(self.inputs) else None

    def has_input(self, index: int) -> bool:
        """Say whether an input is there."""
        return self.maybe(index) is not None

    def gives(self, index: int) -> bool:
        """Say whether somebody may look at an output."""
        return index < len(self.proto.output) and bool(self.proto.output[index])

    def array(self, index: int) -> Array:
        """Return an input that must be known beforehand, and not depend on the batch.

        Raises:
            CannotMap: It depends on the data.
        """
        value = self.input(index)
        if isinstance(value, Known) and not value.is_symbolic:
            return value.array
        raise CannotMap(f"input {index + 1} depends on the data")

    def known(self, index: int) -> Known:
        """Return an input that must be known, sizes that depend on the batch included."""
        value = self.input(index)
        if isinstance(value, Known):
            return value
        raise CannotMap(f"input {index + 1} depends on the data")

    def flow_like(self, index: int) -> Flow:
        """Return an input that must flow."""
        value = self.input(index)
        if isinstance(value, Flow):
            return value
        raise CannotMap(f"input {index + 1} is a constant")

    def int(self, name: str, default: int = 0) -> int:
        """Return an attribute that is a whole number."""
        value = self.attributes.get(name)
        if value is None:
            return default
        if isinstance(value, int):
            return value
        raise CannotMap(f"the attribute {name} is no whole number")

    def float(self, name: str, default: float) -> float:
        """Return an attribute that is a number."""
        value = self.attributes.get(name)
        if value is None:
            return default
        if isinstance(value, int | float):
            return float(value)
        raise CannotMap(f"the attribute {name} is no number")

    def text(self, name: str, default: str = "") -> str:
        """Return an attribute that is text."""
        value = self.attributes.get(name)
        if value is None:
            return default
        if isinstance(value, str):
            return value
        raise CannotMap(f"the attribute {name} is no text")

    def ints(self, name: str) -> list[int] | None:
        """Return an attribute that is a list of whole numbers; None where it is left out."""
        value = self.attributes.get(name)
        if value is None:
            return None
        if isinstance(value, list) and all(isinstance(item, int) for item in value):
            return [item for item in value if isinstance(item, int)]
        raise CannotMap(f"the attribute {name} is no list of whole numbers")

    def floats(self, name: str) -> list[float] | None:
        """Return an attribute that is a list of numbers; None where it is left out."""
        value = self.attributes.get(name)
        if value is None:
            return None
        if isinstance(value, list) and all(isinstance(item, int | float) for item in value):
            return [float(item) for item in value]
        raise CannotMap(f"the attribute {name} is no list of numbers")

    def texts(self, name: str) -> list[str] | None:
        """Return an attribute that is a list of texts; None where it is left out."""
        value = self.attributes.get(name)
        if value is None:
            return None
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return [item for item in value if isinstance(item, str)]
        raise CannotMap(f"the attribute {name} is no list of texts")

    def graph(self, name: str) -> GraphProto:
        """Return an attribute that is a graph."""
        value = self.attributes.get(name)
        if isinstance(value, GraphProto):
            return value
        raise CannotMap(f"the attribute {name} is no graph")

    def numbers(self, attribute: str, index: int) -> list[int] | None:
        """Return whole numbers that are an attribute in old versions and an input in new ones.

        None where neither is there.
        """
        if self.has_input(index):
            array = self.array(index)
            if array.dtype.kind not in "iu":
                raise CannotMap(f"input {index + 1} holds no whole numbers")
            return [int(item) for item in array.reshape(-1)]
        return self.ints(attribute)


def read_attributes(node: NodeProto, given: Mapping[str, AttributeProto]) -> dict[str, Attribute]:
    """Return the attributes of a node by name.

    Args:
        given: Attributes of the function that the node stands in.

    Raises:
        CannotMap: One cannot be read.
    """
    found: dict[str, Attribute] = {}
    for attribute in node.attribute:
        source: AttributeProto = attribute
        if attribute.ref_attr_name:
            if attribute.ref_attr_name not in given:
                continue
            source = given[attribute.ref_attr_name]
        found[attribute.name] = _value(source)
    return found


def _value(attribute: AttributeProto) -> Attribute:
    if attribute.type in (AttributeProto.GRAPHS, AttributeProto.SPARSE_TENSOR):
        raise CannotMap(f"the attribute {attribute.name} holds what cannot be read")
    try:
        value = onnx.helper.get_attribute_value(attribute)
    except ValueError:
        raise CannotMap(f"the attribute {attribute.name} has no type") from None
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, float):
        return shortest(value)
    if isinstance(value, TensorProto | GraphProto | int):
        return value
    if isinstance(value, Sequence):
        items = list(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        if all(isinstance(item, bytes) for item in items):  # pyright: ignore[reportUnknownVariableType]
            return [item.decode(errors="replace") for item in items]  # pyright: ignore
        return [shortest(item) if isinstance(item, float) else item for item in items]  # pyright: ignore
    raise CannotMap(f"the attribute {attribute.name} holds what cannot be read")


def attribute_words(node: NodeProto) -> dict[str, object]:
    """Return the attributes of a node as a placeholder keeps them: short, and plain JSON."""
    words: dict[str, object] = {}
    for attribute in list(node.attribute)[:100]:
        try:
            value = _value(attribute)
        except CannotMap:
            value = None
        if isinstance(value, TensorProto):
            value = f"tensor of {list(value.dims)[:8]}"
        elif isinstance(value, GraphProto):
            value = f"graph {value.name[:60]} of {len(value.node)} nodes"
        elif isinstance(value, str):
            value = value[:500]
        elif isinstance(value, list):
            value = value[:64]
        words[attribute.name[:100]] = _finite(value)
    return words


def _finite(value: object) -> object:
    if isinstance(value, float) and not abs(value) < float("inf"):
        return str(value)
    if isinstance(value, list):
        return [_finite(item) for item in cast("list[object]", value)]
    return value
