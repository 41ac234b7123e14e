"""Bundles: a network with its weights and what is needed to use it, as one zip or one folder.

    network.json          the document
    weights.safetensors   tensors by weight key, `node path:tensor name`
    meta.json             classes, preprocessing, metrics, licence, where it came from

Reading takes hostile input: three known members, real byte counts, no links, no pickle. Nothing is
unpacked to disk. `read_bundle_info` needs no torch.
"""

from __future__ import annotations

import errno
import os
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from netloom import __version__
from netloom.formats.apart import apart
from netloom.formats.damage import reason_of
from netloom.formats.zips import BROKEN_ZIP, read_counted, refusing_damage
from netloom.graph.document import Document
from netloom.graph.limits import MAX_DOCUMENT_BYTES
from netloom.graph.migrations import DocumentError, load_document
from netloom.layers.input_output import ImageInput
from netloom.layers.parse import parse_params
from netloom.layers.registry import get_layer
from netloom.regular_files import refuse_special

if TYPE_CHECKING:
    from torch import Tensor

NETWORK = "network.json"
WEIGHTS = "weights.safetensors"
META = "meta.json"
MAX_META_BYTES = 4 * 2**20
MAX_CLASS_NAME = 1000
MAX_WEIGHTS_BYTES = 8 * 2**30
"""Default cap on weights; a caller with a smaller quota passes its own."""

_MAX_MEMBERS = 64
_AGAIN = "Export the network again, or send the file again."
_COPIED_BYTES = 2**20
_FIRST_ZIP_DATE = (1980, 1, 1, 0, 0, 0)

Text = Annotated[str, Field(max_length=4000)]


class BundleError(ValueError):
    """This is not a bundle that can be read; the text says why."""


class BundleMeta(BaseModel):
    """What the document and the weights do not say.

    Attributes:
        classes: Class names in the order of the output.
        preprocessing: The image input's parameters, for readers without Netloom.
        metrics: E.g. `accuracy` of the best checkpoint.
        created: ISO 8601 with offset.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True,
                              serialize_by_alias=True, allow_inf_nan=False)  # fmt: skip

    format: Literal["netloom.bundle"] = "netloom.bundle"
    schema_: Literal[1] = Field(default=1, alias="schema")
    classes: Annotated[
        list[Annotated[str, Field(max_length=MAX_CLASS_NAME)]], Field(max_length=100_000)
    ] = Field(default_factory=list[str])
    preprocessing: dict[str, int | float | str | list[float]] = Field(
        default_factory=dict[str, "int | float | str | list[float]"]
    )
    metrics: dict[str, float] = Field(default_factory=dict[str, float])
    licence: Text = ""
    description: Text = ""
    created: Annotated[str, Field(max_length=64)] = ""
    netloom_version: Annotated[str, Field(max_length=64)] = ""


@dataclass(frozen=True, slots=True)
class BundleInfo:
    """A bundle without its weights."""

    document: Document
    meta: BundleMeta


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle in memory; weights by weight key, on the CPU."""

    document: Document
    meta: BundleMeta
    weights: dict[str, Tensor]


def make_meta(
    document: Document,
    *,
    classes: list[str] | None = None,
    metrics: Mapping[str, float] | None = None,
    licence: str = "",
    description: str = "",
) -> BundleMeta:
    """Describe a network now: preprocessing from its image input, the time, the version."""
    inputs = [n for n in document.graph.nodes.values() if n.type == ImageInput.type_name]
    layer = get_layer(ImageInput.type_name)
    parsed = parse_params(layer, inputs[0].params).params if inputs and layer else None
    return BundleMeta(
        classes=classes or [],
        preprocessing=parsed.model_dump(mode="json") if parsed else {},
        metrics=dict(metrics or {}),
        licence=licence,
        description=description,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        netloom_version=__version__,
    )


def write_bundle(
    path: Path, document: Document, weights: Mapping[str, Tensor], meta: BundleMeta
) -> None:
    """Write a zip at `path`, whole or not at all. The same content gives the same bytes.

    Raises:
        OSError: No space, no permission; or a device is there.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file  # pyright: ignore[reportUnknownVariableType]

    refuse_special(path)
    texts = {
        NETWORK: document.model_dump_json(indent=1).encode(),
        META: meta.model_dump_json(indent=1).encode(),
    }
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    tensors = path.with_name(f".{path.name}.{os.getpid()}.weights")
    try:
        tensors.touch()  # says why nothing can be written there, which safetensors does not
        try:
            save_file(dict(sorted(apart(weights).items())), tensors)
        except SafetensorError as error:
            raise OSError(errno.EIO, f"the weights do not fit ({error})") from error
        with partial.open("wb") as file:
            with zipfile.ZipFile(file, "w") as archive:
                for name, content in texts.items():
                    archive.writestr(_entry(name), content, zipfile.ZIP_DEFLATED)
                _store(archive, tensors)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
        tensors.unlink(missing_ok=True)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _FIRST_ZIP_DATE)
    entry.external_attr = 0o644 << 16
    return entry


def _store(archive: zipfile.ZipFile, tensors: Path) -> None:
    """Put the weights in as they are: they hardly shrink, and are not held twice in memory."""
    entry = _entry(WEIGHTS)
    entry.file_size = tensors.stat().st_size
    with tensors.open("rb") as source, archive.open(entry, "w") as member:
        shutil.copyfileobj(source, member, _COPIED_BYTES)


def read_bundle(path: Path, *, max_weights_bytes: int = MAX_WEIGHTS_BYTES) -> Bundle:
    """Read a bundle: a zip, or a folder with the same members.

    Raises:
        BundleError: Not a bundle, damaged, or larger than allowed.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    info = read_bundle_info(path)
    try:
        weights = load(_read_member(path, WEIGHTS, max_weights_bytes))
    except (SafetensorError, KeyError, ValueError) as error:
        if isinstance(error, BundleError):
            raise
        reason = reason_of(error, "its header is not readable")
        raise BundleError(f"{WEIGHTS} in {path.name} is damaged: {reason}. {_AGAIN}") from error
    return Bundle(info.document, info.meta, weights)


def read_bundle_info(path: Path) -> BundleInfo:
    """Read the document and the description of a bundle, without weights and without torch.

    Raises:
        BundleError: Not a bundle, damaged, or larger than allowed.
    """
    try:
        document = load_document(_read_member(path, NETWORK, MAX_DOCUMENT_BYTES))
    except DocumentError as error:
        raise BundleError(f"{NETWORK} in {path.name}: {error}") from error
    try:
        meta = BundleMeta.model_validate_json(_read_member(path, META, MAX_META_BYTES))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])[:200]
        raise BundleError(
            f"{META} in {path.name} is not valid at {place}: {first['msg']}. {_AGAIN}"
        ) from error
    return BundleInfo(document, meta)


def _read_member(path: Path, name: str, max_bytes: int) -> bytes:

    def refused(reason: str) -> BundleError:
        return BundleError(f"{path.name} is a damaged bundle: {reason}. {_AGAIN}")

    try:
        with refusing_damage(refused, BROKEN_ZIP):
            if path.is_dir():
                return _read_from_folder(path, name, max_bytes)
            return _read_from_zip(path, name, max_bytes)
    except OSError as error:
        reason = reason_of(error, "the system does not say why")
        raise BundleError(f"{path.name} cannot be read: {reason}. {_AGAIN}") from error


def _read_from_folder(path: Path, name: str, max_bytes: int) -> bytes:
    member = path / name
    if member.is_symlink() or not member.is_file():
        raise BundleError(f"{path.name} is not a bundle: it holds no file {name}.")
    with member.open("rb") as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise _too_large(path, name, max_bytes)
    return content


def _read_from_zip(path: Path, name: str, max_bytes: int) -> bytes:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if len(entries) > _MAX_MEMBERS:
            raise BundleError(f"{path.name} is not a bundle: it holds {len(entries)} files.")
        found = [entry for entry in entries if entry.filename == name]
        if len(found) != 1:
            count = "no" if not found else f"{len(found)}"
            raise BundleError(f"{path.name} is not a bundle: it holds {count} {name}.")
        content = read_counted(archive, found[0], max_bytes)
    if content is None:
        raise _too_large(path, name, max_bytes)
    return content


def _too_large(path: Path, name: str, max_bytes: int) -> BundleError:
    return BundleError(
        f"{name} in {path.name} is larger than {max_bytes / 2**20:,.0f} MB, which is allowed."
    )
