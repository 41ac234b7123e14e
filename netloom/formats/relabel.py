"""Weights of a file under the keys of a network: safetensors to safetensors, without torch.

The numbers are copied as bytes, whatever kind they are, so that a file of any size needs little
memory.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from netloom.formats.loading import counters_of
from netloom.formats.matching import Matching, MatchRow

_SIZES = {
    "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2,
    "U16": 2, "I8": 1, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1,
}  # fmt: skip
_CHUNK_BYTES = 2**22
_MAX_HEADER_BYTES = 100 * 2**20


def relabel(source: Path, target: Path, matching: Matching) -> int:
    """Write the matched tensors of `source` to `target` by weight key; returns how many.

    Raises:
        ValueError: The source is no safetensors file that holds what the table says.
        OSError: It cannot be read or written.
    """
    with source.open("rb") as file:
        header, start = _read_header(file)
        rows = [row for row in matching.rows if row.how != "none"]
        # Those of the widest numbers first: each begins where its kind of number may.
        rows.sort(key=lambda row: -_size_of(header, row))
        counters = counters_of(matching)
        kept = {row.weight_key for row in rows}
        counters = [key for key in counters if key not in kept]
        entries: dict[str, dict[str, object]] = {}
        end = 0
        for key in counters:
            entries[key] = {"dtype": "I64", "shape": [], "data_offsets": [end, end + 8]}
            end += 8
        for row in rows:
            given = header[row.file_key]
            length = given["data_offsets"][1] - given["data_offsets"][0]
            entries[row.weight_key] = {
                "dtype": given["dtype"],
                "shape": given["shape"],
                "data_offsets": [end, end + length],
            }
            end += length
        with target.open("wb") as out:
            text = json.dumps(entries, separators=(",", ":")).encode()
            text += b" " * (-len(text) % 8)
            out.write(len(text).to_bytes(8, "little") + text)
            out.write(bytes(8 * len(counters)))
            for row in rows:
                _copy(file, out, header[row.file_key], start, row)
    return len(entries)


def _read_header(file: BinaryIO) -> tuple[dict[str, Any], int]:
    size = int.from_bytes(file.read(8), "little")
    if not 0 < size <= _MAX_HEADER_BYTES:
        raise ValueError("The weights have no header.")
    return cast("dict[str, Any]", json.loads(file.read(size))), 8 + size


def _size_of(header: dict[str, Any], row: MatchRow) -> int:
    entry = header.get(row.file_key)
    if entry is None or entry["dtype"] not in _SIZES:
        raise ValueError(f"The file holds no tensor {row.file_key!r}.")
    begin, end = entry["data_offsets"]
    size = _SIZES[entry["dtype"]]
    if end - begin != math.prod(entry["shape"]) * size:
        raise ValueError(f"The tensor {row.file_key!r} has another size than its header says.")
    return size


def _copy(file: BinaryIO, out: BinaryIO, entry: dict[str, Any], start: int, row: MatchRow) -> None:
    begin, end = entry["data_offsets"]
    file.seek(start + begin)
    shape: list[int] = entry["shape"]
    order = row.input_order(shape[1]) if len(shape) > 1 else None
    if order is None:
        left = end - begin
        while left:
            chunk = file.read(min(left, _CHUNK_BYTES))
            if not chunk:
                raise ValueError(f"The file ends within the tensor {row.file_key!r}.")
            out.write(chunk)
            left -= len(chunk)
        return
    words = np.frombuffer(file.read(end - begin), dtype=f"V{_SIZES[entry['dtype']]}")
    out.write(np.ascontiguousarray(words.reshape(shape)[:, order]).tobytes())
