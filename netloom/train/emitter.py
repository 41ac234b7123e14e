"""Writing events to the supervisor: one JSON object a line on a file descriptor."""

from __future__ import annotations

import os
import time
from typing import Literal

from netloom.train.events import EventModel, Log


class EventWriter:
    """Writes whole lines; blocks while the pipe is full, so that nothing is lost.

    Raises:
        BrokenPipeError: From `emit`, when nobody reads any more.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def emit(self, event: EventModel) -> None:
        """Write one event."""
        data = memoryview(event.model_dump_json().encode() + b"\n")
        while data:
            data = data[os.write(self._fd, data) :]

    def log(self, level: Literal["info", "warning", "error"], message: str) -> None:
        """Write a sentence for people."""
        self.emit(Log(time_s=time.time(), level=level, message=message))
