"""What a `.pt2` file holds: the graph as JSON, tensors as plain bytes. Pickles stay closed."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from netloom.formats.imported import FormatError
from netloom.formats.zips import read_counted, refusing_damage

Json = Mapping[str, object]

MAX_JSON_BYTES = 512 * 2**20
MAX_TENSOR_BYTES = 16 * 2**30
_MAX_MEMBERS = 200_000
AGAIN = "Export it again with torch.export.save, or as ONNX with torch.onnx.export."
DTYPES: Mapping[int, torch.dtype] = {
    1: torch.uint8, 2: torch.int8, 3: torch.int16, 4: torch.int32, 5: torch.int64,
    6: torch.float16, 7: torch.float32, 8: torch.float64, 12: torch.bool, 13: torch.bfloat16,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Archive:
    """The content of a file.

    Attributes:
        model: The program, as its JSON says it.
        tensors: Parameters, buffers and constants by name.
    """

    model: Json
    tensors: Mapping[str, Tensor] = field(default_factory=dict[str, Tensor])


def read_archive(path: Path) -> Archive:
    """Read a file.

    Raises:
        FormatError: It is damaged, holds pickles where tensors belong, or no program.
    """

    def refused(reason: str) -> FormatError:
        return FormatError(f"{path.name} is damaged: {reason}. Send the file again.")

    with refusing_damage(refused), zipfile.ZipFile(path) as archive:
        return _Members(path.name, archive).read()


class _Members:
    """The files in the zip, by their path below the folder that all of them are in."""

    def __init__(self, name: str, archive: zipfile.ZipFile) -> None:
        self._name = name
        self._archive = archive
        self._entries: dict[str, zipfile.ZipInfo] = {}
        self._left_bytes = MAX_TENSOR_BYTES
        for entry in archive.infolist()[:_MAX_MEMBERS]:
            self._entries[entry.filename.partition("/")[2]] = entry

    def read(self) -> Archive:
        models = [
            path.removeprefix("models/").removesuffix(".json")
            for path in self._entries
            if path.startswith("models/") and path.endswith(".json")
        ]
        if not models:
            raise FormatError(
                f"{self._name} holds no program that can be read: it was written by another "
                f"version of PyTorch, or is compiled. {AGAIN}"
            )
        if len(models) > 1:
            raise FormatError(
                f"{self._name} holds {len(models)} programs ({', '.join(models[:4])}). Save the "
                "one you want by itself."
            )
        if self._text("byteorder", "little") != "little":
            raise FormatError(f"{self._name} was written on a machine of another byte order.")
        [name] = models
        model = self._json(f"models/{name}.json")
        tensors = self._tensors("weights", name) | self._tensors("constants", name)
        return Archive(model, tensors)

    def _tensors(self, kind: str, model: str) -> dict[str, Tensor]:
        path = f"data/{kind}/{model}_{kind}_config.json"
        if path not in self._entries:
            return {}
        found: dict[str, Tensor] = {}
        for name, told in objects(self._json(path).get("config"), self._name).items():
            config = objects(told, self._name)
            if config.get("use_pickle"):
                raise FormatError(
                    f"{name[:100]} in {self._name} is a pickle, which can hold a program; it was "
                    f"not opened. {AGAIN}"
                )
            file = config.get("path_name")
            meta = config.get("tensor_meta")
            if not isinstance(file, str) or not isinstance(meta, dict):
                raise FormatError(
                    f"{name[:100]} in {self._name} is no tensor but an object of a program; it was "
                    f"not opened. {AGAIN}"
                )
            found[name] = self._tensor(name, f"data/{kind}/{file}", cast("Json", meta))
        return found

    def _tensor(self, name: str, path: str, meta: Json) -> Tensor:
        dtype = dtype_of(meta.get("dtype"))
        sizes = [whole_of(each) for each in items_of(meta.get("sizes"))]
        strides = [whole_of(each) for each in items_of(meta.get("strides"))]
        offset = whole_of(meta.get("storage_offset"))
        if dtype is None or None in sizes or None in strides or offset is None:
            raise FormatError(f"{name[:100]} in {self._name} is of an unknown kind. {AGAIN}")
        content = self._content(path, self._left_bytes)
        self._left_bytes -= len(content)
        if not content or 0 in sizes:
            return torch.zeros([*cast("list[int]", sizes)] if 0 in sizes else [0], dtype=dtype)
        try:
            # The bytes are a copy of our own; nobody else writes to them.
            flat = torch.frombuffer(bytearray(content), dtype=dtype)
            found = flat.as_strided(cast("list[int]", sizes), cast("list[int]", strides), offset)
            if found.numel() > flat.numel():
                raise ValueError("it repeats its numbers")
            return found.contiguous()
        except (RuntimeError, ValueError, TypeError) as error:
            raise FormatError(
                f"{name[:100]} in {self._name} does not hold what it declares."
            ) from error

    def _json(self, path: str) -> Json:
        try:
            found: object = json.loads(self._content(path, MAX_JSON_BYTES))
        except (ValueError, RecursionError) as error:
            raise FormatError(f"{path} in {self._name} is damaged. {AGAIN}") from error
        return objects(found, self._name)

    def _text(self, path: str, default: str) -> str:
        if path not in self._entries:
            return default
        return self._content(path, 100).decode("ascii", errors="replace").strip()

    def _content(self, path: str, most_bytes: int) -> bytes:
        entry = self._entries.get(path)
        if entry is None:
            raise FormatError(f"{path[:200]} is missing in {self._name}. {AGAIN}")
        content = read_counted(self._archive, entry, most_bytes)
        if content is None:
            raise FormatError(f"{path[:200]} in {self._name} is larger than allowed.")
        return content


def objects(value: object, name: str) -> dict[str, object]:
    """Return a JSON object; raises FormatError where it is something else."""
    if not isinstance(value, dict):
        raise FormatError(f"{name} is not laid out as an exported program. {AGAIN}")
    return cast("dict[str, object]", value)


def items_of(value: object) -> list[object]:
    """Return a JSON list; empty where it is something else."""
    return cast("list[object]", value) if isinstance(value, list) else []


def whole_of(value: object) -> int | None:
    """Return a whole number of the program; None where it is none."""
    if isinstance(value, dict):
        value = cast("dict[str, object]", value).get("as_int")
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def dtype_of(value: object) -> torch.dtype | None:
    """Return the type of numbers that a program writes as a number; None for an unknown one."""
    known = whole_of(value)
    return None if known is None else DTYPES.get(known)
