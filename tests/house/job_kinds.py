"""Kinds of work that only the tests know."""

from __future__ import annotations

import threading
from typing import Any

from common.errors import Code, Problem
from jobs.models import Job, Lane
from jobs.registry import job_kind
from jobs.running import RunningJob

started = threading.Event()
may_end = threading.Event()
states: list[str] = []


@job_kind("tests.add", lane=Lane.BULK)
def add(job: RunningJob) -> dict[str, Any]:
    job.progress(0.5, "Adding")
    return {"sum": job.payload["a"] + job.payload["b"]}


@job_kind("tests.refuse", lane=Lane.BULK)
def refuse(job: RunningJob) -> None:
    raise Problem(Code.IMPORT_EMPTY, "There is nothing in it.", "Choose another.", num_files=0)


@job_kind("tests.explode", lane=Lane.BULK)
def explode(job: RunningJob) -> None:
    raise RuntimeError("secret detail")


def _note(job: Job) -> None:
    states.append(job.state)


@job_kind("tests.wait", lane=Lane.TRAIN, max_attempts=2, on_state=_note)
def wait(job: RunningJob) -> dict[str, Any]:
    """Goes on until told to end, as a training run does."""
    started.set()
    while not may_end.wait(0.01):
        job.check_stopped()
    return {"attempt": job.attempt}
