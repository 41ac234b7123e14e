"""How much people and projects hold, and the refusals that say so.

The sums are kept (`ProjectUsage`) and changed in the transaction that adds or drops a use, so that
asking costs the same for a thousand blobs and for a million.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import F, Sum

from accounts.limits import (
    Limit,
    accountable_person,
    accountable_projects,
    counting_for,
    limit_of_person,
    limit_of_project,
)
from accounts.models import Person, Project
from common.errors import Code, Problem
from storage.disk import MEGABYTE
from storage.models import BlobUse, ProjectUsage, Upload


def used_bytes(project: Project) -> int:
    """Bytes a project holds, what open uploads have announced included."""
    return _sum_of([project.pk])


def used_bytes_of(person: Person) -> int:
    """The same over all projects that count for a person."""
    return _sum_of(list(accountable_projects(person).values_list("pk", flat=True)))


def quota_bytes(project: Project) -> int:
    """Bytes a project may hold."""
    return int(limit_of_project(Limit.PROJECT_MB, project) * MEGABYTE)


def quota_bytes_of(person: Person) -> int:
    """Bytes the projects of a person may hold together."""
    return int(limit_of_person(Limit.PERSON_MB, person) * MEGABYTE)


def require_quota(project: Project, more_bytes: int) -> None:
    """Raise Problem quota_exceeded when a project, or its owner's projects, would hold too much."""
    if more_bytes <= 0:
        return
    used, quota = used_bytes(project), quota_bytes(project)
    if used + more_bytes > quota:
        raise _exceeded("The project holds", "project", used, quota, more_bytes)
    owner = accountable_person(project)
    if owner is None:
        return
    used, quota = used_bytes_of(owner), quota_bytes_of(owner)
    if used + more_bytes > quota:
        raise _exceeded(f"All projects of {owner.name} hold", "person", used, quota, more_bytes)


def require_room(project: Project, sizes: Mapping[str, int]) -> None:
    """The same for blobs by their digests; what the project has already needs no room."""
    require_quota(project, sum(_new_sizes(project, sizes).values()))


def hold_blobs(project: Project, sizes: Mapping[str, int]) -> None:
    """Count stored blobs for a project, each once; within the transaction that stores them.

    Args:
        sizes: Bytes by digest.

    Raises:
        Problem: `quota_exceeded`; nothing was counted.
    """
    with transaction.atomic():
        hold_room(project)
        new = _new_sizes(project, sizes)
        require_quota(project, sum(new.values()))
        BlobUse.objects.bulk_create(
            [BlobUse(project_id=project.pk, blob_id=sha256) for sha256 in new]
        )
        _add(project, sum(new.values()))


def drop_blobs(project: Project, digests: Sequence[str]) -> int:
    """Count blobs for a project no more; returns the bytes that are no longer held."""
    with transaction.atomic():
        _lock_sum(project)
        uses = BlobUse.objects.filter(project=project, blob_id__in=digests)
        freed = uses.aggregate(total=Sum("blob__size_bytes"))["total"] or 0
        uses.delete()
        _add(project, -freed)
    return freed


def reserve_upload(person: Person, project: Project, size_bytes: int) -> None:
    """Check that a person may announce one more file; within the transaction that does.

    Raises:
        Problem: `uploads_full`, or `quota_exceeded`.
    """
    hold_room(project, for_person=person)
    most = int(limit_of_person(Limit.UPLOADS, person))
    present = Upload.objects.filter(person=person).count()
    if present >= most:
        raise Problem(
            Code.UPLOADS_FULL,
            f"You have {present:,} uploads that are unfinished or not used yet; {most:,} are"
            " allowed.",
            "Finish or use them, or delete them on the storage page.",
            present=present,
            most=most,
        )
    require_quota(project, size_bytes)


def recount(project: Project) -> int:
    """Count what a project holds anew; returns by how many bytes the kept sum was wrong."""
    with transaction.atomic():
        _lock_sum(project)
        uses = BlobUse.objects.filter(project=project)
        total = uses.aggregate(total=Sum("blob__size_bytes"))["total"] or 0
        usage = ProjectUsage.objects.get(project=project)
        ProjectUsage.objects.filter(project=project).update(stored_bytes=total)
    return total - usage.stored_bytes


def hold_room(project: Project, for_person: Person | None = None) -> None:
    """Let nobody else fill what a project, its owner or a person may still use.

    Until the caller's transaction ends; before any other lock is taken.
    """
    owner = accountable_person(project)
    people = {person.pk: person for person in (owner, for_person) if person is not None}
    for _, person in sorted(people.items()):
        counting_for(person)
    _lock_sum(project)


def _lock_sum(project: Project) -> None:
    ProjectUsage.objects.get_or_create(project=project)
    ProjectUsage.objects.select_for_update().get(project=project)


def _add(project: Project, more_bytes: int) -> None:
    ProjectUsage.objects.filter(project=project).update(stored_bytes=F("stored_bytes") + more_bytes)


def _new_sizes(project: Project, sizes: Mapping[str, int]) -> dict[str, int]:
    known = set(
        BlobUse.objects.filter(project=project, blob_id__in=list(sizes)).values_list(
            "blob_id", flat=True
        )
    )
    return {sha256: size for sha256, size in sizes.items() if sha256 not in known}


def _sum_of(project_ids: Sequence[str]) -> int:
    kept = ProjectUsage.objects.filter(project__in=project_ids)
    announced = Upload.objects.filter(project__in=project_ids)
    kept_bytes = kept.aggregate(total=Sum("stored_bytes"))["total"] or 0
    return kept_bytes + (announced.aggregate(total=Sum("size_bytes"))["total"] or 0)


def _exceeded(who: str, whose: str, used: int, quota: int, more_bytes: int) -> Problem:
    setting = "NETLOOM_QUOTA_MB" if whose == "project" else "NETLOOM_PERSON_QUOTA_MB"
    return Problem(
        Code.QUOTA_EXCEEDED,
        f"{who} {used // MEGABYTE:,} of {quota // MEGABYTE:,} MB; this needs"
        f" {-(-more_bytes // MEGABYTE):,} MB more.",
        f"Free some on the storage page, or ask the operator to raise {setting}.",
        quota=whose,
        used_bytes=used,
        quota_bytes=quota,
        needed_bytes=more_bytes,
    )
