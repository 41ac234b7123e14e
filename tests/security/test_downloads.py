"""Every download cannot act as a page, and everything that is no download is JSON."""

from __future__ import annotations

from typing import Any

import pytest

from common.files import CONTENT_TYPES
from datasets.originals import KINDS, picture_key
from storage.store import the_store
from tests.client import ApiClient
from tests.security.calls import OPERATIONS, SAFE, SCHEMA, address_of
from tests.security.routes import World
from tests.security.routes.datasets import item

pytestmark = pytest.mark.django_db
JSON = "application/json"


def _answers(operation_id: str) -> dict[str, Any]:
    method, path = OPERATIONS[operation_id]
    return SCHEMA["paths"][path][method.lower()]["responses"]


# What describes no JSON for its success sends a file: found, not listed.
DOWNLOADS = [
    name
    for name in SAFE
    if not any(JSON in answer.get("content", {}) for answer in _answers(name).values())
]


def test_the_downloads_are_found() -> None:
    assert {"get_item_image", "get_item_thumbnail", "download_checkpoint_bundle"} <= set(DOWNLOADS)
    assert len(DOWNLOADS) >= 7


@pytest.mark.parametrize("operation_id", DOWNLOADS)
def test_a_download_cannot_act_as_a_page(
    world: World, clean_files: None, operation_id: str
) -> None:
    made = item(world)
    keys = [picture_key(made.sha256, kind, made.width, made.height) for kind in KINDS]
    the_store().write(dict.fromkeys(keys, b"<script>alert(1)</script>"))
    address = address_of(world, operation_id)
    client = ApiClient(world.people["owner"])
    for headers in ({}, {"Range": "bytes=0-3"}, {"Range": "bytes=900-"}, {"Accept": "text/html"}):
        answer = client.get(address, **headers)
        assert answer.status_code in (200, 206, 416)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        if answer.status_code == 416:
            continue
        assert answer.headers["Content-Type"] in CONTENT_TYPES
        assert not answer.headers["Content-Type"].startswith(("text/html", "image/svg"))
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers.get("Access-Control-Allow-Origin") is None


@pytest.mark.parametrize("operation_id", sorted(set(SAFE) - set(DOWNLOADS)))
def test_the_rest_is_json(world: World, clean_files: None, operation_id: str) -> None:
    answer = ApiClient(world.people["owner"]).get(
        address_of(world, operation_id), Accept="text/html,*/*"
    )
    kind = answer.headers["Content-Type"].partition(";")[0]
    assert kind == (JSON if answer.status_code == 200 else "application/problem+json")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
