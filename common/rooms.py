"""Places for work that a request waits for: more than a few at a time would stop the others."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager

from common.errors import Code, Problem

RETRY_S = 5


class Room:
    """Places for requests in one process; who finds none is asked to come back.

    Args:
        most: Requests inside at a time.
        most_waiting: Requests before the door, each of which keeps a thread of its process.
        patience_s: How long they wait there.
        detail: What one is told that does not come in.
        next_step: What it can do.
    """

    def __init__(
        self,
        most: int,
        *,
        detail: str,
        next_step: str,
        most_waiting: int = 0,
        patience_s: float = 0.0,
    ) -> None:
        self.detail = detail
        self.next_step = next_step
        self.patience_s = patience_s
        self._places = threading.BoundedSemaphore(most)
        self._with_those_before = threading.BoundedSemaphore(most + most_waiting)

    @contextmanager
    def entered(self) -> Generator[None]:
        """Be inside.

        Raises:
            Problem: `unavailable` when there was no place in time.
        """
        if not self._with_those_before.acquire(blocking=False):
            raise self.refusal()
        try:
            if not self._places.acquire(timeout=self.patience_s):
                raise self.refusal()
            try:
                yield
            finally:
                self._places.release()
        finally:
            self._with_those_before.release()

    def refusal(self) -> Problem:
        """Say that there is no place, or no answer in time."""
        return Problem(Code.UNAVAILABLE, self.detail, self.next_step, retry_after_s=RETRY_S)
