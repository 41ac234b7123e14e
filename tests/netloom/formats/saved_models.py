"""SavedModels and files of TensorFlow Lite, written byte by byte: no TensorFlow is needed."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def node(name: str, operator: str, inputs: Sequence[str] = (), /, **attributes: bytes) -> bytes:
    """Return a NodeDef; attributes are AttrValues."""
    return (
        field(1, name.encode())
        + field(2, operator.encode())
        + b"".join(field(3, each.encode()) for each in inputs)
        + b"".join(field(5, entry(key, value)) for key, value in attributes.items())
    )


def entry(key: str, value: bytes) -> bytes:
    return field(1, key.encode()) + field(2, value)


def text(content: str) -> bytes:
    return field(2, content.encode())


def text_tensor(content: str) -> bytes:
    return field(8, b"\x08\x07" + field(8, content.encode()))


def packed_tensor(content: str) -> bytes:
    return field(8, b"\x08\x07" + field(4, varint(len(content)) + content.encode()))


def calls(name: str) -> bytes:
    return field(10, field(1, name.encode()))


def function(name: str, arguments: Sequence[str], nodes: Sequence[bytes]) -> bytes:
    signature = field(1, name.encode()) + b"".join(
        field(2, field(1, each.encode())) for each in arguments
    )
    return field(1, signature) + b"".join(field(3, each) for each in nodes)


def saved_model(
    nodes: Sequence[bytes], functions: Sequence[bytes] = (), objects: Sequence[str] = ()
) -> bytes:
    """Return a SavedModel with one graph; objects are names of concrete functions."""
    library = b"".join(field(1, each) for each in functions)
    graph = b"".join(field(1, each) for each in nodes) + field(2, library)
    beside = b"".join(field(2, entry(name, b"")) for name in objects)
    return b"\x08\x01" + field(2, field(2, graph) + field(7, beside))


SAVE, RESTORE = "__inference__traced_save_1", "__inference__traced_restore_2"


def with_checkpoint(
    *,
    prefix: bytes = node("saver_filename", "Placeholder"),
    part: bytes = text_tensor("_temp/part"),
    joined: Mapping[str, bytes] | None = None,
    restored_from: str = "file_prefix",
    extra: Sequence[bytes] = (),
    objects: Sequence[str] = (),
) -> bytes:
    """Return what TensorFlow writes to save and restore, or nearly so."""
    save = function(
        SAVE,
        ["file_prefix", "variable"],
        [
            node("Const", "Const", value=part),
            node("join", "StringJoin", ["file_prefix", "Const:output:0"], **(joined or {})),
            node("shard", "ShardedFilename", ["join:output:0", "n:output:0", "n:output:0"]),
            node("SaveV2", "SaveV2", ["shard:filename:0", "names", "slices", "variable"]),
            node("pack", "Pack", ["shard:filename:0", "^SaveV2"]),
            node("merge", "MergeV2Checkpoints", ["pack:output:0", "file_prefix", "^SaveV2"]),
        ],
    )
    restore = function(
        RESTORE,
        ["file_prefix"],
        [
            node("own", "Const", value=text_tensor("/srv/other")),
            node("RestoreV2", "RestoreV2", [restored_from, "names", "slices"]),
        ],
    )
    nodes = [
        prefix,
        node("Call", "StatefulPartitionedCall", ["saver_filename"], f=calls(SAVE)),
        node("Call_1", "StatefulPartitionedCall", ["saver_filename"], f=calls(RESTORE)),
        *extra,
    ]
    return saved_model(nodes, [save, restore], objects)


def lite(custom: str = "", *, external: str = "") -> bytes:
    """Return a file of TensorFlow Lite with one operator, as a FlatBuffer."""
    import flatbuffers

    builder = flatbuffers.Builder(64)
    named = builder.CreateString(custom) if custom else 0
    builder.StartObject(4)
    builder.PrependInt8Slot(0, 32 if custom else 3, 0)
    if custom:
        builder.PrependUOffsetTRelativeSlot(1, named, 0)
    code = builder.EndObject()
    groups = 0
    if external:
        group_name = builder.CreateString(external)
        builder.StartObject(1)
        builder.PrependUOffsetTRelativeSlot(0, group_name, 0)
        group = builder.EndObject()
        builder.StartVector(4, 1, 4)
        builder.PrependUOffsetTRelative(group)
        groups = builder.EndVector()
    builder.StartVector(4, 1, 4)
    builder.PrependUOffsetTRelative(code)
    codes = builder.EndVector()
    builder.StartObject(10)
    builder.PrependInt32Slot(0, 3, 0)
    builder.PrependUOffsetTRelativeSlot(1, codes, 0)
    if external:
        builder.PrependUOffsetTRelativeSlot(8, groups, 0)
    builder.Finish(builder.EndObject(), file_identifier=b"TFL3")
    return bytes(builder.Output())


def broken_lite(place: int) -> bytes:
    """Return a file whose first table lies far behind its end, or whose layout lies before it."""
    return struct.pack("<I4si", place, b"TFL3", 2**31 - 1) + b"\0" * 64
