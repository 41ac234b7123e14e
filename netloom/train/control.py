"""What the outside can ask of a trainer: stop (SIGTERM), pause (SIGUSR1), go when it is alone.

Signals only set a flag; the loop looks at it after every step, validation batch and decoded chunk.
"""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType
from typing import Literal

ORPHANED_EXIT_CODE = 75
"""Exit status when the control pipe closed: temporary failure, resume from the last checkpoint."""


class StopRequestedError(Exception):
    """Raised inside preparation work to give it up; the loop itself asks `Control.request`."""


class Control:
    """Requests from outside.

    Attributes:
        request: What was asked for first, None so far.
    """

    def __init__(self) -> None:
        self.request: Literal["stop", "pause"] | None = None

    def install(self) -> None:
        """Listen to SIGTERM and SIGINT (stop) and SIGUSR1 (pause)."""
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        signal.signal(signal.SIGUSR1, self._on_pause)

    def watch(self, fd: int) -> None:
        """End this process as soon as the pipe's other end is closed.

        Whoever held it is gone and has lost its claim on the run. Checkpoints are atomic, so there
        is nothing to tidy; saving now could clash with the run's next attempt.
        """

        def wait_for_end() -> None:
            try:
                while os.read(fd, 4096):
                    pass
            finally:
                os._exit(ORPHANED_EXIT_CODE)

        threading.Thread(target=wait_for_end, name="control", daemon=True).start()

    def raise_if_requested(self) -> None:
        """Give up preparation when a stop or pause was asked for."""
        if self.request is not None:
            raise StopRequestedError

    def _on_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.request = self.request or "stop"

    def _on_pause(self, _signal: int, _frame: FrameType | None) -> None:
        self.request = self.request or "pause"
