"""Hostile images, brought in as a person does: refused with a reason, or made harmless."""

from __future__ import annotations

import io
import os
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest
from PIL import Image

from tests.api.datasets.conftest import Studio
from tests.api.studio import content_of
from tests.client import ApiClient
from tests.security.hostile_images import (
    FORMATS,
    SCRIPT,
    claims,
    disguised,
    large_png,
    named,
    picture,
    polyglots,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clean_files")]
MEGABYTE = 1024 * 1024


@pytest.fixture
def studio(api: ApiClient, project: Any, run_jobs: Callable[..., list[Any]]) -> Iterator[Studio]:
    return Studio(api, project, run_jobs)


def _codes(report: dict[str, Any]) -> dict[str, str]:
    return {problem["file"]: problem["code"] for problem in report["problems"]}


def test_headers_that_promise_gigabytes(studio: Studio) -> None:
    files = {f"huge{suffix}": claims(kind) for kind, suffix in FORMATS.items()}
    files["large.png"] = large_png()
    good = {"good.png": picture()}
    before = psutil.Process(os.getpid()).memory_info().rss
    tracemalloc.start()
    report = studio.bring_in_zip(studio.dataset(), {**files, **good})
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert _codes(report) == dict.fromkeys(files, "too_many_pixels")
    assert report["num_added"] == 1
    assert peak_bytes < 50 * MEGABYTE
    assert psutil.Process(os.getpid()).memory_info().rss - before < 100 * MEGABYTE


def test_cut_off_anywhere(studio: Studio) -> None:
    files = {
        f"{share}{suffix}": data[: len(data) * share // 100]
        for kind, suffix in FORMATS.items()
        for data in [picture(kind, 200)]
        for share in (1, 10, 50, 90)
    }
    report = studio.bring_in_zip(studio.dataset(), {**files, "good.png": picture()})
    assert set(_codes(report).values()) <= {"truncated", "broken", "disguised", "not_an_image"}
    # What decodes to the end all the same is an image; a GIF or BMP loses its last rows at most.
    assert report["num_added"] + len(report["problems"]) == len(files) + 1
    assert len(report["problems"]) >= 20


def test_what_is_no_image_is_never_kept(studio: Studio) -> None:
    files = disguised()
    dataset = studio.dataset()
    report = studio.bring_in_zip(dataset, {**files, "good.png": picture()})
    assert set(_codes(report)) == set(files)
    assert [item["file_name"] for item in studio.items(dataset)] == ["good.png"]


def test_what_is_served_is_made_anew(studio: Studio) -> None:
    files = {**polyglots(), **named()}
    dataset = studio.dataset()
    report = studio.bring_in_zip(dataset, files)
    assert report["num_added"] == len(files), report["problems"]
    for item in studio.items(dataset):
        for url in (item["thumbnail_url"], item["image_url"]):
            answer = studio.api.get(url)
            content = content_of(answer)
            assert answer.headers["Content-Type"] == "image/webp"
            for trace in (SCRIPT.encode(), b"<script", b"onerror", b"PK\x03\x04", b"EXIF", b"ICCP"):
                assert trace not in content, (item["file_name"], url, trace)
            with Image.open(io.BytesIO(content)) as shown:
                assert not shown.getexif()
                assert not {"icc_profile", "xmp", "comment"} & set(shown.info)
