"""800 MB in and out of a real web server, and clients that never finish: memory stays flat."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil
import pytest

from config.launcher.checks import free_port
from tests.house.studio_process import REPOSITORY, studio_environment
from tests.security.served_studio import HUGE_BYTES

pytestmark = pytest.mark.slow
MEGABYTE = 1024 * 1024
PIECE = b"x" * MEGABYTE
ALLOWED_GROWTH_BYTES = 40 * MEGABYTE
REQUEST_S = 3.0


@dataclass(frozen=True)
class Served:
    port: int
    process: psutil.Process
    token: str
    run: str
    download: str

    def open(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def answers(self) -> bool:
        connection = self.connect()
        connection.request("GET", "/api/session")
        return connection.getresponse().status == 200

    @contextmanager
    def flat_memory(self) -> Iterator[None]:
        """Fail when the server grows meanwhile; looked at all the time, not only at the end."""
        before = highest = self.process.memory_info().rss
        is_over = threading.Event()

        def watch() -> None:
            nonlocal highest
            while not is_over.wait(0.02):
                highest = max(highest, self.process.memory_info().rss)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield
        finally:
            is_over.set()
            watcher.join()
        assert highest - before < ALLOWED_GROWTH_BYTES


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    port = free_port("127.0.0.1", 0)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.security.served_studio", str(port)],
        cwd=REPOSITORY,
        env=studio_environment(
            tmp_path_factory.mktemp("served") / "data", NETLOOM_REQUEST_S=str(REQUEST_S)
        ),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    token, run, download = process.stdout.readline().split()
    deadline = time.monotonic() + 60
    while socket.socket().connect_ex(("127.0.0.1", port)) != 0:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    running = Served(port, psutil.Process(process.pid), token, run, download)
    assert running.answers()  # whatever it loads once is loaded
    yield running
    process.terminate()
    process.wait(20)


def _send_until_refused(
    connection: socket.socket, head: str, *, is_chunked: bool = False
) -> tuple[int, bytes]:
    """Send a request with 800 MB behind it; returns the bytes taken and what was answered."""
    connection.sendall(head.replace("\n", "\r\n").encode())
    piece = b"%x\r\n" % len(PIECE) + PIECE + b"\r\n" if is_chunked else PIECE
    sent = 0
    with suppress(OSError):  # hung up on
        while sent < HUGE_BYTES:
            connection.sendall(piece)
            sent += len(PIECE)
    told = b""
    with suppress(OSError):
        told = connection.recv(65536)
    return sent, told


ADDRESSES = (
    "POST /api/session/link",
    "POST /api/projects",
    "PUT /api/uploads/aaaaaaaaaaaa?offset=0",
    "DELETE /api/projects/aaaaaaaaaaaa",
    "GET /api/session",
    "GET /",
    "POST /",
    "GET /assets/nothing.js",
    "OPTIONS *",
    "PURGE /nowhere",
    "GET /ws/",
)


@pytest.mark.parametrize("length", [f"Content-Length: {HUGE_BYTES}", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_800_mb_to_any_address(served: Served, address: str, length: str) -> None:
    is_chunked = "chunked" in length
    kinds = "Content-Type: application/octet-stream\n"
    head = f"{address} HTTP/1.1\nHost: 127.0.0.1:{served.port}\n{kinds}{length}\n\n"
    with served.flat_memory(), served.open() as connection:
        sent, told = _send_until_refused(connection, head, is_chunked=is_chunked)
    assert sent < 64 * MEGABYTE
    assert not told or b" 413 " in told.split(b"\r\n")[0] or b" 400 " in told.split(b"\r\n")[0]
    assert served.answers()


def test_with_a_token_it_is_no_different(served: Served) -> None:
    head = (
        f"PUT /api/uploads/aaaaaaaaaaaa?offset=0 HTTP/1.1\nHost: 127.0.0.1:{served.port}\n"
        f"Authorization: Bearer {served.token}\nContent-Type: application/octet-stream\n"
        f"Content-Length: {HUGE_BYTES}\n\n"
    )
    with served.flat_memory(), served.open() as connection:
        sent, _ = _send_until_refused(connection, head)
    assert sent < 64 * MEGABYTE


@pytest.mark.parametrize(
    "lies",
    [
        "Content-Length: 10",
        "Content-Length: -1",
        "Content-Length: 1e3",
        "Content-Length: 99999999999999999999999999",
        "Content-Length: 10\nContent-Length: 838860800",
        "Content-Length: 10\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: gzip",
        "Expect: 100-continue\nContent-Length: 838860800",
        "Content-Length: 0",
    ],
)
def test_lengths_that_lie(served: Served, lies: str) -> None:
    """What comes beyond the announced body is not kept; it is no second request either."""
    head = (
        f"POST /api/projects HTTP/1.1\nHost: 127.0.0.1:{served.port}\n"
        f"Content-Type: application/json\n{lies}\n\n"
    )
    with served.flat_memory(), served.open() as connection:
        sent, _ = _send_until_refused(connection, head)
    assert sent < 64 * MEGABYTE
    assert served.answers()


@pytest.mark.parametrize("where", ["first line", "one header", "many headers", "chunk size"])
def test_endless_heads(served: Served, where: str) -> None:
    host = f"Host: 127.0.0.1:{served.port}\n"
    head = {
        "first line": "GET /",
        "one header": f"GET / HTTP/1.1\n{host}X-Long: ",
        "many headers": f"GET / HTTP/1.1\n{host}" + "X-Many: y\n" * 5000,
        "chunk size": f"POST / HTTP/1.1\n{host}Transfer-Encoding: chunked\n\n",
    }[where]
    with served.flat_memory(), served.open() as connection:
        sent, _ = _send_until_refused(connection, head)
    assert sent < 64 * MEGABYTE
    assert served.answers()


def _open_websocket(served: Served) -> socket.socket:
    head = (
        f"GET /ws/ HTTP/1.1\nHost: 127.0.0.1:{served.port}\nUpgrade: websocket\n"
        f"Connection: Upgrade\nAuthorization: Bearer {served.token}\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\nSec-WebSocket-Version: 13\n\n"
    )
    connection = served.open()
    connection.sendall(head.replace("\n", "\r\n").encode())
    assert b" 101 " in connection.recv(65536)
    return connection


def _frame(text: bytes) -> bytes:
    """A text frame whose mask changes nothing."""
    return b"\x81\xfe" + len(text).to_bytes(2) + b"\0\0\0\0" + text


def _send_all(connection: socket.socket, piece: bytes, most: int) -> int:
    """Send a piece again and again; returns the bytes taken until nobody took any more."""
    connection.settimeout(2)
    sent = 0
    with suppress(OSError):
        while sent < most:
            connection.sendall(piece)
            sent += len(piece)
    return sent


def test_a_websocket_message_of_800_mb(served: Served) -> None:
    with served.flat_memory(), _open_websocket(served) as connection:
        connection.sendall(b"\x81\xff" + HUGE_BYTES.to_bytes(8) + b"\0\0\0\0")
        sent = _send_all(connection, PIECE, HUGE_BYTES)
    assert sent < 64 * MEGABYTE
    assert served.answers()


@pytest.mark.parametrize("padding", [0, 16_000])
def test_websocket_messages_of_800_mb(served: Served, padding: int) -> None:
    """Each is allowed; all of them are more than anyone answers."""
    text = b'{"type": "subscribe", "topic": "project:x"' + b" " * padding + b"}"
    piece = _frame(text) * max(MEGABYTE // len(text), 1)
    with served.flat_memory(), _open_websocket(served) as connection:
        _send_all(connection, piece, HUGE_BYTES)
        assert served.answers()


def test_a_websocket_that_asks_and_never_reads(served: Served) -> None:
    """One after the other, so that none waits in line; each answer has a megabyte."""
    asked = _frame(json.dumps({"type": "subscribe", "topic": f"run:{served.run}"}).encode())
    with served.flat_memory(), _open_websocket(served) as connection:
        for _ in range(150):
            if _send_all(connection, asked, len(asked)) < len(asked):
                break
            time.sleep(0.02)
        assert served.answers()


def test_an_800_mb_download_and_its_parts(served: Served) -> None:
    with served.flat_memory():
        connection = served.connect()
        connection.request("GET", served.download, headers=served.bearer)
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Content-Length")) == (200, str(HUGE_BYTES))
        received = 0
        while piece := answer.read(4 * MEGABYTE):
            received += len(piece)
        assert received == HUGE_BYTES
        connection.request(
            "GET", served.download, headers={**served.bearer, "Range": "bytes=838860790-"}
        )
        part = connection.getresponse()
        assert (part.status, part.read()) == (206, b"\0" * 10)
        ranges = "bytes=" + ",".join(f"{number}-" for number in range(1000))
        connection.request("GET", served.download, headers={**served.bearer, "Range": ranges})
        many = connection.getresponse()  # several ranges at once are not offered: the whole file
        assert (many.status, many.getheader("Content-Length")) == (200, str(HUGE_BYTES))
        connection.close()


def test_readers_who_never_read_cost_nothing(served: Served) -> None:
    with served.flat_memory():
        readers = [served.connect() for _ in range(8)]
        for reader in readers:
            reader.request("GET", served.download, headers=served.bearer)
            assert reader.getresponse().status == 200
        assert served.answers()
        for reader in readers:
            reader.close()


@pytest.mark.parametrize(
    "start",
    [
        "POST /api/projects HTTP/1.1\r\nHost: 127.0.0.1",
        "POST /api/projects HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{",
        "POST /api/projects HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\nab",
    ],
    ids=["head", "body", "chunk"],
)
@pytest.mark.timed
def test_a_request_that_never_ends_is_ended(served: Served, start: str) -> None:
    """A byte now and then does not help: the whole request has to arrive in time."""
    began = time.monotonic()
    with served.open() as connection, suppress(ConnectionError):
        connection.sendall(start.encode())
        connection.settimeout(0.2)
        while time.monotonic() - began < 20:
            with suppress(TimeoutError):
                if connection.recv(100) == b"":
                    break
            connection.sendall(b"x")
    assert REQUEST_S - 0.5 < time.monotonic() - began < REQUEST_S + 5


@pytest.mark.parametrize("value", ["/elsewhere", "\xff", "/api"])
def test_a_client_does_not_move_the_studio(served: Served, value: str) -> None:
    """Daphne takes the place the studio is mounted on from a header, whoever sends it."""
    connection = served.connect()
    connection.putrequest("GET", "/api/session")
    connection.putheader("Daphne-Root-Path", value.encode("latin-1"))
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 200
    assert json.loads(answer.read())["person"] is None
