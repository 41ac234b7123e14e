"""Weights of a file under the keys of a network: safetensors to safetensors, without torch.

The numbers are copied as bytes, whatever kind they are, so that a file of any size needs little
memory.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class _Part:
    """A tensor that is copied: where its bytes are, and where it belongs."""

    file: BinaryIO
    entry: dict[str, Any]
    start: int
    row: MatchRow

    @property
    def length(self) -> int:
        begin, end = self.entry["data_offsets"]
        return int(end - begin)


def relabel(
    source: Path,
    target: Path,
    matching: Matching,
    *,
    before: Path | None = None,
    kept: Collection[str] = (),
) -> int:
    """Write the matched tensors of `source` to `target` by weight key; returns how many.

    Args:
        before: The network's weights so far, by weight key.
        kept: Keys that are taken from there where the file has nothing for them.

    Raises:
        ValueError: A source is no safetensors file that holds what the table says.
        OSError: It cannot be read or written.
    """
    with ExitStack() as files:
        parts = _matched(files.enter_context(source.open("rb")), matching)
        if before is not None:
            parts += _kept(files.enter_context(before.open("rb")), matching, kept)
        # Those of the widest numbers first: each begins where its kind of number may.
        parts.sort(key=lambda part: -_SIZES[part.entry["dtype"]])
        present = {part.row.weight_key for part in parts}
        counters = [key for key in counters_of(matching) if key not in present]
        entries: dict[str, dict[str, object]] = {}
        end = 0
        for key in counters:
            entries[key] = {"dtype": "I64", "shape": [], "data_offsets": [end, end + 8]}
            end += 8
        for part in parts:
            entries[part.row.weight_key] = {
                "dtype": part.entry["dtype"],
                "shape": part.entry["shape"],
                "data_offsets": [end, end + part.length],
            }
            end += part.length
        with target.open("wb") as out:
            text = json.dumps(entries, separators=(",", ":")).encode()
            text += b" " * (-len(text) % 8)
            out.write(len(text).to_bytes(8, "little") + text)
            out.write(bytes(8 * len(counters)))
            for part in parts:
                _copy(part, out)
    return len(entries)


def _matched(file: BinaryIO, matching: Matching) -> list[_Part]:
    header, start = _read_header(file)
    rows = [row for row in matching.rows if row.how != "none"]
    return [_Part(file, _entry(header, row.file_key), start, row) for row in rows]


def _kept(file: BinaryIO, matching: Matching, kept: Collection[str]) -> list[_Part]:
    """Return what the file has nothing for, as it was; not where its shape has changed since."""
    header, start = _read_header(file)
    found: list[_Part] = []
    for row in matching.rows:
        key = row.weight_key
        if row.how != "none" or key not in kept or key not in header:
            continue
        entry = _entry(header, key)
        if tuple(entry["shape"]) == row.shape:
            found.append(_Part(file, entry, start, MatchRow(weight_key=key, how="name")))
    return found


def _read_header(file: BinaryIO) -> tuple[dict[str, Any], int]:
    size = int.from_bytes(file.read(8), "little")
    if not 0 < size <= _MAX_HEADER_BYTES:
        raise ValueError("The weights have no header.")
    return cast("dict[str, Any]", json.loads(file.read(size))), 8 + size


def _entry(header: dict[str, Any], key: str) -> dict[str, Any]:
    entry = cast("dict[str, Any] | None", header.get(key))
    if entry is None or entry["dtype"] not in _SIZES:
        raise ValueError(f"The file holds no tensor {key!r}.")
    begin, end = entry["data_offsets"]
    if end - begin != math.prod(entry["shape"]) * _SIZES[entry["dtype"]]:
        raise ValueError(f"The tensor {key!r} has another size than its header says.")
    return entry


def _copy(part: _Part, out: BinaryIO) -> None:
    part.file.seek(part.start + part.entry["data_offsets"][0])
    shape: list[int] = part.entry["shape"]
    order = part.row.input_order(shape[1]) if len(shape) > 1 else None
    if order is None:
        left = part.length
        while left:
            chunk = part.file.read(min(left, _CHUNK_BYTES))
            if not chunk:
                raise ValueError(f"The file ends within the tensor {part.row.file_key!r}.")
            out.write(chunk)
            left -= len(chunk)
        return
    words = np.frombuffer(part.file.read(part.length), dtype=f"V{_SIZES[part.entry['dtype']]}")
    out.write(np.ascontiguousarray(words.reshape(shape)[:, order]).tobytes())
