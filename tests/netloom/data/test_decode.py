"""Decoding: odd but valid images become upright uint8 pixels, everything else a DecodeError."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netloom.data.decode import DecodeError, decode_image, read_header


def encode(image: Image.Image, format_: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=format_, **options)
    return buffer.getvalue()


def gradient() -> np.ndarray:
    """An image in which every corner is different, so that a wrong turn shows."""
    y, x = np.mgrid[0:40, 0:60]
    return np.stack([y * 6, x * 4, (y + x) * 2], axis=2).astype(np.uint8)


def test_rgb_png_is_returned_as_it_is() -> None:
    pixels = gradient()
    decoded = decode_image(encode(Image.fromarray(pixels)))
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, pixels)


def test_file_and_bytes_give_the_same(tmp_path: Path) -> None:
    data = encode(Image.fromarray(gradient()))
    path = tmp_path / "name without extension"
    path.write_bytes(data)
    np.testing.assert_array_equal(decode_image(path), decode_image(data))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_exif_orientation_is_applied_exactly_once(orientation: int, format_: str) -> None:
    upright = gradient()
    # What a camera stores so that the tag turns it upright again.
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, object] = {"exif": exif}
    if format_ == "JPEG":
        options |= {"quality": 100, "subsampling": 0}
    if format_ == "WEBP":
        options |= {"lossless": True}
    data = encode(Image.fromarray(np.ascontiguousarray(stored)), format_, **options)

    decoded = decode_image(data)
    header = read_header(data)

    assert decoded.shape == upright.shape
    assert np.abs(decoded.astype(int) - upright).max() <= 3
    assert (header.height, header.width) == upright.shape[:2]


def test_grey_stays_one_channel() -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    decoded = decode_image(encode(Image.fromarray(grey)))
    np.testing.assert_array_equal(decoded, grey[:, :, None])
    assert read_header(encode(Image.fromarray(grey))).num_channels == 1


def test_one_bit_image_is_black_and_white() -> None:
    bits = np.array([[True, False], [False, True]])
    decoded = decode_image(encode(Image.fromarray(bits)))
    np.testing.assert_array_equal(decoded[:, :, 0], [[255, 0], [0, 255]])


@pytest.mark.parametrize("format_", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_over_the_full_range(format_: str) -> None:
    samples = np.array([[0, 257, 32896], [65535, 128, 256]], dtype=np.uint16)
    decoded = decode_image(encode(Image.fromarray(samples), format_))
    np.testing.assert_array_equal(decoded[:, :, 0], [[0, 1, 128], [255, 0, 1]])


def test_float_tiff_on_unit_range() -> None:
    samples = np.array([[0.0, 0.5], [1.0, np.nan]], dtype=np.float32)
    decoded = decode_image(encode(Image.fromarray(samples), "TIFF"))
    np.testing.assert_array_equal(decoded[:, :, 0], [[0, 128], [255, 0]])


def test_palette_becomes_rgb() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putdata([0, 1])
    decoded = decode_image(encode(image))
    np.testing.assert_array_equal(decoded, [[[255, 0, 0], [0, 0, 255]]])


def test_cmyk_jpeg_becomes_rgb() -> None:
    red = Image.new("RGB", (16, 16), (250, 10, 10)).convert("CMYK")
    decoded = decode_image(encode(red, "JPEG", quality=95))
    assert decoded.shape == (16, 16, 3)
    assert decoded[8, 8, 0] > 200
    assert decoded[8, 8, 1] < 60


def test_alpha_is_blended_over_white_or_as_told() -> None:
    image = Image.new("RGBA", (1, 2))
    image.putdata([(255, 0, 0, 0), (255, 0, 0, 255)])
    data = encode(image)
    np.testing.assert_array_equal(decode_image(data)[:, 0], [[255, 255, 255], [255, 0, 0]])
    over_blue = decode_image(data, background=(0, 0, 255))
    np.testing.assert_array_equal(over_blue[:, 0], [[0, 0, 255], [255, 0, 0]])


def test_transparent_palette_and_grey_alpha() -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette([255, 0, 0, 0, 0, 255])
    palette.putdata([0, 1])
    decoded = decode_image(encode(palette, transparency=0))
    np.testing.assert_array_equal(decoded, [[[255, 255, 255], [0, 0, 255]]])
    grey = Image.new("LA", (2, 1))
    grey.putdata([(10, 0), (10, 255)])
    np.testing.assert_array_equal(decode_image(encode(grey)), [[[255], [10]]])


def test_first_frame_of_an_animation() -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "lime")]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(decode_image(data)[0, 0], [255, 0, 0])


def cause_of(data: bytes | Path, **options: int) -> str:
    with pytest.raises(DecodeError) as caught:
        decode_image(data, **options)
    assert str(caught.value).endswith((".", ")")) or ":" in str(caught.value)
    return caught.value.cause


def test_causes(tmp_path: Path) -> None:
    png = encode(Image.fromarray(gradient()))
    assert cause_of(b"") == "empty"
    assert cause_of(tmp_path / "missing.png") == "unreadable"
    assert cause_of(b"<svg xmlns='http://www.w3.org/2000/svg'/>") == "not_an_image"
    assert cause_of(b"%PDF-1.7 ...") == "not_an_image"
    assert cause_of(b"MZ" + png) == "not_an_image"
    assert cause_of(png, max_pixels=100) == "too_many_pixels"


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
def test_cut_off_files_are_refused(format_: str) -> None:
    random = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = encode(Image.fromarray(random), format_)
    for keep in (len(data) // 2, len(data) * 3 // 4):
        assert cause_of(data[:keep]) in {"truncated", "broken", "not_an_image"}


def test_formats_outside_the_allowlist_are_not_opened() -> None:
    image = Image.fromarray(gradient())
    for format_ in ("PPM", "ICO", "TGA", "PCX"):
        assert cause_of(encode(image, format_)) == "not_an_image"


def test_huge_png_is_refused_by_its_header() -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + checksum

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99))
    assert cause_of(bomb) == "too_many_pixels"


def test_noise_never_raises_anything_else() -> None:
    random = np.random.default_rng(1)
    images = [Image.fromarray(gradient())]
    for format_ in ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"):
        data = bytearray(encode(images[0], format_))
        for _ in range(60):
            damaged = bytearray(data)
            for position in random.integers(0, len(data), 6):
                damaged[position] = int(random.integers(0, 256))
            with contextlib.suppress(DecodeError):
                decode_image(bytes(damaged), max_pixels=1_000_000)
