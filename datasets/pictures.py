"""Serving the pictures of an item: only bytes that the worker made, never an original."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from datasets.ingest.pictures import Kind
from datasets.models import Item
from datasets.originals import picture_key
from storage.services import stored_response


def picture_response(request: HttpRequest, item: Item, kind: Kind) -> HttpResponseBase:
    """Answer with a picture; its address always means the same bytes."""
    key = picture_key(item.sha256, kind, item.width, item.height)
    return stored_response(
        request,
        key,
        content_type="image/webp",
        etag=f"{item.sha256[:32]}-{key.split('.')[-2]}",
        is_immutable=True,
    )
