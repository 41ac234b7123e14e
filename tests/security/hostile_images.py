"""Files that mean harm under the names of images. `SCRIPT` in any of them must never run."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

from PIL import Image, TiffImagePlugin
from PIL.PngImagePlugin import PngInfo

SCRIPT = "pwned('file')"
MARKUP = f"<script>{SCRIPT}</script><img src=x onerror={SCRIPT}>"
SIDE = 50_000
FORMATS = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp", "BMP": ".bmp", "TIFF": ".tif",
           "GIF": ".gif"}  # fmt: skip


def picture(kind: str = "PNG", side: int = 160, **options: object) -> bytes:
    """A picture that nothing is wrong with, of a size that is shown in two sizes."""
    image = Image.linear_gradient("L").resize((side, side)).convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def large_png() -> bytes:
    """100 megapixels: below what Pillow refuses by itself, above what we decode."""
    return _png(10_000)


def claims(kind: str) -> bytes:
    """A small file whose header promises 50,000 x 50,000 pixels: 7.5 GB."""
    return CLAIMS[kind]()


def _png(side: int = SIDE) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + checksum

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _jpeg() -> bytes:
    data = bytearray(picture("JPEG"))
    place = data.find(b"\xff\xc0")
    struct.pack_into(">HH", data, place + 5, SIDE, SIDE)
    return bytes(data)


def _bmp() -> bytes:
    data = bytearray(picture("BMP"))
    struct.pack_into("<ii", data, 18, SIDE, SIDE)
    return bytes(data)


def _gif() -> bytes:
    data = bytearray(picture("GIF"))
    struct.pack_into("<HH", data, 6, SIDE, SIDE)
    return bytes(data)


def _webp() -> bytes:
    flags = struct.pack("<I", 0) + (SIDE - 1).to_bytes(3, "little") * 2
    extended = b"VP8X" + struct.pack("<I", len(flags)) + flags
    inner = picture("WEBP")[12:]
    body = b"WEBP" + extended + inner
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _tiff() -> bytes:
    data = bytearray(picture("TIFF"))
    (directory,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, directory)
    for number in range(count):
        place = directory + 2 + 12 * number
        (tag,) = struct.unpack_from("<H", data, place)
        if tag in (256, 257):  # width, height; as LONG
            struct.pack_into("<HII", data, place + 2, 4, 1, SIDE)
    return bytes(data)


CLAIMS: dict[str, Callable[[], bytes]] = {
    "PNG": _png, "JPEG": _jpeg, "BMP": _bmp, "GIF": _gif, "WEBP": _webp, "TIFF": _tiff,
}  # fmt: skip


def disguised() -> dict[str, bytes]:
    """Pages, drawings and programs that are named like images; none is one."""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" onload="{SCRIPT}"><script>{SCRIPT}</script></svg>'
    )
    return {
        "page.png": f"<!DOCTYPE html><html>{MARKUP}</html>".encode(),
        "page.jpg": f"<html><body onload={SCRIPT}>".encode(),
        "drawing.png": svg.encode(),
        "drawing.gif": f"<?xml version='1.0'?>{svg}".encode(),
        "drawing.webp": b"\xef\xbb\xbf \n" + svg.encode(),
        "script.jpg": f"{SCRIPT};".encode(),
        "gifar.gif": f"GIF89a=1;{SCRIPT}//".encode(),
        "starts.bmp": f"BM=1;{SCRIPT}//".encode(),
        "riff.webp": f"RIFF=1;{SCRIPT}//WEBP".encode(),
        "empty.png": b"",
    }


def polyglots() -> dict[str, bytes]:
    """Real images that are something else as well, or carry markup wherever text fits."""
    text = PngInfo()
    text.add_text("Comment", MARKUP)
    text.add_itxt("XML:com.adobe.xmp", f"<x:xmpmeta>{MARKUP}</x:xmpmeta>", zip=True)
    exif = Image.Exif()
    for tag in (0x010E, 0x013B, 0x8298, 0x9286):  # description, artist, copyright, comment
        exif[tag] = MARKUP
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", MARKUP)
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[270] = MARKUP
    profile = MARKUP.encode() * 10
    return {
        "text.png": picture("PNG", 150, pnginfo=text),
        "tail.png": picture("PNG", 151) + MARKUP.encode(),
        "jar.png": picture("PNG", 152) + packed.getvalue(),
        "profile.png": picture("PNG", 153, icc_profile=profile, exif=exif),
        "exif.jpg": picture("JPEG", 154, exif=exif, comment=MARKUP, icc_profile=profile),
        "xmp.jpg": picture("JPEG", 155, xmp=MARKUP.encode()),
        "exif.webp": picture("WEBP", 156, exif=exif, xmp=MARKUP.encode(), icc_profile=profile),
        "comment.gif": picture("GIF", 157, comment=MARKUP.encode()),
        "tags.tif": picture("TIFF", 158, tiffinfo=tags),
        "tail.bmp": picture("BMP", 159) + MARKUP.encode(),
        "small.png": picture("PNG", 20) + MARKUP.encode(),  # one picture serves both sizes
    }


def named() -> dict[str, bytes]:
    """Good images with names that are markup, formulas or paths."""
    return {
        f"{MARKUP[8:80].replace('/', '')}.png": picture("PNG", 161),
        "=HYPERLINK(1).png": picture("PNG", 162),
        "a\u202egnp.exe.png": picture("PNG", 163),
        "%2e%2e%2fetc%2fpasswd.png": picture("PNG", 164),
    }
