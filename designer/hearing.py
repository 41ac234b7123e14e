"""What a throwaway process says: JSON lines in a pipe of its own, and what it prints besides.

Both pipes are emptied whatever comes out of them, so that no process waits for a reader: lines
that are too long or make no sense are passed over, and of what is printed the end is kept.
"""

from __future__ import annotations

import json
import logging
import os
import selectors
from typing import Any

logger = logging.getLogger(__name__)

MOST_LINE_BYTES = 1 << 16
READ_BYTES = 1 << 16
REST_BYTES = 1 << 20
"""Most that is read after the process has ended; a pipe holds far less."""
TAIL_BYTES = 2000


class Ear:
    """Hears one process.

    Attributes:
        told: Descriptor for the process to tell through.
        printed: Descriptor for its standard output and error.
    """

    def __init__(self) -> None:
        hear_told, self.told = os.pipe()
        hear_printed, self.printed = os.pipe()
        self._hear_told, self._hear_printed = hear_told, hear_printed
        self._selector = selectors.DefaultSelector()
        for each in (hear_told, hear_printed):
            os.set_blocking(each, False)
            self._selector.register(each, selectors.EVENT_READ)
        self._line = b""
        self._is_skipping = False
        self._tail = b""

    def leave_to_process(self) -> None:
        """Close the ends of the process here, once it has its own."""
        for each in (self.told, self.printed):
            os.close(each)

    def hear(self, timeout_s: float) -> list[dict[str, Any]]:
        """Return what it has told, after waiting for something at most so long."""
        lines: list[dict[str, Any]] = []
        for key, _ in self._selector.select(timeout_s):
            data = self._read(key.fd)
            if key.fd == self._hear_told:
                lines += self._lines_in(data)
            else:
                self._tail = (self._tail + data)[-TAIL_BYTES:]
        return lines

    def hear_rest(self) -> list[dict[str, Any]]:
        """Return what is left in the pipe of a process that has ended."""
        lines: list[dict[str, Any]] = []
        for _ in range(REST_BYTES // READ_BYTES):
            if not self._selector.get_map() or not self._selector.select(0):
                break
            lines += self.hear(0)
        return lines

    @property
    def tail(self) -> str:
        """The end of what it has printed."""
        return self._tail.decode(errors="replace")

    def close(self) -> None:
        """Let go of the pipes."""
        self._selector.close()
        for each in (self._hear_told, self._hear_printed):
            os.close(each)

    def _read(self, descriptor: int) -> bytes:
        try:
            data = os.read(descriptor, READ_BYTES)
        except BlockingIOError:
            return b""
        if not data:
            self._selector.unregister(descriptor)
        return data

    def _lines_in(self, data: bytes) -> list[dict[str, Any]]:
        *whole, self._line = (self._line + data).split(b"\n")
        if whole and self._is_skipping:
            del whole[0]
            self._is_skipping = False
        if len(self._line) > MOST_LINE_BYTES or self._is_skipping:
            self._line, self._is_skipping = b"", True
        return [line for each in whole if (line := _parsed(each)) is not None]


def _parsed(text: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(text) if len(text) <= MOST_LINE_BYTES else None
    except (ValueError, RecursionError):
        line = None
    if not isinstance(line, dict):
        logger.warning("A throwaway process spoke nonsense: %r", text[:100])
        return None
    return line  # pyright: ignore[reportUnknownVariableType]
