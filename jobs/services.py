"""Starting, claiming, telling and ending background work."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.limits import Limit, counting_for, limit_of_person
from accounts.models import Person, Project
from common.errors import Code, Problem
from common.topics import publish
from jobs.models import Job, JobState, Lane
from jobs.registry import get_kind
from jobs.selectors import job_message, queue_order

logger = logging.getLogger(__name__)

LIMITS: dict[Lane, tuple[Limit, str]] = {
    Lane.INTERACTIVE: (Limit.INTERACTIVE_JOBS, "questions wait for an answer"),
    Lane.BULK: (Limit.BULK_JOBS, "imports and exports wait or run"),
    Lane.TRAIN: (Limit.RUNS, "training jobs wait or run"),
}


def enqueue(
    kind: str,
    payload: dict[str, Any],
    *,
    person: Person | None,
    project: Project | None,
    subject: tuple[str, str] | None = None,
    message: str = "",
) -> Job:
    """Queue work of a registered kind; a worker is woken once the transaction is committed.

    Args:
        kind: Name given to `job_kind`.
        payload: Plain JSON, what the function needs.
        person: On whose behalf; they take turns.
        project: Whose members see the job.
        subject: (type, id) of what it is about, for example ("dataset", dataset.id).
        message: First line shown under the progress bar.

    Raises:
        Problem: `queue_full`, the person has enough waiting in this lane.
    """
    described = get_kind(kind)
    if described is None:
        raise ValueError(f"no job kind {kind!r}; is its tasks module imported?")
    with transaction.atomic():
        if person is not None:
            _refuse_too_many(person, described.lane)
        job = Job.objects.create(
            kind=kind,
            lane=described.lane,
            payload=payload,
            person=person,
            project=project,
            subject_type=subject[0] if subject else "",
            subject_id=subject[1] if subject else "",
            message=message,
            max_attempts=described.max_attempts,
        )
        tell(job)
        transaction.on_commit(partial(wake, job.lane))
    return job


def unfinished_jobs(person: Person, lane: str) -> int:
    """Jobs of a person in a lane that wait or run."""
    waiting = (JobState.QUEUED, JobState.RUNNING)
    return Job.objects.filter(lane=lane, person=person, state__in=waiting).count()


def _refuse_too_many(person: Person, lane: Lane) -> None:
    """Within the transaction that adds one: nobody else adds another meanwhile."""
    counting_for(person)
    limit, what = LIMITS[lane]
    most = int(limit_of_person(limit, person))
    if unfinished_jobs(person, lane) >= most:
        raise Problem(
            Code.QUEUE_FULL,
            f"{most:,} of your {what} already; no more are taken.",
            "Wait until some are done, or cancel them.",
            lane=lane.value,
            most=most,
        )


def wake(lane: str) -> None:
    """Ask the workers of a lane to look for work. Lost messages are sent again by reconcile."""
    if not settings.REDIS_URL:
        return
    from jobs.tasks import work

    try:
        work.apply_async(args=[lane], queue=lane, retry=False)  # pyright: ignore[reportCallIssue]
    except Exception as error:  # noqa: BLE001 - kombu raises what its transport raises
        logger.warning("Workers were not woken (%s); they look for work by themselves.", error)


def claim_next(lane: str, worker: str) -> Job | None:
    """Take the job whose turn it is; two workers never take the same."""
    for job in queue_order(lane):
        claimed = Job.objects.filter(pk=job.pk, state=JobState.QUEUED, attempt=job.attempt).update(
            state=JobState.RUNNING,
            attempt=F("attempt") + 1,
            beat=F("beat") + 1,
            worker=worker,
            started_at=timezone.now(),
            progress=None,
        )
        if claimed:
            job.refresh_from_db()
            after_state_change(job)
            return job
    return None


def cancel_job(job: Job) -> Job:
    """Ask for an end: at once while it waits, within a second while it runs."""
    ended = Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(
        state=JobState.CANCELLED, is_cancel_requested=True, finished_at=timezone.now()
    )
    if not ended:
        Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(is_cancel_requested=True)
    job.refresh_from_db()
    if ended:
        after_state_change(job)
    return job


def finish(
    job: Job,
    state: JobState,
    *,
    result: dict[str, Any] | None = None,
    problem: Problem | None = None,
) -> bool:
    """End an attempt; False when it is no longer this attempt's to end."""
    ended = Job.objects.filter(pk=job.pk, attempt=job.attempt, state=JobState.RUNNING).update(
        state=state,
        result=result,
        problem=problem.as_dict() if problem else None,
        progress=1.0 if state == JobState.SUCCEEDED else F("progress"),
        finished_at=timezone.now(),
    )
    if ended:
        job.refresh_from_db()
        after_state_change(job)
    return bool(ended)


def release(job: Job) -> None:
    """Give an attempt back because its worker ends; it does not count against the limit."""
    given_back = Job.objects.filter(
        pk=job.pk, attempt=job.attempt, state=JobState.RUNNING, is_cancel_requested=False
    ).update(state=JobState.QUEUED, max_attempts=F("max_attempts") + 1, worker="")
    if not given_back:
        finish(job, JobState.CANCELLED)
        return
    job.refresh_from_db()
    after_state_change(job)
    transaction.on_commit(partial(wake, job.lane))


def expire(job: Job) -> None:
    """The runner of this attempt is dead: try again, or fail with the cause."""
    mine = Job.objects.filter(pk=job.pk, attempt=job.attempt, beat=job.beat, state=JobState.RUNNING)
    if job.is_cancel_requested:
        changed = mine.update(state=JobState.CANCELLED, finished_at=timezone.now())
    elif job.attempt < job.max_attempts:
        changed = mine.update(state=JobState.QUEUED, worker="", message="Starting again")
    else:
        problem = Problem(
            Code.JOB_LOST,
            "The process that did this work ended unexpectedly.",
            "Start it again; the server's log may tell why it ended.",
        )
        changed = mine.update(
            state=JobState.FAILED, problem=problem.as_dict(), finished_at=timezone.now()
        )
    if changed:
        logger.warning("Job %s (%s) lost its worker %s", job.id, job.kind, job.worker)
        job.refresh_from_db()
        after_state_change(job)
        if job.state == JobState.QUEUED:
            transaction.on_commit(partial(wake, job.lane))


def after_state_change(job: Job) -> None:
    """Tell the pages, and the app whose work it is."""
    tell(job)
    kind = get_kind(job.kind)
    if kind is not None and kind.on_state is not None:
        kind.on_state(job)


def tell(job: Job) -> None:
    """Publish a job's state to its own topic and its project's."""
    message = job_message(job)
    publish(f"job:{job.id}", message)
    if job.project_id is not None:
        publish(f"project:{job.project_id}", message)
