"""The web process is killed while a file arrives: the upload goes on, and its bytes are right."""

from __future__ import annotations

import hashlib
import os
import socket
import sqlite3
import threading
import urllib.error
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.faults.live import LiveApi
from tests.faults.runs import freeze_when, process_of
from tests.waiting import RIGHT_WITHIN_S
from tour.studio import Studio

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.campaign]

MEGABYTE = 1 << 20


@pytest.fixture
def content() -> bytes:
    """Too large for a few chunks, so that there is time to be killed in one."""
    return os.urandom(80 * MEGABYTE)


@pytest.fixture
def upload(api: LiveApi, content: bytes) -> dict[str, Any]:
    """An upload of which the first chunk has arrived."""
    announced = {
        "project_id": api.get("/api/session")["projects"][0]["id"],
        "file_name": "images.zip",
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    upload = api.call("POST", "/api/uploads", announced)
    status, answer = api.put_chunk(upload["id"], 0, content[: upload["chunk_bytes"]])
    assert status == 200, answer
    return upload


def go_on(api: LiveApi, upload: dict[str, Any], content: bytes) -> int:
    """Ask where the studio is, as the page does, and send the rest; returns where that was."""
    address = f"/api/uploads/{upload['id']}"
    start = offset = api.wait_for(address, lambda _: True, RIGHT_WITHIN_S)["offset"]
    while offset < len(content):
        chunk = content[offset : offset + upload["chunk_bytes"]]
        status, answer = api.put_chunk(upload["id"], offset, chunk)
        assert status == 200, answer
        offset += len(chunk)
    assert api.get(address)["is_complete"]
    return start


def test_killed_while_a_chunk_arrives(
    studio: Studio, api: LiveApi, data_folder: Path, upload: dict[str, Any], content: bytes
) -> None:
    chunk_bytes: int = upload["chunk_bytes"]
    address = urlsplit(studio.url)
    with socket.create_connection((address.hostname or "", address.port or 80)) as connection:
        head = [
            f"PUT /api/uploads/{upload['id']}?offset={chunk_bytes} HTTP/1.1",
            f"Host: {address.netloc}",
            f"Origin: {studio.url}",
            f"Authorization: Bearer {api.token}",
            "Content-Type: application/octet-stream",
            f"Content-Length: {chunk_bytes}",
        ]
        connection.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        connection.sendall(content[chunk_bytes : chunk_bytes + chunk_bytes // 2])
        process_of(studio, "manage.py", "web").kill()
        with suppress(ConnectionError):
            assert connection.recv(1) == b"", "it was not answered"
    assert go_on(api, upload, content) == chunk_bytes, "half a chunk counts for nothing"
    assert (data_folder / "uploads" / upload["id"]).read_bytes() == content


def test_killed_between_the_bytes_and_the_row_that_counts_them(
    studio: Studio, api: LiveApi, data_folder: Path, upload: dict[str, Any], content: bytes
) -> None:
    """More is on the disk than the database knows: what it knows is what counts."""
    path = data_folder / "uploads" / upload["id"]

    def is_caught_writing() -> bool:
        return path.stat().st_size > counted(data_folder, upload["id"])

    sender = threading.Thread(target=until_cut_off(lambda: go_on(api, upload, content)))
    sender.start()
    web = process_of(studio, "manage.py", "web")
    freeze_when(web, is_caught_writing)
    was = counted(data_folder, upload["id"])
    web.kill()
    sender.join()
    assert go_on(api, upload, content) == was
    assert path.read_bytes() == content


def counted(data_folder: Path, upload_id: str) -> int:
    with closing(sqlite3.connect(data_folder / "netloom.sqlite3", timeout=0.5)) as database:
        sql = 'select "offset" from storage_upload where id = ?'
        (offset,) = database.execute(sql, [upload_id]).fetchone()
    return offset


def until_cut_off(send: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        with suppress(urllib.error.URLError, ConnectionError):
            send()

    return run
