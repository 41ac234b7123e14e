"""Messages of `.caffemodel` files.

Weights stay where they are: an array looks into the file's bytes until a layer takes it.
"""

from __future__ import annotations

import struct

import numpy as np

from netloom.formats.caffe.message import Array, Message, Scalar
from netloom.formats.caffe.schema import ENUMS, MESSAGES, Field
from netloom.formats.imported import Damage
from netloom.formats.protobuf import EIGHT, FOUR, VARINT, Walk
from netloom.formats.single import shortest

_SIGN = 1 << 63


def parse_bytes(data: memoryview, message: str = "NetParameter") -> Message:
    """Read a message; fields that Caffe does not know are passed over.

    Raises:
        Damage: It is not in the byte format, or has too many fields.
    """
    return _Parser().message(data, message)


class _Parser:
    def __init__(self) -> None:
        self._walk = Walk()

    def message(self, data: memoryview, name: str) -> Message:
        # As deep as the table of messages, which holds no message within itself.
        found = Message()
        known = MESSAGES[name]
        for number, wire_type, value in self._walk.fields(data):
            field = known.get(number)
            if field is None:
                continue
            if isinstance(value, memoryview):
                found.add(field.name, self._long(field, value))
            else:
                found.add(field.name, _scalar(field, wire_type, value))
        return found

    def _long(self, field: Field, content: memoryview) -> Message | Scalar | Array:
        kind = field.kind
        if kind in MESSAGES:
            return self.message(content, kind)
        if kind == "string":
            return bytes(content).decode("utf-8", errors="replace")
        if kind in ("float", "double"):
            size = 4 if kind == "float" else 8
            if len(content) % size:
                raise Damage(f"{field.name} ends within a number")
            return np.frombuffer(content, dtype=f"<f{size}")
        return np.array([_whole(value) for value in self._walk.varints(content)], dtype=np.int64)


def _whole(value: int) -> int:
    value &= (1 << 64) - 1
    return value - (1 << 64) if value & _SIGN else value


def _scalar(field: Field, wire_type: int, value: int) -> Scalar:
    kind = field.kind
    if kind == "float" and wire_type == FOUR:
        return shortest(struct.unpack("<f", value.to_bytes(4, "little"))[0])
    if kind == "double" and wire_type == EIGHT:
        return float(struct.unpack("<d", value.to_bytes(8, "little"))[0])
    if wire_type != VARINT or kind in ("float", "double", "string") or kind in MESSAGES:
        raise Damage(f"{field.name} is of another kind than Caffe says")
    if kind == "bool":
        return value != 0
    if kind in ENUMS:
        return ENUMS[kind].get(value, str(value))
    return _whole(value)
