"""What is read about background work."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from pydantic import TypeAdapter

from accounts.access import visible_projects
from accounts.models import Person
from jobs.models import Job, JobState
from jobs.schemas import JobOut, LaneName, StateName, Subject

LANE_NAME: TypeAdapter[LaneName] = TypeAdapter(LaneName)
STATE_NAME: TypeAdapter[StateName] = TypeAdapter(StateName)


def job_out(job: Job) -> JobOut:
    """A job as the API and the topics tell it."""
    has_subject = bool(job.subject_type)
    return JobOut(
        id=job.id,
        kind=job.kind,
        lane=LANE_NAME.validate_python(job.lane),
        state=STATE_NAME.validate_python(job.state),
        progress=job.progress,
        message=job.message,
        result=job.result,
        problem=job.problem,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        project_id=job.project_id,
        subject=Subject(type=job.subject_type, id=job.subject_id) if has_subject else None,
    )


def job_message(job: Job) -> dict[str, Any]:
    """The live message that tells a job's state."""
    return {"type": "job", "job": job_out(job).model_dump(mode="json")}


def visible_jobs(person: Person) -> QuerySet[Job]:
    """Jobs of the person's projects and their own, newest first."""
    mine = Q(project__in=visible_projects(person)) | Q(project=None, person=person)
    return Job.objects.filter(mine).order_by("-created_at", "-id")


def jobs_about(subject_type: str, subject_id: str) -> QuerySet[Job]:
    """Jobs about one object, newest first."""
    return Job.objects.filter(subject_type=subject_type, subject_id=subject_id).order_by(
        "-created_at"
    )


def unfinished_job(kind: str, subject: tuple[str, str], payload: dict[str, Any]) -> Job | None:
    """The job that does exactly this already and that nobody has asked to end."""
    waiting = jobs_about(*subject).filter(
        kind=kind, state__in=(JobState.QUEUED, JobState.RUNNING), is_cancel_requested=False
    )
    return next((job for job in waiting if job.payload == payload), None)


def queue_order(lane: str) -> list[Job]:
    """Queued jobs of a lane as they will be claimed: people in turn, then by age.

    A person's n-th waiting job, running ones counted, comes after everybody's (n-1)-th.
    """
    turns: dict[str | None, int] = {}
    for person_id in Job.objects.filter(lane=lane, state=JobState.RUNNING).values_list(
        "person_id", flat=True
    ):
        turns[person_id] = turns.get(person_id, 0) + 1
    ranked: list[tuple[int, int, Job]] = []
    queued = Job.objects.filter(lane=lane, state=JobState.QUEUED).order_by("created_at", "id")
    for age, job in enumerate(queued):
        turn = turns.get(job.person_id, 0)
        turns[job.person_id] = turn + 1
        ranked.append((turn, age, job))
    return [job for _, _, job in sorted(ranked, key=lambda entry: entry[:2])]


def queue_place(job: Job) -> int | None:
    """How many jobs are claimed before this one, None when it does not wait."""
    if job.state != JobState.QUEUED:
        return None
    ids = [queued.id for queued in queue_order(job.lane)]
    return ids.index(job.id) if job.id in ids else None
