"""A child process of the launcher: started, watched, restarted, ended."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

MAX_RESTARTS = 5
# A process that ran this long has recovered: what it died of before no longer counts.
FORGIVEN_AFTER_S = 600.0
LOG_BYTES = 10 * 1024 * 1024
PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Child:
    """One process, with a log file of its own.

    Attributes:
        stop_timeout_s: How long it may take to end by itself after SIGTERM.
        passed_fds: Open files that it inherits, such as the socket it serves.
        num_restarts: Since it last ran for a good while.
    """

    name: str
    command: Sequence[str]
    log_file: Path
    environment: dict[str, str]
    folder: Path
    stop_timeout_s: float = 10.0
    passed_fds: Sequence[int] = ()
    num_restarts: int = 0
    started_at: float = 0.0
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches the launcher alone."""
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".old.log"))
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                list(self.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=self.environment,
                pass_fds=tuple(self.passed_fds),
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
            )
        self.started_at = time.monotonic()

    def count_restart(self) -> bool:
        """Count that it is started again; False when it has died too often by now."""
        if time.monotonic() - self.started_at >= FORGIVEN_AFTER_S:
            self.num_restarts = 0
        if self.num_restarts >= MAX_RESTARTS:
            return False
        self.num_restarts += 1
        return True

    def exit_status(self) -> int | None:
        """None while it runs."""
        return self.process.poll() if self.process else None

    def ask_to_end(self) -> None:
        """SIGTERM to the process itself; it ends its own children in order."""
        if self.process is not None and self.process.poll() is None:
            with suppress(ProcessLookupError):
                self.process.terminate()

    def end(self) -> None:
        """Wait for it, then kill what is left of its process group."""
        if self.process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(self.stop_timeout_s)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def last_words(self, num_lines: int = 5) -> str:
        """The end of its log, for the person who must find out why it died."""
        try:
            with self.log_file.open("rb") as log:
                log.seek(max(self.log_file.stat().st_size - 4096, 0))
                lines = log.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return ""
        return "\n".join([line for line in lines if line.strip()][-num_lines:])


_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    """Even when the launcher is killed outright, nothing stays behind."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
