"""Deleting for good, in the background: what people chose, and what was in the bin for long."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts.models import Person, Project
from common.errors import Code, Problem
from jobs.models import Job, JobState, Lane
from jobs.registry import job_kind
from jobs.running import RunningJob
from jobs.services import enqueue
from storage.bin import (
    PURGE_BATCH,
    Tick,
    bin_kind,
    bin_kinds,
    claim,
    kept_because,
    objects_of,
    purge,
    purge_thing,
    quiet,
)
from storage.holding import remove_unused, sweep_unused
from storage.models import BlobUse, Upload
from storage.quotas import drop_blobs
from storage.uploads import discard_stale_uploads, discard_upload

logger = logging.getLogger(__name__)

JOB_KIND = "storage.purge"
PROJECT = "project"
UNFINISHED = (JobState.QUEUED, JobState.RUNNING)
# SQLite has whoever waits to write look again every tenth of a second: a worker that writes
# without a pause of that length keeps all others out.
WORK_S = 0.2
PAUSE_S = 0.12
LOOK_S = 60.0
EXPIRE_S = 3600.0
Thing = tuple[str, str]


def request_purge(
    things: list[Thing], person: Person | None, project: Project | None, message: str
) -> Job:
    """Queue the deletion for good of what was claimed."""
    payload = {"things": [list(thing) for thing in things]}
    return enqueue(JOB_KIND, payload, person=person, project=project, message=message)


@job_kind(JOB_KIND, lane=Lane.BULK, max_attempts=5)
def run_purge(job: RunningJob) -> dict[str, Any]:
    """Delete what is listed; what something still needs, or still works on, stays for now."""
    things: list[Thing] = [(kind, thing_id) for kind, thing_id in job.payload["things"]]
    tick = GivingWay(job.check_stopped)
    num_purged = num_kept = 0
    for number, (kind, thing_id) in enumerate(things):
        job.progress(number / len(things), "Deleting for good")
        is_gone = (
            purge_project(thing_id, tick)
            if kind == PROJECT
            else purge_thing(bin_kind(kind), thing_id, tick)
        )
        num_purged += is_gone
        num_kept += not is_gone
    return {"num_purged": num_purged, "num_kept": num_kept}


class GivingWay:
    """A tick that lets other writers in between, and ends the work when `check` raises."""

    def __init__(self, check: Tick) -> None:
        self._check = check
        self._since = time.monotonic()

    def __call__(self) -> None:
        self._check()
        if time.monotonic() - self._since >= WORK_S:
            time.sleep(PAUSE_S)
            self._since = time.monotonic()


def purge_project(project_id: str, tick: Tick) -> bool:
    """Delete a claimed project with everything in it; False when it has to stay for now."""
    project = Project.objects.filter(pk=project_id, is_purging=True).first()
    if project is None:
        return True
    if kept_project_because(project):
        Project.objects.filter(pk=project_id).update(is_purging=False)
        return False
    if not quiet(project):
        return False
    for kind in bin_kinds():
        for thing in objects_of(kind, project=project).order_by("-created_at"):
            purge(kind, thing, tick)
            tick()
    for upload in Upload.objects.filter(project=project):
        discard_upload(upload)
    uses = BlobUse.objects.filter(project=project).values_list("blob_id", flat=True)
    while digests := list(uses[:PURGE_BATCH]):
        drop_blobs(project, digests)
        remove_unused(digests)
        tick()
    project.delete()
    return True


def kept_project_because(project: Project) -> str:
    """What outside of a project still needs something in it; empty when nothing does."""
    for kind in bin_kinds():
        things = list(objects_of(kind, project=project))
        reasons = kept_because(kind, things, is_whole_project=True)
        if reasons:
            return next(iter(reasons.values()))
    return ""


def require_project_purgeable(project: Project) -> None:
    """Raise Problem in_use with what outside of a project still needs something in it."""
    reason = kept_project_because(project)
    if reason:
        raise Problem(
            Code.IN_USE, f"{project.name} stays: {reason}.", "Delete that for good first."
        )


class BinKeeper:
    """Looks now and then for what has to go; any number of workers may.

    Something counts as expired when two looks, an hour apart by a clock that cannot be set, both
    found it so: a wrong date on the machine does not empty anybody's bin.
    """

    def __init__(self) -> None:
        self._look_at = self._expire_at = 0.0
        self._expired: set[Thing] = set()

    def look(self) -> None:
        """Go on with purges that were cut; once an hour queue what has expired, and tidy up."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_S
        if Job.objects.filter(kind=JOB_KIND, state__in=UNFINISHED).exists():
            return
        due = set(_things(Q(is_purging=True)))
        if now >= self._expire_at:
            self._expire_at = now + EXPIRE_S
            due |= self._expire()
            sweep_unused()
            discard_stale_uploads()
        if due:
            logger.info("%d things of the bin are deleted for good", len(due))
            request_purge(sorted(due), None, None, "Emptying the bin")

    def _expire(self) -> set[Thing]:
        oldest = timezone.now() - timedelta(days=settings.ENVIRONMENT.bin_days)
        seen, self._expired = self._expired, set(_things(Q(deleted_at__lt=oldest)))
        due = {thing for thing in seen & self._expired if not _is_kept(thing)}
        for name, thing_id in due:
            model = Project if name == PROJECT else bin_kind(name).model
            claim(model._default_manager.filter(pk=thing_id))
        return due


def _is_kept(thing: Thing) -> bool:
    name, thing_id = thing
    if name == PROJECT:
        return any(kept_project_because(row) for row in Project.objects.filter(pk=thing_id))
    kind = bin_kind(name)
    return bool(kept_because(kind, list(objects_of(kind, pk=thing_id))))


def _things(which: Q) -> list[Thing]:
    projects = Project.objects.filter(which).values_list("pk", flat=True)
    found: list[Thing] = [(PROJECT, pk) for pk in projects]
    for kind in bin_kinds():
        rows = objects_of(kind).filter(which).values_list("pk", flat=True)
        found += [(kind.name, pk) for pk in rows]
    return found
