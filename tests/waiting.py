"""Waiting in tests for what comes true by itself."""

from __future__ import annotations

import time
from collections.abc import Callable

RIGHT_WITHIN_S = 60.0


def until(
    condition: Callable[[], object], timeout_s: float = RIGHT_WITHIN_S, pause_s: float = 0.02
) -> None:
    """Look again and again until the condition holds; fails where it never does."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(pause_s)
