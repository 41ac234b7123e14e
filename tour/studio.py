"""A private studio for one tour: own data folder, own port, gone afterwards."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
SIGNIN_URL = re.compile(r"https?://\S+#\S+")
START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 30.0


class StudioFailed(RuntimeError):
    """The studio did not start; the text holds what it printed."""


@dataclass(frozen=True, slots=True)
class Studio:
    """A running studio."""

    url: str
    signin_url: str
    process: subprocess.Popen[str]


def free_port() -> int:
    """Return a TCP port of the loopback address that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def private_studio(
    data_folder: Path, *, host: str = "127.0.0.1", extra_settings: dict[str, str] | None = None
) -> Iterator[Studio]:
    """Start a studio on a free port and end it with everything it started.

    Args:
        data_folder: Where it keeps everything; removed by the caller.
        host: Name in the printed address, when it is not the bound address.
        extra_settings: Further `NETLOOM_*` settings.
    """
    port = free_port()
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("NETLOOM_", "DJANGO_"))
    }
    environment |= {"NETLOOM_DATA": str(data_folder), "NETLOOM_PORT": str(port)}
    environment |= extra_settings or {}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up"],
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        signin_url = _wait_for_signin_url(process)
        base = f"http://{host}:{port}"
        yield Studio(base, base + signin_url.split(f":{port}", 1)[1], process)
    finally:
        _stop(process)


def _wait_for_signin_url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    printed: list[str] = []
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        readable, _, _ = select.select([process.stdout], [], [], 1.0)
        line = process.stdout.readline() if readable else ""
        if line:
            printed.append(line)
            if match := SIGNIN_URL.search(line):
                _drain(process)
                return match.group(0)
        elif process.poll() is not None:
            break
    raise StudioFailed("The studio did not start. It printed:\n" + "".join(printed[-40:]))


def _drain(process: subprocess.Popen[str]) -> None:
    """Keep reading what the studio prints, so that it never waits for us."""
    threading.Thread(target=lambda: [None for _ in process.stdout or ()], daemon=True).start()


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
