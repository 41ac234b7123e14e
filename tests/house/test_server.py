"""The web server over a real connection: capped bodies, flat memory, ranges."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from config.launcher.checks import free_port
from tests.house.studio_process import REPOSITORY, studio_environment

pytestmark = pytest.mark.slow
MEGABYTE = 1024 * 1024
FILE_MB = 200


@dataclass(frozen=True)
class Served:
    port: int
    process: psutil.Process
    file: Path

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    file = folder / "large.bin"
    with file.open("wb") as out:
        for number in range(FILE_MB):
            out.write(bytes([number % 256]) * MEGABYTE)
    port = free_port("127.0.0.1", 0)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.house.served", str(port)],
        cwd=REPOSITORY,
        env={**studio_environment(folder / "data"), "TEST_FILE": str(file)},
    )
    deadline = time.monotonic() + 60
    while socket.socket().connect_ex(("127.0.0.1", port)) != 0:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield Served(port, psutil.Process(process.pid), file)
    process.terminate()
    process.wait(20)


def test_a_body_that_announces_too_much_is_not_read(served: Served):
    connection = served.connect()
    connection.putrequest("POST", "/count")
    connection.putheader("Content-Length", str(10**12))
    connection.putheader("Content-Type", "application/octet-stream")
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413
    assert json.loads(answer.read())["code"] == "body_too_large"


def test_a_body_that_announces_nothing_is_counted(served: Served):
    before = served.process.memory_info().rss
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
        connection.sendall(
            b"POST /count HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        chunk = b"%x\r\n" % MEGABYTE + b"x" * MEGABYTE + b"\r\n"
        sent = 0
        try:
            for _ in range(64):
                connection.sendall(chunk)
                sent += 1
            told = connection.recv(65536)
        except OSError:
            told = b""
    # Answered, or hung up on, long before all of it was taken.
    assert told.startswith(b"HTTP/1.1 413") or sent < 64
    assert served.process.memory_info().rss - before < 30 * MEGABYTE


def test_the_largest_allowed_chunk_passes(served: Served):
    connection = served.connect()
    connection.request(
        "POST", "/count", b"x" * 8 * MEGABYTE, {"Content-Type": "application/octet-stream"}
    )
    answer = connection.getresponse()
    # The guard of unsafe requests answers: the body itself was taken.
    assert (answer.status, json.loads(answer.read())["code"]) == (403, "cross_site")


def test_a_slow_reader_costs_no_memory(served: Served):
    before = served.process.memory_info().rss
    readers = [served.connect() for _ in range(4)]
    answers = []
    for reader in readers:
        reader.request("GET", "/file")
        answers.append(reader.getresponse())
    highest = before
    for _ in range(20):  # nobody reads; without backpressure 800 MB pile up
        time.sleep(0.05)
        highest = max(highest, served.process.memory_info().rss)
    assert highest - before < 60 * MEGABYTE
    content = answers[0].read()
    assert len(content) == FILE_MB * MEGABYTE
    assert content[5 * MEGABYTE] == 5
    for reader in readers:
        reader.close()
    # Readers that went away do not keep anything busy.
    fresh = served.connect()
    fresh.request("HEAD", "/file")
    assert fresh.getresponse().getheader("Content-Length") == str(FILE_MB * MEGABYTE)


@pytest.mark.parametrize(
    ("asked", "span"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=1048576-2097151", (MEGABYTE, 2 * MEGABYTE)),
        ("bytes=-10", (FILE_MB * MEGABYTE - 10, FILE_MB * MEGABYTE)),
        ("bytes=209715190-", (209715190, FILE_MB * MEGABYTE)),
        ("bytes=209715190-999999999999", (209715190, FILE_MB * MEGABYTE)),
    ],
)
def test_parts(served: Served, asked: str, span: tuple[int, int]):
    connection = served.connect()
    connection.request("GET", "/file", headers={"Range": asked})
    answer = connection.getresponse()
    start, end = span
    assert answer.status == 206
    assert answer.getheader("Content-Range") == f"bytes {start}-{end - 1}/{FILE_MB * MEGABYTE}"
    with served.file.open("rb") as file:
        file.seek(start)
        assert answer.read() == file.read(end - start)


@pytest.mark.parametrize("asked", ["bytes=209715200-", "bytes=5-4", "bytes=-0"])
def test_parts_that_do_not_exist(served: Served, asked: str):
    connection = served.connect()
    connection.request("GET", "/file", headers={"Range": asked})
    answer = connection.getresponse()
    assert answer.status == 416
    assert answer.getheader("Content-Range") == f"bytes */{FILE_MB * MEGABYTE}"


def test_a_file_cannot_act_as_a_page(served: Served):
    connection = served.connect()
    connection.request("GET", "/file", headers={"Range": "bytes=0-0"})
    headers = connection.getresponse().headers
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith('attachment; filename="gro_e Datei.bin"')


def test_unchanged_files_are_not_sent_again(served: Served):
    connection = served.connect()
    connection.request("HEAD", "/file")
    answer = connection.getresponse()
    answer.read()
    connection.request("GET", "/file", headers={"If-None-Match": answer.headers["ETag"]})
    again = connection.getresponse()
    assert (again.status, again.read()) == (304, b"")
