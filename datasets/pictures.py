"""Serving the pictures of an item: only bytes that the worker made, never an original."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from common.files import file_response
from datasets.ingest.pictures import Kind
from datasets.models import Item
from datasets.originals import thumbnail_path, view_path


def picture_response(request: HttpRequest, item: Item, kind: Kind) -> HttpResponseBase:
    """Answer with a picture; its address always means the same bytes."""
    path = (
        thumbnail_path(item.sha256)
        if kind == "thumbnail"
        else view_path(item.sha256, item.width, item.height)
    )
    return file_response(
        request,
        path,
        content_type="image/webp",
        etag=f"{item.sha256[:32]}-{path.suffixes[-2][1:]}",
        is_immutable=True,
    )
