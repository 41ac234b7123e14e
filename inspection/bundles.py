"""Bundles to take away: made once by the warm child, then served from storage."""

from __future__ import annotations

import time

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.models import Person
from common.errors import Code, Problem
from common.rooms import Room
from inspection.services import BUNDLE
from jobs.models import Job, JobState
from jobs.services import enqueue
from storage.models import Blob
from storage.services import blob_response
from training.models import Checkpoint

WAIT_S = 120.0
POLL_S = 0.15
MOST_WAITING = 4
"""Downloads that may wait at a time in one process: each keeps one of its request threads."""

waiting_room = Room(
    MOST_WAITING,
    detail="The bundle is not ready yet: other work comes first.",
    next_step="Download it again in a minute.",
)


def bundle_response(
    request: HttpRequest, person: Person, checkpoint: Checkpoint
) -> HttpResponseBase:
    """Answer with the zip; the first one waits until the worker has made it."""
    sha256 = checkpoint.bundle_id or _make(person, checkpoint)
    blob = Blob.objects.get(pk=sha256)
    return blob_response(
        request, blob, content_type="application/zip", file_name=_file_name(checkpoint)
    )


def _make(person: Person, checkpoint: Checkpoint) -> str:
    job = _enqueue(person, checkpoint)
    with waiting_room.entered():
        return _wait_for(job, checkpoint)


def _wait_for(job: Job, checkpoint: Checkpoint) -> str:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        job.refresh_from_db()
        if job.state == JobState.SUCCEEDED:
            checkpoint.refresh_from_db()
            if checkpoint.bundle_id is not None:
                return checkpoint.bundle_id
            break  # storage let go of it already; the next request makes it again
        if job.is_finished:
            told = job.problem or {}
            raise Problem(
                Code(told.get("code", Code.JOB_CRASHED.value)),
                told.get("detail", "The bundle was not made."),
                told.get("next_step", "Try again."),
            )
        time.sleep(POLL_S)
    raise waiting_room.refusal()


def _enqueue(person: Person, checkpoint: Checkpoint) -> Job:
    waiting = Job.objects.filter(
        kind=BUNDLE,
        subject_id=checkpoint.id,
        state__in=(JobState.QUEUED, JobState.RUNNING),
    ).first()
    return waiting or enqueue(
        BUNDLE,
        {"checkpoint_id": checkpoint.id},
        person=person,
        project=checkpoint.run.project,
        subject=("checkpoint", checkpoint.id),
        message="Packing the network",
    )


def _file_name(checkpoint: Checkpoint) -> str:
    name = checkpoint.run.name
    safe = "".join(letter if letter.isalnum() or letter in "-_ " else "_" for letter in name)
    return f"{safe.strip() or 'network'} step {checkpoint.step}.zip"
