"""A real studio, started as an operator starts it."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

REPOSITORY = Path(__file__).resolve().parent.parent.parent
LINK = re.compile(r"(http://\S+)/signin#token=(\S+)")
START_TIMEOUT_S = 120.0


def studio_environment(data: Path, **settings: str) -> dict[str, str]:
    """The environment of an operator: no settings but these."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("NETLOOM_", "DJANGO_", "PYTEST_"))
    }
    return {**kept, "NETLOOM_DATA": str(data), "NETLOOM_PORT": "0", **settings}


def manage(
    data: Path, *arguments: str, runner: Sequence[str] = (), **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run `manage.py` to its end; `runner` is put before its command line."""
    return subprocess.run(
        [*runner, sys.executable, "manage.py", *arguments],
        cwd=REPOSITORY,
        env=studio_environment(data, **settings),
        capture_output=True,
        text=True,
        timeout=START_TIMEOUT_S,
        check=False,
    )


class StudioProcess:
    """A running `manage.py up`.

    Attributes:
        url: Address of the studio.
        token: Of the sign-in link it printed.
    """

    def __init__(self, process: subprocess.Popen[str], url: str, token: str) -> None:
        self.process = process
        self.url = url
        self.token = token

    def descendants(self) -> list[psutil.Process]:
        """Everything it has started so far."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, *words: str) -> psutil.Process | None:
        """The child whose command line has all these words."""
        for process in self.descendants():
            if set(words) <= set(words_of(process)):
                return process
        return None


def words_of(process: psutil.Process) -> list[str]:
    """Its command line; nothing for one that has ended since it was found."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@contextmanager
def running_studio(
    data: Path, *, runner: Sequence[str] = (), **settings: str
) -> Iterator[StudioProcess]:
    """Start a studio, wait for its link, and end it; `runner` is put before its command line."""
    process = subprocess.Popen(
        [*runner, sys.executable, "manage.py", "up"],
        cwd=REPOSITORY,
        env=studio_environment(data, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        url, token = _read_link(process)
        yield StudioProcess(process, url, token)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _read_link(process: subprocess.Popen[str]) -> tuple[str, str]:
    lines: queue.Queue[str] = queue.Queue()

    def pump() -> None:
        for line in process.stdout or ():
            lines.put(line)
        lines.put("")

    threading.Thread(target=pump, daemon=True).start()
    told = ""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        line = lines.get(timeout=START_TIMEOUT_S)
        told += line
        match = LINK.search(line)
        if match:
            return match[1], match[2]
        if not line:
            break
    raise AssertionError(f"The studio printed no sign-in link:\n{told}")
