"""Bundles to take away: made once by the warm child, then served from storage."""

from __future__ import annotations

import asyncio
import time

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.models import Person
from common.errors import Code, Problem
from inspection.services import BUNDLE
from jobs.models import Job, JobState
from jobs.services import enqueue
from storage.models import Blob
from storage.services import blob_response
from training.models import Checkpoint

WAIT_S = 120.0
POLL_S = 0.15


async def bundle_response(
    request: HttpRequest, person: Person, checkpoint: Checkpoint
) -> HttpResponseBase:
    """Answer with the zip, waiting without a thread until the worker has made it."""
    sha256 = checkpoint.bundle_id
    if sha256 is None:
        sha256 = await _make(person, checkpoint)
    blob = await Blob.objects.aget(pk=sha256)
    return blob_response(
        request, blob, content_type="application/zip", file_name=_file_name(checkpoint)
    )


async def _make(person: Person, checkpoint: Checkpoint) -> str:
    job = await sync_to_async(_enqueue)(person, checkpoint)
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        job = await Job.objects.aget(pk=job.pk)
        if job.state == JobState.SUCCEEDED:
            made = await Checkpoint.objects.aget(pk=checkpoint.pk)
            if made.bundle_id is not None:
                return made.bundle_id
            break  # storage let go of it already; the next request makes it again
        if job.is_finished:
            told = job.problem or {}
            raise Problem(
                Code(told.get("code", Code.JOB_CRASHED.value)),
                told.get("detail", "The bundle was not made."),
                told.get("next_step", "Try again."),
            )
        await asyncio.sleep(POLL_S)
    raise Problem(
        Code.UNAVAILABLE,
        "The bundle is not ready yet: other work comes first.",
        "Download it again in a minute.",
    )


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
