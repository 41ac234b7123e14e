"""The web server: daphne with the limits it lacks.

Daphne reads a request body whole before anyone is asked, and writes responses without waiting
for the reader. Here a body that is too large is refused while it arrives, chunked ones counted,
a request that does not arrive in time is hung up on, and a download pauses until the connection
has room: memory stays flat.
"""

from __future__ import annotations

import asyncio
import gc
import json
import socket
from importlib import import_module
from typing import Any

# It installs Twisted's asyncio reactor when imported, so nothing of Twisted may come before it.
from daphne.server import Server  # isort: skip

from daphne.endpoints import build_endpoint_description_strings
from daphne.http_protocol import WebRequest
from django.conf import settings
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from common.errors import CONTENT_TYPE, Code, Problem
from config.server_socket import GuardedSocket

MEGABYTE = 1024 * 1024
BUFFER_BYTES = 256 * 1024


@implementer(IPushProducer)
class GuardedRequest(WebRequest):
    """Refuses large bodies early; knows when its reader is slow."""

    _received_bytes = 0
    _is_refused = False
    _is_producer = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.has_room = asyncio.Event()
        self.has_room.set()
        super().__init__(*args, **kwargs)
        # Twisted waits a minute after every byte; a byte a minute would hold a connection for ever.
        self._deadline = asyncio.get_running_loop().call_later(
            settings.ENVIRONMENT.request_s, self._hang_up
        )

    def gotLength(self, length: int | None) -> None:  # noqa: N802 - Twisted's name
        super().gotLength(length)
        if length is not None and length > body_limit_bytes():
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        if self._is_refused:
            return
        self._received_bytes += len(data)
        if self._received_bytes > body_limit_bytes():
            self._refuse()
            return
        super().handleContentChunk(data)

    def process(self) -> Any:
        self._deadline.cancel()
        # Daphne would let whoever sends this header move the studio to another path.
        self.requestHeaders.removeHeader(b"daphne-root-path")
        return None if self._is_refused else super().process()

    def handle_reply(self, message: dict[str, Any]) -> None:
        is_start = message["type"] == "http.response.start"
        if is_start and not self.finished and self.channel is not None and not self._is_producer:
            self._is_producer = True
            self.registerProducer(self, True)
        super().handle_reply(message)

    def finish(self) -> None:
        self._release()
        super().finish()

    def connectionLost(self, reason: Any) -> None:  # noqa: N802 - Twisted's name
        self._deadline.cancel()
        self._is_producer = False
        self.has_room.set()
        super().connectionLost(reason)

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        self.has_room.clear()

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        self.has_room.set()

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's name
        self.has_room.set()

    def _release(self) -> None:
        self.has_room.set()
        if self._is_producer:
            self._is_producer = False
            self.unregisterProducer()

    def _hang_up(self) -> None:
        self._is_refused = True
        channel: Any = self.channel  # untyped in Twisted; None once the other side has hung up
        if channel is not None:
            channel.transport.abortConnection()

    def _refuse(self) -> None:
        """Answer now and hang up: what is still on its way is not read."""
        self._is_refused = True
        problem = Problem(
            Code.BODY_TOO_LARGE,
            f"A request may have {body_limit_bytes() // MEGABYTE} MB.",
            "Send files as an upload in chunks.",
        )
        body = json.dumps(problem.as_dict()).encode()
        head = (
            "HTTP/1.1 413 Content Too Large\r\n"
            f"Content-Type: {CONTENT_TYPE}\r\n"
            f"Content-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n"
        )
        channel: Any = self.channel  # untyped in Twisted; None once the other side has hung up
        if channel is not None:
            channel.transport.write(head.encode() + body)
            channel.loseConnection()


class StudioServer(Server):
    """Waits for slow readers after each part of a response.

    Args:
        open_socket: Number of an open file: a socket that is served instead of the endpoints.
    """

    def __init__(self, *, open_socket: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.open_socket = open_socket

    def run(self) -> None:
        from daphne import http_protocol, ws_protocol

        http_protocol.WebRequest = GuardedRequest  # HTTPFactory looks the class up by this name
        ws_protocol.WebSocketFactory.protocol = GuardedSocket
        if self.open_socket is not None:
            self.endpoints = []
            self.ready_callable = self._adopt
        super().run()

    def _adopt(self) -> None:
        """Serve the open socket. Daphne's own `fd:` endpoint takes every address for IPv4."""
        reactor: Any = import_module("twisted.internet.reactor")
        with socket.socket(fileno=self.open_socket) as adopted:
            reactor.adoptStreamPort(adopted.fileno(), adopted.family, self.http_factory)

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        await super().handle_reply(protocol, message)
        is_part = message["type"] == "http.response.body" and message.get("more_body")
        if is_part or message["type"] == "websocket.send":
            await protocol.has_room.wait()


NEW_OBJECTS_LOOKED_AT = 20_000
"""Objects made before the garbage collector looks at them; by default 700."""


def body_limit_bytes() -> int:
    """Most bytes a request body may have."""
    return settings.ENVIRONMENT.body_mb * MEGABYTE


def _leave_code_uncollected() -> None:
    """Keep the garbage collector off what lives as long as the server: its code.

    Going through all of it takes a tenth of a second, in the middle of somebody's request. What a
    request makes goes when its last name goes, cycles or not, for the most part: a document of a
    thousand layers is a hundred thousand objects, which need not be looked at a hundred times.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS_LOOKED_AT, 20, 20)


def serve(host: str, port: int, *, open_socket: int | None = None) -> None:
    """Serve until SIGTERM or SIGINT: on an address, or on a socket somebody opened for us."""
    from config.asgi import application

    _leave_code_uncollected()
    forwards = settings.ENVIRONMENT.behind_proxy
    StudioServer(
        application=application,
        open_socket=open_socket,
        endpoints=build_endpoint_description_strings(host=host, port=port),
        request_buffer_size=BUFFER_BYTES,
        websocket_max_message_size=64 * 1024,
        websocket_max_frame_size=64 * 1024,
        proxy_forwarded_address_header="X-Forwarded-For" if forwards else None,
        proxy_forwarded_proto_header="X-Forwarded-Proto" if forwards else None,
        server_name="netloom",
    ).run()
