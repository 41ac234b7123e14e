"""A private studio for one tour: own data folder, own port, gone afterwards."""

from __future__ import annotations

import ctypes
import os
import queue
import re
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
    """A running studio.

    Attributes:
        data_folder: Where it keeps everything.
    """

    data_folder: Path
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
    data_folder: Path,
    *,
    host: str = "127.0.0.1",
    extra_settings: dict[str, str] | None = None,
    repository: Path = REPOSITORY,
) -> Iterator[Studio]:
    """Start a studio on a free port and end it with everything it started.

    Call it in a thread that lives as long as the studio is wanted.

    Args:
        data_folder: Where it keeps everything; removed by the caller.
        host: Name in the printed address, when it is not the bound address.
        extra_settings: Further `NETLOOM_*` settings.
        repository: Where its code is, when it is another than this one.
    """
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("NETLOOM_", "DJANGO_"))}
    environment |= {"NETLOOM_DATA": str(data_folder), "NETLOOM_PORT": str(port)}
    environment |= extra_settings or {}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up"],
        cwd=repository,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=_end_with_us if _libc is not None else None,  # noqa: PLW1509
    )
    try:
        signin_url = _wait_for_signin_url(process)
        base = f"http://{host}:{port}"
        yield Studio(data_folder, base, base + signin_url.split(f":{port}", 1)[1], process)
    finally:
        _stop(process)


_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
PR_SET_PDEATHSIG = 1


def _end_with_us() -> None:
    """Ask the studio to end even when this process is killed outright."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait_for_signin_url(process: subprocess.Popen[str]) -> str:
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read_lines, args=(process, lines), daemon=True).start()
    printed: list[str] = []
    deadline = time.monotonic() + START_TIMEOUT_S
    while (remaining := deadline - time.monotonic()) > 0:
        try:
            line = lines.get(timeout=remaining)
        except queue.Empty:
            break
        if line is None:
            break
        printed.append(line)
        if match := SIGNIN_URL.search(line):
            return match.group(0)
    raise StudioFailed("The studio did not start. It printed:\n" + "".join(printed[-40:]))


def _read_lines(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    """Read to the end, also after the address came: a full pipe would stop the studio."""
    for line in process.stdout or ():
        lines.put(line)
    lines.put(None)


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
