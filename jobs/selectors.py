"""What is read about background work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.utils import timezone
from pydantic import TypeAdapter

from accounts.access import visible_projects
from accounts.models import Person
from jobs.models import Job, JobState
from jobs.schemas import JobOut, LaneName, StateName, Subject

LANE_NAME: TypeAdapter[LaneName] = TypeAdapter(LaneName)
# Whose work was begun longer ago than this is as good as new in the queue.
TURN_MEMORY = timedelta(days=1)
STATE_NAME: TypeAdapter[StateName] = TypeAdapter(StateName)


def jobs_out(jobs: Iterable[Job]) -> list[JobOut]:
    """Jobs as the API tells them, each queue looked at once."""
    listed = list(jobs)
    places: dict[str, int] = {}
    for lane in {job.lane for job in listed if job.state == JobState.QUEUED}:
        places |= queue_places(lane)
    return [_job_out(job, places.get(job.id)) for job in listed]


def job_out(job: Job) -> JobOut:
    """A job as the API and the topics tell it."""
    is_waiting = job.state == JobState.QUEUED
    return _job_out(job, queue_places(job.lane).get(job.id) if is_waiting else None)


def _job_out(job: Job, queue_place: int | None) -> JobOut:
    has_subject = bool(job.subject_type)
    return JobOut(
        id=job.id,
        kind=job.kind,
        lane=LANE_NAME.validate_python(job.lane),
        state=STATE_NAME.validate_python(job.state),
        progress=job.progress,
        message=job.message,
        queue_place=queue_place,
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

    A person's n-th waiting job, running ones counted, comes after everybody's (n-1)-th; among
    equals, who was served longer ago goes first, so that a pile lets others in between.
    """
    turns = Counter(
        Job.objects.filter(lane=lane, state=JobState.RUNNING).values_list("person_id", flat=True)
    )
    queued = list(Job.objects.filter(lane=lane, state=JobState.QUEUED).order_by("created_at", "id"))
    served = _last_served(lane, {job.person_id for job in queued})
    never = datetime.min.replace(tzinfo=UTC)
    ranked: list[tuple[int, bool, datetime, int, Job]] = []
    met: set[str | None] = set()
    for age, job in enumerate(queued):
        person_id = job.person_id
        is_later = person_id in met  # by then the person has just been served by the one before
        ranked.append((turns[person_id], is_later, served.get(person_id, never), age, job))
        turns[person_id] += 1
        met.add(person_id)
    return [entry[-1] for entry in sorted(ranked, key=lambda entry: entry[:4])]


def _last_served(lane: str, person_ids: set[str | None]) -> dict[str | None, datetime]:
    """When work of these people was last begun, as far as it was lately."""
    begun = Job.objects.filter(
        lane=lane, person_id__in=person_ids, started_at__gt=timezone.now() - TURN_MEMORY
    )
    return dict(begun.values_list("person_id").annotate(Max("started_at")))


def queue_places(lane: str) -> dict[str, int]:
    """Place of every waiting job of a lane, 1 is next."""
    return {job.id: place for place, job in enumerate(queue_order(lane), start=1)}
