"""A process kept warm for the interactive lane: torch loaded, killable, renewed now and then.

Neither the web process nor the worker ever loads torch; this child does, once, and answers
requests over pipes. A handler that crashes, leaks or does not stop in time costs only the child.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings

from common.errors import Code, Problem
from common.priority import give_way
from jobs.running import JobStopped

logger = logging.getLogger(__name__)

Progress = Callable[[float | None, str, "dict[str, Any] | None"], None]
POLL_S = 0.1
CANCEL_GRACE_S = 0.8
DEATH_GRACE_S = 2.0
SHARE_OF_FREE_MEMORY = 0.6
START_TIMEOUT_S = 120.0
# What a child needs of our environment; settings and secrets stay here.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES")


class ChildDied(Exception):
    """The child ended in the middle of a request; `status` is its exit status."""

    def __init__(self, status: int | None) -> None:
        super().__init__(f"exit status {status}")
        self.status = status


class WarmChild:
    """One child process of `jobs.warm_loop`, started when needed.

    Args:
        module: Dotted name of the module with HANDLERS; it imports torch, this process does not.
        max_requests: Renew the child after so many.
        max_memory_bytes: Renew it when it holds more than this after a request.
    """

    def __init__(
        self, module: str, *, max_requests: int | None = None, max_memory_bytes: int | None = None
    ) -> None:
        environment = settings.ENVIRONMENT
        self.module = module
        self.max_requests = max_requests or environment.warm_child_requests
        self.max_memory_bytes = max_memory_bytes or environment.warm_child_mb * 1024 * 1024
        self._turn = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._num_requests = 0
        self._next_id = 0
        # It also ends when its pipe closes, but not in the middle of loading a large library.
        atexit.register(self.kill)

    def warm_up(self) -> None:
        """Start the child in the background, so that the first request finds it loaded."""
        threading.Thread(target=self._warm_up, name="warm-up", daemon=True).start()

    def request(
        self,
        name: str,
        payload: dict[str, Any],
        *,
        on_progress: Progress | None = None,
        stopped: threading.Event | None = None,
        timeout_s: float = 3600.0,
        is_light: bool = False,
    ) -> dict[str, Any]:
        """Have the child do something; requests wait for one another.

        Args:
            name: Key of HANDLERS.
            payload: Plain JSON; large arrays travel as files.
            on_progress: Called with (fraction, message, data); give it `RunningJob.progress`.
            stopped: Set to cancel; give it `RunningJob.stopped`.
            timeout_s: When the child is taken for stuck.
            is_light: Does not count towards renewing the child; its memory is looked at all the
                same. For what a page asks with every edit.

        Raises:
            JobStopped: `stopped` was set.
            Problem: the handler refused, the child crashed or ran out of memory.
        """
        with self._turn:
            self._ensure_started()
            self._num_requests += not is_light
            try:
                return self._exchange(name, payload, on_progress, stopped, timeout_s)
            except ChildDied as death:
                self.kill()
                raise _death_problem(death) from None
            except BaseException:
                # Nobody reads the rest of this answer: a request half done is not reusable.
                if self._is_busy:
                    self.kill()
                    self.warm_up()
                raise
            finally:
                self._renew_when_due()

    def kill(self) -> None:
        """End the child and everything it started."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    _is_busy = False

    def _exchange(
        self,
        name: str,
        payload: dict[str, Any],
        on_progress: Progress | None,
        stopped: threading.Event | None,
        timeout_s: float,
    ) -> dict[str, Any]:
        self._next_id += 1
        request_id = self._next_id
        self._is_busy = True
        self._send({"type": "request", "id": request_id, "name": name, "payload": payload})
        most_bytes = self._most_bytes()
        deadline = time.monotonic() + timeout_s
        next_look = 0.0
        cancel_deadline: float | None = None
        while True:
            message = self._receive(POLL_S)
            now = time.monotonic()
            if cancel_deadline is None and stopped is not None and stopped.is_set():
                self._send({"type": "cancel", "id": request_id})
                cancel_deadline = now + CANCEL_GRACE_S
            if now > deadline or (cancel_deadline is not None and now > cancel_deadline):
                raise _end_of_patience(cancel_deadline is not None, timeout_s)
            if now > next_look:
                next_look = now + POLL_S
                if self._memory_bytes() > most_bytes:
                    raise _too_large(most_bytes)
            if message is None or message.get("id") != request_id:
                continue
            if message["type"] == "progress":
                if on_progress is not None and cancel_deadline is None:
                    on_progress(message["fraction"], message["message"], message["data"])
                continue
            self._is_busy = False
            return _outcome(message)

    def _ensure_started(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self.kill()
        self._is_busy = False
        self._num_requests = 0
        self._messages = queue.Queue()
        kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        process = subprocess.Popen(
            [sys.executable, "-m", "jobs.warm_loop", self.module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=Path(__file__).resolve().parent.parent,
            env=kept,
            start_new_session=True,
        )
        self._process = process
        give_way(process.pid)
        threading.Thread(target=_read_messages, args=[process, self._messages], daemon=True).start()
        try:
            ready = self._receive(START_TIMEOUT_S)
        except ChildDied as death:
            self.kill()
            raise _death_problem(death) from None
        if ready is None:
            self.kill()
            raise _end_of_patience(False, START_TIMEOUT_S)

    def _warm_up(self) -> None:
        with self._turn:
            try:
                self._ensure_started()
            except Problem as problem:
                logger.error("The process for predictions did not start: %s", problem)

    def _send(self, message: dict[str, Any]) -> None:
        process = self._process
        if process is None or process.stdin is None:
            raise ChildDied(None)
        try:
            process.stdin.write(json.dumps(message, separators=(",", ":")) + "\n")
            process.stdin.flush()
        except (BrokenPipeError, ValueError):
            raise ChildDied(_ended(process)) from None

    def _receive(self, timeout_s: float) -> dict[str, Any] | None:
        """The next message, None when none came in time."""
        try:
            message = self._messages.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if message is None:
            raise ChildDied(_ended(self._process) if self._process else None)
        return message

    def _memory_bytes(self) -> int:
        try:
            return psutil.Process(self._process.pid if self._process else 0).memory_info().rss
        except psutil.Error:
            return 0

    def _most_bytes(self) -> float:
        """What the child may hold during a request: the rest of the machine has to go on."""
        free = psutil.virtual_memory().available
        return self._memory_bytes() + min(SHARE_OF_FREE_MEMORY * free, self.max_memory_bytes)

    def _renew_when_due(self) -> None:
        if self._process is None or self._is_busy:
            return
        memory_bytes = self._memory_bytes()
        if self._num_requests >= self.max_requests or memory_bytes > self.max_memory_bytes:
            logger.info("Renewing the process for predictions (%d bytes)", memory_bytes)
            self.kill()
            self.warm_up()


def _read_messages(
    process: subprocess.Popen[str], messages: queue.Queue[dict[str, Any] | None]
) -> None:
    try:
        for line in process.stdout or ():
            messages.put(json.loads(line))
    except ValueError as error:  # closed pipe, or a line that is not JSON
        logger.debug("The pipe of the warm child ended: %s", error)
    messages.put(None)


def _ended(process: subprocess.Popen[str]) -> int:
    """Return how a child ended that cannot be talked to any more, ending it if it has not."""
    try:
        return process.wait(DEATH_GRACE_S)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return -signal.SIGABRT


def _outcome(message: dict[str, Any]) -> dict[str, Any]:
    if message["type"] == "result":
        return message["result"]
    if message["type"] == "cancelled":
        raise JobStopped
    code = message["code"]
    known = Code(code) if code in set(Code) else Code.SERVER_ERROR
    raise Problem(known, message["detail"], message["next_step"])


def _end_of_patience(is_cancelled: bool, timeout_s: float) -> BaseException:
    if is_cancelled:
        return JobStopped()
    return Problem(
        Code.JOB_CRASHED,
        f"There was no answer within {timeout_s:.0f} seconds.",
        "Try again with a smaller network or image.",
    )


def _too_large(most_bytes: float) -> Problem:
    return Problem(
        Code.OUT_OF_MEMORY,
        f"This takes more than the {most_bytes / 1e9:.1f} GB of memory that are left for it.",
        "Use a smaller network or image.",
    )


def _death_problem(death: ChildDied) -> Problem:
    if death.status == -signal.SIGKILL:
        return Problem(
            Code.OUT_OF_MEMORY,
            "The system ended the computation, most likely for want of memory.",
            "Close other programs, or use a smaller network or image.",
        )
    return Problem(
        Code.JOB_CRASHED,
        f"The process that computes this ended unexpectedly ({death}).",
        "Try again; the server's log tells more.",
    )
