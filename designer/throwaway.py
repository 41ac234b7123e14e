"""Work in a throwaway process: started with limits, followed, ended when nobody waits.

The process (`netloom.formats.reading`, `netloom.serve.exporting`) says how far it is as JSON lines:
`{"progress": 0.5, "text": "..."}`, and `{"refused": code, "text": "..."}` where it gives up; see
`netloom.formats.telling`. What it prints is no part of that.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings

from common.errors import Code, Problem
from common.priority import give_way
from designer.hearing import Ear
from netloom.formats.recognise import PYTHON_VARIABLE
from netloom.formats.telling import MOST_TEXT
from storage.disk import MEGABYTE

logger = logging.getLogger(__name__)

Progress = Callable[[float | None, str], None]
POLL_S = 0.1
LOOK_S = 0.3
# How long killed processes are waited for: on a busy machine each has to run once to end.
GONE_S = 20.0
MOST_PROCESSES = 64
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
        Problem: `work.failed` with what the process said, `out_of_memory`, `job_crashed`. It is
            gone by then, with all it has started.
    """
    ear = Ear()
    try:
        process = _start(work, folder, ear)
    except BaseException:
        ear.close()
        raise
    finally:
        ear.leave_to_process()
    try:
        _follow(process, ear, work, progress=progress, stopped=stopped)
    finally:
        _end(process)
        ear.close()


def _start(work: Work, folder: Path, ear: Ear) -> subprocess.Popen[bytes]:
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
            f"--tell={ear.told}",
        ],
        stdin=subprocess.DEVNULL,
        stdout=ear.printed,
        stderr=ear.printed,
        pass_fds=[ear.told],
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
    process: subprocess.Popen[bytes],
    ear: Ear,
    work: Work,
    *,
    progress: Progress,
    stopped: threading.Event,
) -> None:
    """Watch it until it is gone, whatever it says or does not say."""
    deadline = time.monotonic() + settings.ENVIRONMENT.import_s
    next_look = 0.0
    while (status := process.poll()) is None:
        if stopped.is_set():
            progress(None, "Cancelling")  # raises in the words of the job
            return
        now = time.monotonic()
        if now > deadline:
            raise Problem(work.failed, f"{work.doing} took too long.", work.next_step)
        if now > next_look:
            next_look = now + LOOK_S
            _look(process, work)
        _heed(ear.hear(POLL_S), work, progress)
    _heed(ear.hear_rest(), work, progress)
    if status in (-signal.SIGKILL, -signal.SIGXCPU):
        raise _too_large(work)
    if status != 0:
        logger.warning("The process of %s ended with %s: %s", work.module, status, ear.tail)
        raise Problem(
            Code.JOB_CRASHED,
            f"{work.doing} ended unexpectedly (exit status {status}).",
            work.next_step,
        )


def _heed(lines: Sequence[dict[str, Any]], work: Work, progress: Progress) -> None:
    """Pass on how far it is by the last that it says, and raise what it refuses."""
    for line in lines:
        if "refused" in line:
            code = Code.OUT_OF_MEMORY if line["refused"] == "out_of_memory" else work.failed
            raise Problem(code, _words(line, MOST_TEXT), work.refused_next)
    if lines:
        fraction = lines[-1].get("progress")
        told = None
        if isinstance(fraction, int | float) and 0 <= fraction <= 1:
            told = float(fraction)
        progress(told, _words(lines[-1], 200))


def _words(line: Mapping[str, Any], most: int) -> str:
    """Return its text as the database takes it: without zeros and halves of letters."""
    text = str(line.get("text", ""))[:most].replace("\0", "?")
    return text.encode(errors="replace").decode()


def _look(process: subprocess.Popen[bytes], work: Work) -> None:
    """Raise where it, and what it has started, are too much for the machine."""
    try:
        first = psutil.Process(process.pid)
        family = [first, *first.children(recursive=True)]
    except psutil.Error:
        return
    if len(family) > MOST_PROCESSES:
        raise Problem(work.failed, f"{work.doing} starts too many processes.", work.next_step)
    if sum(map(_memory_bytes, family)) > settings.ENVIRONMENT.import_mb * MEGABYTE:
        raise _too_large(work)


def _memory_bytes(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


def _too_large(work: Work) -> Problem:
    return Problem(
        Code.OUT_OF_MEMORY,
        f"{work.doing} takes more memory or time than it may"
        f" ({settings.ENVIRONMENT.import_mb / 1000:.0f} GB).",
        work.too_large,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it and all of its group, which is all that it can start; return when it is gone."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    patience = time.monotonic() + GONE_S
    while _lives(process.pid):
        if time.monotonic() > patience:
            logger.warning("What process %s started is still there, though killed", process.pid)
            return
        time.sleep(0.01)


def _lives(group: int) -> bool:
    """Whether one of a process group still runs; those that nobody asked about do not."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):  # the second where all that is left are zombies
        return False
    return any(
        each.info["status"] != psutil.STATUS_ZOMBIE and _group_of(each.pid) == group
        for each in psutil.process_iter(["status"])
    )


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None
