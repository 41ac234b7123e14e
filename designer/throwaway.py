"""Work in a throwaway process: started with limits, followed, ended when nobody waits.

The process (`netloom.formats.reading`, `netloom.serve.exporting`) says how far it is as JSON lines:
`{"progress": 0.5, "text": "..."}`, and `{"refused": code, "text": "..."}` where it gives up.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings

from common.errors import Code, Problem
from common.priority import give_way
from netloom.formats.recognise import PYTHON_VARIABLE
from storage.disk import MEGABYTE

logger = logging.getLogger(__name__)

Progress = Callable[[float | None, str], None]
POLL_S = 0.1
MOST_LINE_CHARS = 10_000
# What it needs of our environment; settings and secrets stay here.
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class Work:
    """What a process does, in words for people.

    Attributes:
        module: Python module that is run, with `arguments` and the limits.
        doing: What is done to what, e.g. `Reading net.onnx`.
        failed: Code of the problem when it cannot be done.
        too_large: What to do when it takes more than it may.
        next_step: What to do when it ended without saying why.
        refused_next: What to do when it said why, and what to do, itself.
    """

    module: str
    arguments: Sequence[str]
    doing: str
    failed: Code
    too_large: str
    next_step: str
    refused_next: str


def do_work(work: Work, folder: Path, *, progress: Progress, stopped: threading.Event) -> None:
    """Have a process do some work.

    Args:
        folder: Its home, which is removed by the caller.
        progress: Called now and then from this thread; it may raise to end the work.
        stopped: Set to end it.

    Raises:
        Problem: `work.failed` with what the process said, `out_of_memory`, `job_crashed`.
    """
    process = _start(work, folder)
    lines: queue.Queue[dict[str, Any] | None] = queue.Queue()
    threading.Thread(target=_listen, args=[process, lines], daemon=True).start()
    try:
        _follow(process, lines, work, progress=progress, stopped=stopped)
    finally:
        _end(process)


def _start(work: Work, folder: Path) -> subprocess.Popen[str]:
    environment = settings.ENVIRONMENT
    kept = {key: os.environ[key] for key in PASSED_ON if key in os.environ}
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            work.module,
            *work.arguments,
            f"--memory-bytes={environment.import_mb * MEGABYTE}",
            f"--written-bytes={environment.upload_mb * MEGABYTE}",
            f"--seconds={int(environment.import_s)}",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=Path(__file__).resolve().parent.parent,
        env={**kept, **converter_environment(), "HOME": str(folder), "OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )
    give_way(process.pid)
    return process


def converter_environment() -> dict[str, str]:
    """Return what tells the formats of TensorFlow which Python has it."""
    python = settings.ENVIRONMENT.tensorflow_python
    return {} if python is None else {PYTHON_VARIABLE: str(python)}


def _follow(
    process: subprocess.Popen[str],
    lines: queue.Queue[dict[str, Any] | None],
    work: Work,
    *,
    progress: Progress,
    stopped: threading.Event,
) -> None:
    deadline = time.monotonic() + settings.ENVIRONMENT.import_s
    most_bytes = settings.ENVIRONMENT.import_mb * MEGABYTE
    while True:
        if stopped.is_set():
            progress(None, "Cancelling")  # raises in the words of the job
            return
        if time.monotonic() > deadline:
            raise Problem(work.failed, f"{work.doing} took too long.", work.next_step)
        if _memory_bytes(process) > most_bytes:
            raise _too_large(work)
        try:
            line = lines.get(timeout=POLL_S)
        except queue.Empty:
            continue
        if line is None:
            break
        if "refused" in line:
            code = Code.OUT_OF_MEMORY if line["refused"] == "out_of_memory" else work.failed
            raise Problem(code, str(line.get("text"))[:2000], work.refused_next)
        fraction = line.get("progress")
        told = float(fraction) if isinstance(fraction, int | float) else None
        progress(told, str(line.get("text", ""))[:200])
    status = process.wait()
    if status in (-signal.SIGKILL, -signal.SIGXCPU):
        raise _too_large(work)
    if status != 0:
        logger.warning("The process of %s ended with %s", work.module, status)
        raise Problem(
            Code.JOB_CRASHED,
            f"{work.doing} ended unexpectedly (exit status {status}).",
            work.next_step,
        )


def _listen(process: subprocess.Popen[str], lines: queue.Queue[dict[str, Any] | None]) -> None:
    """Pass on what it says, as long as it makes sense."""
    try:
        while process.stdout is not None and (text := process.stdout.readline(MOST_LINE_CHARS)):
            line = json.loads(text)
            if isinstance(line, dict):
                lines.put(line)
    except ValueError as error:
        logger.warning("A throwaway process spoke nonsense: %s", error)
    lines.put(None)


def _memory_bytes(process: subprocess.Popen[str]) -> int:
    try:
        return psutil.Process(process.pid).memory_info().rss
    except psutil.Error:
        return 0


def _too_large(work: Work) -> Problem:
    return Problem(
        Code.OUT_OF_MEMORY,
        f"{work.doing} takes more memory or time than it may"
        f" ({settings.ENVIRONMENT.import_mb / 1000:.0f} GB).",
        work.too_large,
    )


def _end(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        with suppress(OSError):
            process.stdout.close()
