"""The training process: started in its own group, heard through a pipe, ended as a group."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from typing import IO, cast

from django.conf import settings
from pydantic import ValidationError

from common.priority import BACKGROUND, give_way, make_nicer
from netloom.train.events import EVENT, Event

LOG_LINES = 200
LOG_LINE_CHARS = 2000
READ_BYTES = 1 << 16
MAX_LINE_BYTES = 16 << 20
# PostgreSQL stores no NUL; a library that prints one must not end a run.
NUL_IN_JSON = b"\\u0000"


class TrainerProcess:
    """`python -m netloom.train SPEC` with an event pipe, a control pipe and a captured log.

    The trainer ends by itself when the control pipe closes, so it never outlives this object's
    process. Before its first event it loads torch and looks at no signal, which is why `request`
    then ends it outright: there is nothing to save.

    Args:
        spec: The run's specification.
        num_threads: For the libraries that read it from the environment.
        device: The attempt's devices, e.g. `cpu` or `cuda:0,cuda:1`; it sees no other GPU.

    Attributes:
        last_line: The newest line of its output that says something, "" so far.
    """

    def __init__(self, spec: Path, *, num_threads: int, device: str) -> None:
        event_read, event_write = os.pipe()
        control_read, self._control_write = os.pipe()
        self._event_read = event_read
        self._buffer = b""
        self._has_spoken = False
        self._has_ended = False
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self.last_line = ""
        command = [sys.executable, "-m", "netloom.train", str(spec)]
        command += ["--event-fd", str(event_write), "--control-fd", str(control_read)]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(event_write, control_read),
                start_new_session=True,
                cwd=settings.BASE_DIR,
                env=_environment(num_threads, device),
            )
        except BaseException:
            os.close(event_read)
            os.close(self._control_write)
            raise
        finally:
            os.close(event_write)
            os.close(control_read)
        self._log_stream = cast(IO[bytes], self._process.stdout)
        make_nicer(self._process.pid, BACKGROUND)
        give_way(self._process.pid)
        os.set_blocking(event_read, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(event_read, selectors.EVENT_READ)
        self._log_thread = threading.Thread(target=self._read_log, daemon=True)
        self._log_thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def read_events(self, timeout_s: float) -> list[Event] | None:
        """Wait up to `timeout_s` for events; None when the pipe has ended.

        A line that is no event is kept in the log: it is a bug worth seeing, not worth a run.
        """
        if not self._selector.select(timeout_s):
            return []
        try:
            data = os.read(self._event_read, READ_BYTES)
        except BlockingIOError:
            return []
        if not data:
            return None
        self._has_spoken = True
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        if len(self._buffer) > MAX_LINE_BYTES:
            self._log.append("The trainer sent a line without end; it was cut.")
            self._buffer = b""
        return [event for line in lines if (event := self._parse(line)) is not None]

    def request(self, name: str) -> None:
        """Ask to `stop` or `pause` after the step."""
        if not self._has_spoken:
            self.kill()
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGUSR1 if name == "pause" else signal.SIGTERM)

    def kill(self) -> None:
        """End the whole group at once."""
        if not self._has_ended:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def has_exited(self) -> bool:
        """True once the trainer itself has ended; what it left in its group is killed then.

        At once, because the group's number may be given to others after this.
        """
        if self._process.poll() is None:
            return False
        self.kill()
        self._has_ended = True
        return True

    def wait(self, timeout_s: float) -> int | None:
        """Exit status (negative: the signal), None when it still runs after `timeout_s`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)
        self.has_exited()
        return self._process.returncode

    def take_log(self) -> list[str]:
        """Lines of its standard output and error since the last call."""
        lines: list[str] = []
        while self._log:
            lines.append(self._log.popleft())
        return lines

    def close(self) -> None:
        """Kill what is left of the group and free the pipes."""
        self.kill()
        self._process.wait()
        self.has_exited()
        self._log_thread.join(timeout=2)
        self._selector.close()
        os.close(self._event_read)
        os.close(self._control_write)

    def _parse(self, line: bytes) -> Event | None:
        try:
            return EVENT.validate_json(line.replace(NUL_IN_JSON, b"?"))
        except ValidationError as error:
            self._log.append(f"Not an event ({error.error_count()} problems): {line[:200]!r}")
            return None

    def _read_log(self) -> None:
        with self._log_stream as stream:
            for line in iter(lambda: stream.readline(LOG_LINE_CHARS), b""):
                text = line.replace(b"\0", b"?").decode(errors="replace").rstrip()
                self._log.append(text)
                self.last_line = text or self.last_line


def trainer_device(device: str) -> str:
    """What the trainer is told to use: of GPUs it sees only its own, numbered from 0."""
    return "cpu" if device == "cpu" else "cuda"


def visible_gpus(device: str, worker_sees: str | None) -> str:
    """Value of CUDA_VISIBLE_DEVICES for these devices.

    Args:
        worker_sees: The worker's own value, within which its devices are numbered.
    """
    if device == "cpu":
        return ""
    numbers = [int(name.partition(":")[2]) for name in device.split(",")]
    names = [name.strip() for name in worker_sees.split(",")] if worker_sees else None
    return ",".join(names[number] if names else str(number) for number in numbers)


def plain_environment() -> dict[str, str]:
    """The worker's environment without the studio's settings and keys, which hold secrets."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("NETLOOM_", "DJANGO_", "AWS_"))
    }


def _environment(num_threads: int, device: str) -> dict[str, str]:
    threads = str(num_threads)
    gpus = visible_gpus(device, os.environ.get("CUDA_VISIBLE_DEVICES"))
    return {
        **plain_environment(),
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "CUDA_VISIBLE_DEVICES": gpus,
    }
