"""Hostile bytes to facts and pictures, in throwaway processes, without Django or torch.

What browsers get is made here: decoded once, upright, re-encoded.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from netloom.data.decode import FORMATS, DecodeError, decode_image

THUMBNAIL_PX = 128
VIEW_PX = 2048
Kind = Literal["thumbnail", "view"]

IMAGE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".tif", ".tiff", ".gif"}
)
_SIGNATURES = (
    (b"PK\x03\x04", "a zip archive"),
    (b"%PDF", "a PDF"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"<svg", "an SVG drawing"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "XML"),
    (b"{", "JSON or text"),
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be an image. Attribute `name` is only for the reason given."""

    name: str
    sha256: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Picture:
    """What an image turned out to be; sizes in pixels, upright."""

    format: str
    mode: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file is no usable image."""

    code: str
    reason: str


def picture_name(sha256: str, kind: Kind, width: int, height: int) -> str:
    """Return where a picture of an original is kept; small images have one for both kinds."""
    is_small = max(width, height) <= THUMBNAIL_PX
    suffix = "thumbnail" if kind == "thumbnail" or is_small else "view"
    return f"{sha256[:2]}/{sha256}.{suffix}.webp"


def read_candidates(candidates: Sequence[Candidate], folder: Path) -> list[Picture | Refusal]:
    """Decode files and write their pictures below `folder`, in order."""
    return [read_candidate(candidate, folder) for candidate in candidates]


def read_candidate(candidate: Candidate, folder: Path) -> Picture | Refusal:
    """Decode one file and write its pictures."""
    try:
        image_HWC = decode_image(candidate.data)
    except DecodeError as error:
        return _refusal(candidate, error)
    height, width = image_HWC.shape[:2]
    with Image.open(io.BytesIO(candidate.data), formats=FORMATS) as header:
        picture = Picture(header.format or "", _mode(header), width, height)
    _write_pictures(image_HWC, candidate.sha256, folder)
    return picture


def _write_pictures(image_HWC: NDArray[np.uint8], sha256: str, folder: Path) -> None:
    height, width, channels = image_HWC.shape
    image = Image.fromarray(image_HWC[:, :, 0] if channels == 1 else image_HWC)
    thumbnail = folder / picture_name(sha256, "thumbnail", width, height)
    thumbnail.parent.mkdir(parents=True, exist_ok=True)
    if max(width, height) <= THUMBNAIL_PX:
        _save(image, thumbnail, lossless=True, quality=0)
        return
    view = image
    if max(width, height) > VIEW_PX:
        view = image.copy()
        view.thumbnail((VIEW_PX, VIEW_PX), Image.Resampling.LANCZOS, reducing_gap=2.0)
    _save(view, folder / picture_name(sha256, "view", width, height), quality=90)
    view.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.LANCZOS, reducing_gap=3.0)
    _save(view, thumbnail, quality=82)


def _save(image: Image.Image, path: Path, **options: object) -> None:
    """Write whole or not at all; durability does not matter, it can be made again."""
    draft = path.with_name(f".{secrets.token_hex(8)}")
    try:
        image.save(draft, format="WEBP", method=0, **options)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _mode(image: Image.Image) -> str:
    """Return how the original holds its colours, in the words the statistics use."""
    if image.mode in ("RGBA", "RGBa", "PA", "LA", "La") or "transparency" in image.info:
        return "gray_alpha" if image.mode in ("LA", "La") else "rgba"
    if image.mode.startswith("I") or image.mode == "F":
        return "gray16"
    return {"1": "gray", "L": "gray", "P": "palette", "CMYK": "cmyk"}.get(image.mode, "rgb")


def _refusal(candidate: Candidate, error: DecodeError) -> Refusal:
    suffix = Path(candidate.name).suffix.lower()
    if error.cause != "not_an_image" or suffix not in IMAGE_SUFFIXES:
        return Refusal(error.cause, str(error))
    start = candidate.data[:512].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    found = next(
        (what for sign, what in _SIGNATURES if start.startswith(sign.lower())), "something else"
    )
    return Refusal("disguised", f"It is named {suffix}, but its content is {found}.")
