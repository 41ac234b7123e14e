"""Hostile, broken and odd files: each is in the report, none takes anything with it."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.api.datasets.conftest import Studio, png, zip_of

pytestmark = pytest.mark.django_db(transaction=True)

HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"


def test_each_bad_file_is_listed_with_its_reason(studio: Studio) -> None:
    dataset = studio.dataset()
    good = png(1)
    report = studio.bring_in_zip(
        dataset,
        {
            "a/good.png": good,
            "a/empty.png": b"",
            "a/page.png": HTML,
            "a/cut.png": png(2)[:-300],
            "a/noise.jpg": bytes(range(256)) * 4,
            "a/huge.png": _png_that_claims(60_000, 60_000),
            "a/again.png": good,
            "b/same but b.png": good,
        },
    )
    assert report["state"] == "succeeded"
    codes = {problem["file"]: problem["code"] for problem in report["problems"]}
    assert codes == {
        # Files are taken in the order of their paths: `again` comes before `good`.
        "a/good.png": "duplicate",
        "a/empty.png": "empty",
        "a/page.png": "disguised",
        "a/cut.png": "truncated",
        "a/noise.jpg": "disguised",
        "a/huge.png": "too_many_pixels",
        "b/same but b.png": "conflict",
    }
    numbers = [report[f"num_{name}"] for name in ("added", "duplicates", "conflicts", "skipped")]
    assert numbers == [1, 1, 1, 5]
    assert report["num_files"] == sum(numbers)
    assert report["total_problems"] == 7
    assert "web page" in next(p["reason"] for p in report["problems"] if p["file"] == "a/page.png")
    assert [each["name"] for each in studio.refreshed(dataset)["classes"]] == ["a"]


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"images.zip": b"this is no zip"}, "archive_refused"),
        ({"images.zip": b""}, "archive_refused"),
        ({"cut.zip": zip_of({"a/1.png": png(1)})[:-40]}, "archive_refused"),
        ({"empty.zip": zip_of({})}, "import_empty"),
        ({"notes.zip": zip_of({"a/readme.txt": b"hello"})}, "import_empty"),
        ({"pages.zip": zip_of({"a/1.png": HTML, "b/2.png": HTML})}, "import_empty"),
        ({"page.png": HTML}, "import_empty"),
    ],
)
def test_what_is_unusable_as_a_whole_leaves_nothing(
    studio: Studio, files: dict[str, bytes], code: str
) -> None:
    dataset = studio.dataset()
    report = studio.bring_in(dataset, files)
    assert studio.job["state"] == report["state"] == "failed"
    assert studio.job["problem"]["code"] == code, studio.job["problem"]
    assert studio.job["problem"]["next_step"]
    after = studio.refreshed(dataset)
    assert after["num_items"] == after["log_position"] == 0
    assert after["classes"] == []
    assert after["image_stats"] is None


def test_a_zip_that_climbs_out_or_nests_is_contained(studio: Studio) -> None:
    dataset = studio.dataset()
    report = studio.bring_in_zip(
        dataset,
        {"../../evil.png": png(1), "a/inner.zip": zip_of({"x.png": png(2)}), "a/ok.png": png(3)},
    )
    assert report["num_added"] == 1
    assert {problem["code"] for problem in report["problems"]} == {"refused"}
    assert report["num_skipped"] == 2


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("L", "gray"), ("P", "palette"), ("RGBA", "rgba"), ("RGB", "rgb"), ("1", "gray")],
)
def test_colour_modes(studio: Studio, mode: str, expected: str) -> None:
    dataset = studio.dataset()
    studio.bring_in(dataset, {"x.png": png(1, mode=mode)})
    after = studio.refreshed(dataset)
    assert after["image_stats"]["modes"] == {expected: 1}
    assert after["image_stats"]["channels_suggested"] == (1 if expected == "gray" else 3)
    _assert_pictures(studio, studio.items(dataset)[0])


def test_sixteen_bit_and_cmyk(studio: Studio) -> None:
    dataset = studio.dataset()
    deep = io.BytesIO()
    Image.fromarray(np.arange(300, dtype=np.uint16).reshape(15, 20) * 200).save(deep, "PNG")
    print_ = io.BytesIO()
    Image.new("CMYK", (20, 15), (10, 200, 30, 0)).save(print_, "JPEG")
    studio.bring_in(dataset, {"deep.png": deep.getvalue(), "print.jpg": print_.getvalue()})
    assert studio.refreshed(dataset)["image_stats"]["modes"] == {"gray16": 1, "cmyk": 1}
    for item in studio.items(dataset):
        _assert_pictures(studio, item)


def test_exif_orientation_is_applied_once(studio: Studio) -> None:
    pixels = np.zeros((20, 40, 3), dtype=np.uint8)
    pixels[:, :20] = (255, 0, 0)  # left half red; upright it is the top half
    image = Image.fromarray(pixels)
    exif = image.getexif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif, quality=95)
    dataset = studio.dataset()
    studio.bring_in(dataset, {"phone.jpg": buffer.getvalue()})
    item = studio.items(dataset)[0]
    assert (item["width"], item["height"]) == (20, 40)
    for url in (item["thumbnail_url"], item["image_url"]):
        shown = _image(studio, url)
        assert shown.size == (20, 40)
        assert shown.getexif().get(0x0112, 1) == 1
        top, bottom = (
            shown.convert("RGB").getpixel((10, 5)),
            shown.convert("RGB").getpixel((10, 35)),
        )
        assert top[0] > 200
        assert bottom[0] < 60


def test_pictures_are_served_with_strict_headers(
    studio: Studio, sign_in: Callable[..., Any], make_person: Callable[..., Any]
) -> None:
    dataset = studio.dataset()
    # A polyglot: a real GIF whose bytes carry markup must never come out as it came in.
    polyglot = io.BytesIO()
    Image.new("RGB", (300, 200), (1, 2, 3)).save(polyglot, "GIF", comment=HTML)
    studio.bring_in(dataset, {"x.gif": polyglot.getvalue()})
    item = studio.items(dataset)[0]
    for url in (item["thumbnail_url"], item["image_url"]):
        answer = studio.api.get(url)
        body = b"".join(_stream(answer))
        assert answer.headers["Content-Type"] == "image/webp"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert HTML not in body
        again = studio.api.get(url, **{"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
        assert sign_in(make_person("Eve")).get(url).status_code == 404
        assert sign_in(None).get(url).status_code == 401


def test_real_photographs(studio: Studio, shared_data: Path) -> None:
    photos = sorted((shared_data / "free-photos").glob("*.jpg"))
    photos += sorted((shared_data / "imagenet-photos").glob("*.JPEG"))
    dataset = studio.dataset()
    files = {f"photos/{path.parent.name}/{path.name}": path.read_bytes() for path in photos}
    report = studio.bring_in_zip(dataset, files)
    assert report["num_added"] == len(photos) > 60
    assert report["problems"] == []
    after = studio.refreshed(dataset)
    assert [each["name"] for each in after["classes"]] == ["free-photos", "imagenet-photos"]
    assert after["image_stats"]["width"]["min"] < after["image_stats"]["width"]["max"]
    for item in studio.items(dataset)[:9]:
        thumbnail, view = _image(studio, item["thumbnail_url"]), _image(studio, item["image_url"])
        assert max(thumbnail.size) == 128
        assert view.size == (item["width"], item["height"])


def _assert_pictures(studio: Studio, item: dict[str, Any]) -> None:
    for url in (item["thumbnail_url"], item["image_url"]):
        assert _image(studio, url).size == (item["width"], item["height"])


def _image(studio: Studio, url: str) -> Image.Image:
    answer = studio.api.get(url)
    assert answer.status_code == 200, url
    return Image.open(io.BytesIO(b"".join(_stream(answer))))


def _stream(answer: Any) -> list[bytes]:
    from asgiref.sync import async_to_sync

    async def collect() -> list[bytes]:
        return [chunk async for chunk in answer.streaming_content]

    return async_to_sync(collect)()


def _png_that_claims(width: int, height: int) -> bytes:
    """A tiny file whose header promises gigabytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
