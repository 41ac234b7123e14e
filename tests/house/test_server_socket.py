"""The limit on messages of the websocket is for those that come in."""

from __future__ import annotations

from typing import Any

from autobahn.websocket.protocol import TrafficStats

from config.server_socket import GuardedSocket

LIMIT_BYTES = 1024


class _Socket(GuardedSocket):
    """Open, with a limit, and nobody at the other end."""

    def __init__(self) -> None:
        super().__init__()
        self.state = self.STATE_OPEN
        self.maxMessagePayloadSize = LIMIT_BYTES
        self.autoFragmentSize = 0
        self._perMessageCompress = None
        self.trafficStats = TrafficStats()
        self.trackedTimings = None
        self.sent: list[int] = []

    def sendFrame(self, *args: Any, payload: bytes = b"", **kwargs: Any) -> None:  # noqa: N802
        del args, kwargs
        self.sent.append(len(payload))


def test_the_studio_says_more_than_it_listens_to() -> None:
    socket = _Socket()
    socket.sendMessage(b"x" * (2 * LIMIT_BYTES), False)
    assert socket.sent == [2 * LIMIT_BYTES]
    assert socket.maxMessagePayloadSize == LIMIT_BYTES
