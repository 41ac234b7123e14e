"""A running studio as a program sees it: HTTP with a token, and the websocket."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlsplit

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class LiveApi:
    """Signs in by the printed link, then speaks with an API token."""

    def __init__(self, base: str, signin_url: str) -> None:
        self.base = base
        self.token = ""
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self._open = opener.open
        csrf = self.call("GET", "/api/session")["csrf_token"]
        link = signin_url.split("token=", 1)[1]
        csrf = self.call("POST", "/api/session/link", {"token": link}, csrf)["csrf_token"]
        self.token = self.call("POST", "/api/tokens", {"name": "test"}, csrf)["token"]
        self._open = urllib.request.urlopen

    def call(self, method: str, path: str, body: Any = None, csrf: str = "") -> Any:
        """Send a request and return the JSON of the answer; a refusal fails the test."""
        headers = {"Content-Type": "application/json", "Origin": self.base, "X-CSRFToken": csrf}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        try:
            with self._open(request, timeout=30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as refusal:
            raise AssertionError(f"{method} {path}: {refusal.read()!r}") from None
        return json.loads(text) if text else None

    def put_chunk(self, upload_id: str, offset: int, chunk: bytes) -> tuple[int, bytes]:
        """Send bytes of an upload; returns status and answer, refused or not."""
        headers = {
            "Content-Type": "application/octet-stream",
            "Authorization": f"Bearer {self.token}",
            "Origin": self.base,
        }
        address = f"{self.base}/api/uploads/{upload_id}?offset={offset}"
        request = urllib.request.Request(address, chunk, headers, method="PUT")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read()

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def wait_for(
        self, path: str, is_reached: Callable[[Any], bool], timeout_s: float = 60.0
    ) -> Any:
        """Ask until the answer is as wanted; a studio that restarts is waited for."""
        deadline = time.monotonic() + timeout_s
        answer: Any = None
        while time.monotonic() < deadline:
            try:
                answer = self.get(path)
            except (urllib.error.URLError, ConnectionError):
                answer = None
            if answer is not None and is_reached(answer):
                return answer
            time.sleep(0.1)
        raise AssertionError(f"{path} never got there: {answer}")

    @contextmanager
    def socket(self) -> Iterator[LiveSocket]:
        """An open websocket."""
        live = LiveSocket(self.base, self.token)
        try:
            yield live
        finally:
            live.close()


class LiveSocket:
    """A websocket client of a few lines: JSON in text frames, as the page speaks."""

    def __init__(self, base: str, token: str) -> None:
        address = urlsplit(base)
        host, port = address.hostname or "", address.port or 80
        self._socket = socket.create_connection((host, port), timeout=10)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            "GET /ws/ HTTP/1.1",
            f"Host: {address.netloc}",
            f"Origin: {base}",
            f"Authorization: Bearer {token}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
        ]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self._file = self._socket.makefile("rb")
        status = self._file.readline()
        assert b" 101 " in status, status
        while self._file.readline() not in (b"\r\n", b""):
            pass

    def subscribe(self, topic: str, since: int = 0) -> dict[str, Any]:
        """Follow a topic; returns the answer."""
        self._send(TEXT, json.dumps({"type": "subscribe", "topic": topic, "since": since}).encode())
        return self.receive()

    def receive(self, timeout_s: float = 30.0) -> dict[str, Any]:
        """The next message; pings of either kind are answered or skipped."""
        self._socket.settimeout(timeout_s)
        while True:
            kind, data = self._read_frame()
            if kind == PING:
                self._send(PONG, data)
            elif kind == CLOSE:
                raise ConnectionError(f"the studio closed the socket: {data!r}")
            elif kind == TEXT and (message := json.loads(data))["type"] != "ping":
                return message

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def _read_frame(self) -> tuple[int, bytes]:
        first, second = self._file.read(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self._file.read(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._file.read(8))
        return first & 0x0F, self._file.read(size)

    def _send(self, kind: int, data: bytes) -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
        short = len(data) < 126
        size = bytes([0x80 | len(data)]) if short else bytes([0x80 | 126]) + len(data).to_bytes(2)
        self._socket.sendall(bytes([0x80 | kind]) + size + mask + masked)
