"""A job while it runs: progress, cancel, and the heartbeat that keeps its lease."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from django.conf import settings
from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    connection,
)
from django.db.models import F

from accounts.models import Person, Project
from common.errors import Code, Problem, as_problem
from common.logs import set_request_id
from common.topics import publish
from jobs.models import Job, JobState
from jobs.registry import get_kind
from jobs.selectors import job_message
from jobs.services import finish, release

logger = logging.getLogger(__name__)

PROGRESS_INTERVAL_S = 0.2
CANCEL_POLL_S = 0.4
RETRY_S = 0.5
NO_DATABASE = (OperationalError, InterfaceError)


class JobStopped(BaseException):
    """Raised inside a job's function to end it: cancelled, or no longer ours.

    Not an Exception, so that `except Exception` around one broken file does not swallow it.
    """


class RunningJob:
    """What a job's function works with.

    Attributes:
        stopped: Set when the function should end; pass it to whatever waits.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.stopped = threading.Event()
        self.is_lease_lost = False
        self.is_worker_stopping = False
        self._last_told = 0.0

    @property
    def id(self) -> str:
        return self.job.id

    @property
    def attempt(self) -> int:
        return self.job.attempt

    @property
    def payload(self) -> dict[str, Any]:
        return self.job.payload

    @property
    def person(self) -> Person | None:
        return self.job.person

    @property
    def project(self) -> Project | None:
        return self.job.project

    def check_stopped(self) -> None:
        """Raise JobStopped when the job is cancelled or was given to another worker."""
        if self.stopped.is_set():
            raise JobStopped

    def progress(
        self, fraction: float | None, message: str = "", data: dict[str, Any] | None = None
    ) -> None:
        """Tell how far it is; call as often as you like, it is passed on five times a second.

        Args:
            fraction: 0..1, or None when nobody can tell.
            message: What is being done, in the words of the field.
            data: Live extras for the page that waits, such as a coarse map; not stored, and
                always passed on.
        """
        self.check_stopped()
        now = time.monotonic()
        if now - self._last_told < PROGRESS_INTERVAL_S and data is None and fraction != 1.0:
            return
        self._last_told = now
        self.job.progress = None if fraction is None else min(max(fraction, 0.0), 1.0)
        self.job.message = message[:500] or self.job.message
        written = self._mine().update(progress=self.job.progress, message=self.job.message)
        if not written:
            self._lose_lease()
            raise JobStopped
        message_out = job_message(self.job)
        if data is not None:
            message_out["data"] = data
        publish(f"job:{self.id}", message_out)
        if self.job.project_id is not None and data is None:
            publish(f"project:{self.job.project_id}", message_out)

    def _mine(self) -> Any:
        return Job.objects.filter(pk=self.id, attempt=self.attempt, state=JobState.RUNNING)

    def _lose_lease(self) -> None:
        self.is_lease_lost = True
        self.stopped.set()

    def _watch(self, done: threading.Event) -> None:
        """Renew the lease and look for a cancel until the function has returned."""
        environment = settings.ENVIRONMENT
        renewed = time.monotonic()
        next_beat = renewed + environment.heartbeat_s
        while not done.wait(CANCEL_POLL_S):
            try:
                if time.monotonic() >= next_beat:
                    if not self._mine().update(beat=F("beat") + 1):
                        self._lose_lease()
                        break
                    renewed = time.monotonic()
                    next_beat = renewed + environment.heartbeat_s
                if self._mine().filter(is_cancel_requested=True).exists():
                    self.stopped.set()
            except DatabaseError as error:
                logger.warning("Job %s could not renew its lease: %s", self.id, error)
                connection.close()
                if time.monotonic() - renewed > environment.lease_s * 2 / 3:
                    self._lose_lease()
                    break
        connection.close()


_active: set[RunningJob] = set()
stopping = threading.Event()
"""Set once this process is to end: it claims nothing more."""


def num_active() -> int:
    """Jobs this process is doing now."""
    return len(_active)


def stop_all() -> None:
    """The worker ends: have what runs stop soon; it is queued again for the next one."""
    stopping.set()
    for running in list(_active):
        running.is_worker_stopping = True
        running.stopped.set()


def run(job: Job) -> None:
    """Do a claimed job in this thread and record how it ended."""
    set_request_id(job.id)
    running = RunningJob(job)
    _active.add(running)
    try:
        _run(running)
    finally:
        _active.discard(running)


def _run(running: RunningJob) -> None:
    job = running.job
    done = threading.Event()
    watcher = threading.Thread(target=running._watch, args=[done], name=f"watch-{job.id}")
    watcher.start()
    try:
        state, result, problem = _outcome(running)
    except NO_DATABASE as error:
        logger.error("Job %s lost the database: %s", job.id, error)
        close_old_connections()
        if job.attempt < job.max_attempts:
            return  # its lease runs out, and it is done again
        state, result, problem = JobState.FAILED, None, as_problem(error)
    finally:
        done.set()
        watcher.join()
    try:
        _end(running, state, result, problem)
    except NO_DATABASE as error:
        # Its lease runs out; whoever notices says how it ended.
        logger.error("The end of job %s could not be written: %s", job.id, error)
    close_old_connections()


def _end(
    running: RunningJob, state: JobState, result: dict[str, Any] | None, problem: Problem | None
) -> None:
    """Record the outcome, as long as nobody else can have taken the job over."""
    job = running.job
    if running.is_lease_lost:
        logger.warning("Job %s was given to another worker; its outcome is dropped", job.id)
    elif running.is_worker_stopping and state == JobState.CANCELLED:
        release(job)
    else:
        deadline = time.monotonic() + settings.ENVIRONMENT.lease_s / 2
        while True:
            try:
                finish(job, state, result=result, problem=problem)
                return
            except NO_DATABASE:
                close_old_connections()
                if time.monotonic() > deadline:
                    raise
                time.sleep(RETRY_S)


def _outcome(
    running: RunningJob,
) -> tuple[JobState, dict[str, Any] | None, Problem | None]:
    kind = get_kind(running.job.kind)
    if kind is None:
        text = f"This version of the studio does not know work of the kind {running.job.kind}."
        return JobState.FAILED, None, Problem(Code.JOB_LOST, text, "Start it again.")
    try:
        return JobState.SUCCEEDED, kind.function(running), None
    except JobStopped:
        return JobState.CANCELLED, None, None
    except Problem as problem:
        if problem.code is Code.CANCELLED:
            return JobState.CANCELLED, None, None
        return JobState.FAILED, None, problem
    except NO_DATABASE:
        raise  # no fault of the job's: it starts again where it may
    except Exception as error:  # noqa: BLE001 - the job fails with an id that is in the log
        return JobState.FAILED, None, as_problem(error)
