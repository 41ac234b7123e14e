"""Handlers that the warm child runs in its tests; the child has no Django."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from jobs.warm_loop import Call, RequestRefused


def echo(payload: dict[str, Any], call: Call) -> dict[str, Any]:
    print("libraries print what they like")  # noqa: T201
    for step in range(3):
        call.progress(step / 3, f"step {step}", {"step": step})
    return {"payload": payload, "pid": os.getpid()}


def environment(payload: dict[str, Any], call: Call) -> dict[str, Any]:
    return {"names": sorted(os.environ), "has_django": "django" in sys.modules}


def patient(payload: dict[str, Any], call: Call) -> dict[str, Any]:
    """Looks for a cancel after each chunk."""
    while True:
        call.progress(None, "working")
        time.sleep(0.02)


def stubborn(payload: dict[str, Any], call: Call) -> dict[str, Any]:
    """Never looks."""
    call.progress(0.0, "working")
    while True:
        time.sleep(60)


def refuse(payload: dict[str, Any], call: Call) -> dict[str, Any]:
    raise RequestRefused("explain_failed", "The layer is not a convolution.", "Choose another.")


def explode(payload: dict[str, Any], call: Call) -> dict[str, Any]:
    raise ValueError("wrong shape")


def crash(payload: dict[str, Any], call: Call) -> dict[str, Any]:
    os._exit(3)


def mumble(payload: dict[str, Any], call: Call) -> dict[str, Any]:
    """Says something that is no message, and lives on."""
    os.write(_pipe(call), b'{"type": "res\n')
    return stubborn(payload, call)


def hang_up(payload: dict[str, Any], call: Call) -> dict[str, Any]:
    """Closes the pipe of its answers, and lives on."""
    os.close(_pipe(call))
    while True:
        time.sleep(60)


def _pipe(call: Call) -> int:
    return call._tell.__self__.sink.fileno()


def grow(payload: dict[str, Any], call: Call) -> dict[str, Any]:
    kept.append(b"x" * (payload["megabytes"] * 1024 * 1024))
    return {"pid": os.getpid()}


def hoard(payload: dict[str, Any], call: Call) -> dict[str, Any]:
    """Takes ever more, and talks while it does."""
    while True:
        kept.append(b"x" * (10 * 1024 * 1024))
        call.progress(None, "working")
        time.sleep(0.01)


kept: list[bytes] = []
HANDLERS = {
    handler.__name__: handler
    for handler in (
        echo,
        environment,
        patient,
        stubborn,
        refuse,
        explode,
        crash,
        mumble,
        hang_up,
        grow,
        hoard,
    )
}
