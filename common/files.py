"""The one file response: ranges, flat memory, and no way for a file to act as a page."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.http.response import HttpResponseBase

from common.errors import Code, Problem, problem_response

CHUNK_BYTES = 256 * 1024
# What a browser may be told a file is. Everything else is a plain download.
CONTENT_TYPES = frozenset(
    {
        "image/png",
        "image/jpeg",
        "image/webp",
        "application/json",
        "application/zip",
        "application/octet-stream",
        "text/csv; charset=utf-8",
        "text/plain; charset=utf-8",
        "text/x-python; charset=utf-8",
    }
)
FILE_POLICY = "default-src 'none'; sandbox"
RANGE = re.compile(r"^bytes=(\d{0,19})-(\d{0,19})$")


class Readable(Protocol):
    """An open file, or what is left of an answer of a file store."""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; all that is left for -1; none at the end."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


OpenPart = Callable[[int, int], Readable]
"""Opens the bytes from a start up to an end."""


def file_response(
    request: HttpRequest,
    path: Path,
    *,
    content_type: str = "application/octet-stream",
    file_name: str = "",
    etag: str = "",
    is_immutable: bool = False,
) -> HttpResponseBase:
    """Answer with a file of ours, whole or the part a Range header asks for.

    Args:
        request: Its method, Range, If-Range and If-None-Match headers are honoured.
        path: A path made by the server, never by a user.
        content_type: One of CONTENT_TYPES, chosen by the server.
        file_name: Name offered for saving.
        etag: Changes when the bytes do; a blob's hash. Made from size and time when empty.
        is_immutable: The address always means these bytes, so browsers may keep them.

    Raises:
        Problem: file_missing when the file is not there.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise Problem(
            Code.FILE_MISSING,
            "The file is no longer on the studio's disk.",
            "Bring it in again, or ask the operator to restore a backup.",
        ) from None
    status = os.fstat(file.fileno())
    tag = etag or f"{status.st_size:x}-{status.st_mtime_ns:x}"

    def open_part(start: int, end: int) -> Readable:
        del end
        file.seek(start)
        return file

    answer = part_response(
        request,
        status.st_size,
        open_part,
        etag=tag,
        content_type=content_type,
        file_name=file_name,
        is_immutable=is_immutable,
    )
    if not isinstance(answer, StreamingHttpResponse):
        file.close()
    return answer


def part_response(
    request: HttpRequest,
    size_bytes: int,
    open_part: OpenPart,
    *,
    etag: str,
    content_type: str = "application/octet-stream",
    file_name: str = "",
    is_immutable: bool = False,
) -> HttpResponseBase:
    """The same for bytes that are not a file of this machine.

    Args:
        size_bytes: Of all there is.
        open_part: Called off the event loop, once there is something to send.
    """
    tag = f'"{etag}"'
    headers = _headers(content_type, file_name, tag, is_immutable)
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified(headers=headers)
    span = _requested_span(request, tag, size_bytes)
    if isinstance(span, Problem):
        refusal = problem_response(span)
        refusal["Content-Range"] = f"bytes */{size_bytes}"
        return refusal
    start, end, is_partial = span
    headers["Content-Length"] = str(end - start)
    if is_partial:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size_bytes}"
    code = 206 if is_partial else 200
    if request.method == "HEAD" or start == end:
        return HttpResponse(b"", status=code, headers=headers)
    parts = _read(partial(open_part, start, end), end - start)
    return StreamingHttpResponse(parts, status=code, headers=headers)


def bytes_response(
    request: HttpRequest,
    content: bytes,
    *,
    content_type: str,
    file_name: str = "",
    etag: str = "",
    is_immutable: bool = False,
) -> HttpResponseBase:
    """The same for something small that was made in memory."""
    tag = f'"{etag}"' if etag else ""
    headers = _headers(content_type, file_name, tag, is_immutable)
    if tag and request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified(headers=headers)
    return HttpResponse(content, headers=headers)


def _headers(content_type: str, file_name: str, tag: str, is_immutable: bool) -> dict[str, str]:
    if content_type not in CONTENT_TYPES:
        raise ValueError(f"{content_type} is not a type that files are served with")
    headers = {
        "Content-Type": content_type,
        # An <img> shows an attachment all the same; a tab opened on it only saves it.
        "Content-Disposition": _attachment(file_name),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": FILE_POLICY,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=31536000, immutable" if is_immutable else "no-cache",
    }
    if tag:
        headers["ETag"] = tag
    return headers


def _attachment(file_name: str) -> str:
    if not file_name:
        return "attachment"
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", file_name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"


def _requested_span(request: HttpRequest, tag: str, size: int) -> tuple[int, int, bool] | Problem:
    """Start, end and whether it is a part; a Problem when nothing of it exists."""
    match = RANGE.match(request.headers.get("Range", "").strip())
    if_range = request.headers.get("If-Range", tag)
    if match is None or match.groups() == ("", "") or if_range != tag:
        return 0, size, False
    first, last = match.groups()
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
    if start >= size or end <= start:
        return Problem(
            Code.RANGE_NOT_SATISFIABLE, f"The file has {size} bytes; the range lies outside."
        )
    return start, end, True


async def _read(open_it: Callable[[], Readable], size_bytes: int) -> AsyncIterator[bytes]:
    """One chunk at a time, read off the event loop; the web server waits for slow readers."""
    opened = await asyncio.to_thread(open_it)
    try:
        remaining = size_bytes
        while remaining > 0:
            chunk = await asyncio.to_thread(opened.read, min(CHUNK_BYTES, remaining))
            if not chunk:
                return
            remaining -= len(chunk)
            yield chunk
    finally:
        opened.close()
