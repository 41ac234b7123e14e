"""Image files to pixels: hostile input in, uint8 arrays or a DecodeError out.

The format is decided by content, never by the file's name. The pixel count is read from the header
and checked before anything is decompressed. Of animations and multi-page files the first frame
counts.

Shapes: H height, W width, C channels (1 for grey, 3 for RGB).
"""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from netloom.regular_files import read_regular_file

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
"""Formats that are opened, by Pillow's names; everything else is refused unread."""

MAX_PIXELS = 64_000_000
"""Default cap on width x height: 64 megapixels decode to 192 MB."""

WHITE = (255, 255, 255)

DecodeCause = Literal[
    "empty", "unreadable", "not_an_image", "too_many_pixels", "truncated", "broken"
]

_GREY_MODES = frozenset({"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N", "F"})
_ALPHA_MODES = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})

# What Pillow's decoders raise on damaged files, beside OSError (found by fuzzing upstream).
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    OverflowError,
    MemoryError,
    struct.error,
    Image.DecompressionBombError,
)


class DecodeError(Exception):
    """A file that cannot become an image.

    Attributes:
        cause: Machine-readable reason.
    """

    def __init__(self, cause: DecodeCause, message: str) -> None:
        super().__init__(message)
        self.cause: DecodeCause = cause

    def __reduce__(self) -> tuple[type[DecodeError], tuple[DecodeCause, str]]:
        return DecodeError, (self.cause, str(self))


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What a file says of itself before it is decoded.

    Attributes:
        format: One of `FORMATS`.
        width: Pixels, after the EXIF orientation.
        height: Pixels, after the EXIF orientation.
        num_channels: 1 or 3, as `decode_image` will return it.
    """

    format: str
    width: int
    height: int
    num_channels: int


def read_header(source: Path | bytes, *, max_pixels: int = MAX_PIXELS) -> ImageHeader:
    """Identify an image by its first bytes, without decoding it.

    Raises:
        DecodeError: As `decode_image`, except that damage behind the header stays unseen.
    """
    image = _open(_read(source), max_pixels)
    width, height = image.size
    # Pillow reports the size of a TIFF as it will be after its own rotation, not so elsewhere.
    if image.format != "TIFF" and _orientation(image) in (5, 6, 7, 8):
        width, height = height, width
    return ImageHeader(
        format=image.format or "",
        width=width,
        height=height,
        num_channels=1 if image.mode in _GREY_MODES else 3,
    )


def decode_image(
    source: Path | bytes,
    *,
    max_pixels: int = MAX_PIXELS,
    background: tuple[int, int, int] = WHITE,
) -> NDArray[np.uint8]:
    """Decode the first frame of an image, upright.

    The EXIF orientation is applied exactly once. Palettes and CMYK become RGB. 16-bit samples are
    scaled by 1/257 over their full range, so that two files of one series stay comparable; float
    samples are taken as 0..1 when none exceeds 1 and as 0..255 otherwise. Transparency is blended
    over `background`. Colour profiles are not applied.

    Args:
        source: A file or its bytes.
        max_pixels: Larger images are refused before they are decoded.
        background: RGB, 0..255.

    Returns:
        uint8 array [H, W, C] with C = 1 for grey and 3 for RGB, C-contiguous.

    Raises:
        DecodeError: With the cause: empty, unreadable, not an image of the allowed formats, too
            many pixels, truncated or broken.
    """
    image = _open(_read(source), max_pixels)
    try:
        with warnings.catch_warnings():
            # Damaged metadata is reported by Pillow as a warning; the pixels are what counts.
            warnings.simplefilter("ignore")
            image.load()
    except _BROKEN as error:
        text = str(error)
        if "truncated" in text.lower() or "not enough" in text.lower():
            raise DecodeError(
                "truncated", f"The {image.format} file ends too early; it was cut off."
            ) from error
        raise DecodeError("broken", f"The {image.format} file is damaged: {text}") from error
    if _orientation(image) != 1:
        image = ImageOps.exif_transpose(image)
    return _to_uint8(image, background)


def _read(source: Path | bytes) -> bytes:
    if isinstance(source, Path):
        try:
            source = read_regular_file(source)
        except OSError as error:
            reason = error.strerror or str(error)
            raise DecodeError("unreadable", f"The file cannot be read: {reason}.") from error
    if not source:
        raise DecodeError("empty", "The file is empty.")
    return source


def _open(data: bytes, max_pixels: int) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        allowed = ", ".join(FORMATS)
        raise DecodeError("not_an_image", f"The content is no image ({allowed}).") from error
    except Image.DecompressionBombError as error:
        raise DecodeError("too_many_pixels", f"The image is too large: {error}") from error
    except _BROKEN as error:
        raise DecodeError("broken", f"The header is damaged: {error}") from error
    width, height = image.size
    if width * height > max_pixels:
        raise DecodeError(
            "too_many_pixels",
            f"The image has {width} x {height} pixels; at most {max_pixels:,} are read.",
        )
    if width == 0 or height == 0:
        raise DecodeError("broken", "The image has no pixels.")
    return image


def _orientation(image: Image.Image) -> int:
    """Return EXIF orientation 1..8; unreadable EXIF counts as upright, as viewers treat it."""
    try:
        orientation = image.getexif().get(0x0112, 1)
    except _BROKEN:
        return 1
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


def _to_uint8(image: Image.Image, background: tuple[int, int, int]) -> NDArray[np.uint8]:
    is_grey = image.mode in _GREY_MODES
    if image.mode.startswith("I"):
        samples = np.asarray(image, dtype=np.int64).clip(0, 65535)
        return _with_channel(((samples + 128) // 257).astype(np.uint8))
    if image.mode == "F":
        samples = np.nan_to_num(np.asarray(image, dtype=np.float64))
        scale = 255.0 if samples.max() <= 1 else 1.0
        return _with_channel((samples * scale).round().clip(0, 255).astype(np.uint8))
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        canvas = Image.new("RGBA", image.size, (*background, 255))
        image = Image.alpha_composite(canvas, image.convert("RGBA"))
    return _with_channel(np.array(image.convert("L" if is_grey else "RGB"), dtype=np.uint8))


def _with_channel(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return pixels[:, :, None] if pixels.ndim == 2 else pixels
