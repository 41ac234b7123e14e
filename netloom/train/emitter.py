"""Writing events to the supervisor: one JSON object a line on a file descriptor."""

from __future__ import annotations

import os
import threading
import time
from typing import Literal

from netloom.train.events import EventModel, Failed, Finished, Log


class EventWriter:
    """Writes whole lines; blocks while the pipe is full, so that nothing is lost.

    Threads may share it. What comes after the last event is dropped: with several devices more
    than one process may see the end.

    Attributes:
        has_ended: `finished` or `failed` was said.

    Raises:
        BrokenPipeError: From `emit`, when nobody reads any more.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lock = threading.Lock()
        self.has_ended = False

    def emit(self, event: EventModel) -> None:
        """Write one event."""
        data = memoryview(event.model_dump_json().encode() + b"\n")
        with self._lock:
            if self.has_ended:
                return
            self.has_ended = isinstance(event, Failed | Finished)
            while data:
                data = data[os.write(self._fd, data) :]

    def log(self, level: Literal["info", "warning", "error"], message: str) -> None:
        """Write a sentence for people."""
        self.emit(Log(time_s=time.time(), level=level, message=message))


class ReportWriter(EventWriter):
    """Tells rank 0 what it cannot know: why this rank cannot go on."""

    def emit(self, event: EventModel) -> None:
        if isinstance(event, Failed) or (isinstance(event, Log) and event.level == "error"):
            super().emit(event)
