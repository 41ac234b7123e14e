"""Websockets of daphne with the limits they lack: nobody fills the server's memory over one.

Imported by `config.server` alone, after daphne has chosen Twisted's reactor.
"""

from __future__ import annotations

import asyncio
from typing import Any

from daphne.ws_protocol import WebSocketProtocol
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

# A page that comes back subscribes to at most 64 topics at once.
MAX_WAITING_MESSAGES = 256


@implementer(IPushProducer)
class GuardedSocket(WebSocketProtocol):
    """Knows when its reader is slow; hangs up on who sends faster than is answered."""

    transport: Any

    def __init__(self) -> None:
        super().__init__()
        self.has_room = asyncio.Event()
        self.has_room.set()

    def onOpen(self) -> None:  # noqa: N802 - autobahn's name
        # The connection still reports to the HTTP channel that it began as.
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, True)
        super().onOpen()

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802
        if self.application_queue.qsize() >= MAX_WAITING_MESSAGES:
            self.transport.abortConnection()
            return
        super().onMessage(payload, isBinary)

    def sendMessage(self, *args: Any, **kwargs: Any) -> None:  # noqa: N802 - autobahn's name
        """Send whatever the studio says: the limit is for what comes from outside."""
        limit, self.maxMessagePayloadSize = self.maxMessagePayloadSize, 0
        try:
            super().sendMessage(*args, **kwargs)
        finally:
            self.maxMessagePayloadSize = limit

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:  # noqa: N802
        self.has_room.set()
        super().onClose(wasClean, code, reason)

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        """Too much is unread: ask for nothing more, and take nothing more."""
        self.has_room.clear()
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        self.transport.resumeProducing()
        self.has_room.set()

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's name
        self.has_room.set()
