"""Rank 0's side of a run on several devices: it starts the other ranks and ends them with itself.

The others live in rank 0's process group and end when its pipe to them closes. When one of them
fails, its reason becomes the run's; when one is killed, the run ends as if it had been killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from typing import IO, cast

from pydantic import ValidationError

from netloom.train.control import ORPHANED_EXIT_CODE
from netloom.train.emitter import EventWriter
from netloom.train.events import EVENT, Failed
from netloom.train.spec import TrainSpec

FOLLOWED_EXIT_CODE = 76
"""Exit status of a rank that ended because another one did: not the reason for anything."""
_END_WAIT_S = 20.0
# A killed process frees its device and its memory before it is gone, which takes a moment.
_KILLED_WAIT_S = 5.0


class Crew:
    """The other ranks of a run.

    Started before torch is loaded, so that all ranks load it at the same time.

    Args:
        writer: Told why the run cannot go on when another rank knows.

    Attributes:
        listener: Socket on the loopback interface where the ranks will meet.
        pids: Their processes.
    """

    def __init__(self, spec: TrainSpec, writer: EventWriter) -> None:
        self._writer = writer
        self._count = spec.config.devices
        self._has_ended = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=self._count)
        # The read end is the children's; they end when the last copy of the write end is closed.
        alive_read, self._alive = os.pipe()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._threads: list[threading.Thread] = []
        data = spec.model_dump_json(by_alias=True).encode()
        try:
            for index in range(1, self._count):
                self._start(index, alive_read, data)
        except BaseException:
            self.close()
            raise
        finally:
            os.close(alive_read)

    @property
    def port(self) -> int:
        """Port of the listener."""
        return int(self.listener.getsockname()[1])

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the other ranks."""
        return tuple(process.pid for process in self._processes)

    def await_reason(self) -> None:
        """Give the reason for a lost connection time to arrive; this process ends with it then."""
        self._has_ended.wait(_END_WAIT_S)

    def close(self) -> None:
        """End the other ranks: what they know is with rank 0."""
        self._has_ended.set()
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()
        for thread in self._threads:
            thread.join()
        os.close(self._alive)
        self.listener.close()

    def _start(self, index: int, alive_read: int, spec: bytes) -> None:
        report_read, report_write = os.pipe()
        command = [
            sys.executable, "-m", "netloom.train.rank", "--index", str(index),
            "--port", str(self.port), "--alive-fd", str(alive_read),
            "--report-fd", str(report_write),
        ]  # fmt: skip
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, pass_fds=(alive_read, report_write)
            )
        except BaseException:
            os.close(report_read)
            raise
        finally:
            os.close(report_write)
        self._processes.append(process)
        thread = threading.Thread(
            target=self._watch, args=(index, process, report_read, spec), name=f"rank-{index}",
            daemon=True,
        )  # fmt: skip
        self._threads.append(thread)
        thread.start()

    def _watch(
        self, index: int, process: subprocess.Popen[bytes], report: int, spec: bytes
    ) -> None:
        with contextlib.suppress(BrokenPipeError), cast(IO[bytes], process.stdin) as stream:
            stream.write(spec)
        with os.fdopen(report, "rb") as lines:
            for line in lines:
                with contextlib.suppress(ValidationError):  # cut off, because it was killed
                    event = EVENT.validate_json(line)
                    self._writer.emit(event)
                    if isinstance(event, Failed):
                        self._end(1)
        status = process.wait()
        if status not in (0, FOLLOWED_EXIT_CODE):
            self._end(ORPHANED_EXIT_CODE, _describe(index, self._count, status))

    def _end(self, status: int, reason: str = "") -> None:
        """End this process, which may be waiting for the lost rank, and the others with it."""
        if self._has_ended.is_set():
            return
        if reason:
            sys.stderr.write(f"{reason}\n")
            sys.stderr.flush()
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_KILLED_WAIT_S)
        os._exit(status)


def _describe(index: int, count: int, status: int) -> str:
    who = f"The process of device {index + 1} of {count}"
    if status >= 0:
        return f"{who} ended with status {status}."
    name = signal.Signals(-status).name
    hint = (
        " (memory may have run out, or somebody ended the process)"
        if status == -signal.SIGKILL
        else ""
    )
    return f"{who} was ended by {name}{hint}."
