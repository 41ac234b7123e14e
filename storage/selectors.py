"""What is read about storage: what takes the space, what is in the bin, who holds how much."""

from __future__ import annotations

import shutil
from collections import Counter
from typing import Any

from django.conf import settings
from django.db.models import Q

from accounts.access import binned_projects, may
from accounts.limits import Limit, accountable_projects, limit_of_person, limit_of_project
from accounts.models import Person, Project
from accounts.selectors import counts_of
from jobs.models import Lane
from jobs.services import unfinished_jobs
from storage import quotas, usage
from storage.bin import BinKind, bin_kinds, kept_because, objects_of, purged_at
from storage.disk import MEGABYTE
from storage.models import Upload
from storage.schemas import (
    BinnedProject,
    BinnedProjectList,
    BinnedThing,
    BinOut,
    DiskOut,
    FreeableOut,
    LimitOut,
    OpenUpload,
    PersonStorage,
    ProjectStorage,
    StoragePart,
    StoredProject,
    StoredThing,
)

MOST_THINGS = 200
BINNED = Q(deleted_at__isnull=False)


def project_storage(project: Project, person: Person) -> ProjectStorage:
    """What takes the space of a project, largest first."""
    sizes, numbers = Counter[str](), Counter[str]()
    things: Counter[tuple[str, str]] = Counter()
    binned = {(kind.name, pk) for kind in bin_kinds() for pk in _binned_ids(kind, project)}
    for share in usage.shares_of(project):
        is_binned = (share.kind, share.thing_id) in binned
        part = "bin" if is_binned else share.part
        sizes[part] += share.size_bytes
        numbers[part] += share.num
        if not is_binned:
            things[share.kind, share.thing_id] += share.size_bytes
    numbers["bin"] = len(binned)
    announced = Upload.objects.filter(project=project)
    sizes["uploads"], numbers["uploads"] = usage.announced_bytes(project), announced.count()
    used = quotas.used_bytes(project)
    largest = [each for each in things.most_common(MOST_THINGS) if each[1]]
    return ProjectStorage(
        project_id=project.pk,
        used_bytes=used,
        quota_bytes=quotas.quota_bytes(project),
        counted_once_bytes=max(sizes.total() - used, 0),
        parts=[
            StoragePart.model_validate({"name": name, "size_bytes": size, "num": numbers[name]})
            for name, size in sizes.most_common()
            if size or numbers[name]
        ],
        things=_named(largest),
        num_things=len(things),
        freeable=_freeable(project, sizes["bin"], len(binned)),
        can_free=may(person, project.pk, "own"),
        limits=[
            LimitOut(name=limit.value, used=number, most=limit_of_project(limit, project))
            for limit, number in usage.used_by_project(project).items()
        ],
    )


def person_storage(person: Person) -> PersonStorage:
    """What the projects of a person hold together, and the other limits."""
    projects = accountable_projects(person).order_by("name", "pk")
    uploads = Upload.objects.filter(person=person, project__deleted_at=None)
    return PersonStorage(
        used_bytes=quotas.used_bytes_of(person),
        quota_bytes=quotas.quota_bytes_of(person),
        projects=sorted(
            (
                StoredProject(
                    id=project.pk,
                    name=project.name,
                    used_bytes=quotas.used_bytes(project),
                    quota_bytes=quotas.quota_bytes(project),
                    is_in_bin=project.deleted_at is not None,
                )
                for project in projects
            ),
            key=lambda each: -each.used_bytes,
        ),
        uploads=[
            OpenUpload(
                id=upload.pk,
                project_name=upload.project.name,
                file_name=upload.file_name,
                size_bytes=upload.size_bytes,
                offset=upload.offset,
                changed_at=upload.changed_at,
            )
            for upload in uploads.select_related("project").order_by("-size_bytes")[:MOST_THINGS]
        ],
        limits=_limits(person),
        disk=disk() if person.is_operator else None,
    )


def disk() -> DiskOut:
    """How full the disk of the data folder is."""
    found = shutil.disk_usage(settings.DATA_FOLDER)
    return DiskOut(
        total_bytes=found.total,
        free_bytes=found.free,
        reserve_bytes=settings.ENVIRONMENT.reserve_mb * MEGABYTE,
    )


def bin_of(project: Project, person: Person) -> BinOut:
    """What was deleted in a project, last deleted first."""
    sizes = usage.thing_sizes(project)
    items: list[BinnedThing] = []
    for kind in bin_kinds():
        things = list(objects_of(kind, project=project).filter(BINNED).select_related("deleted_by"))
        told, needed = kind.describe(things), kept_because(kind, things)
        for thing in things:
            size_bytes = sizes.get((kind.name, thing.pk), 0)
            items.append(
                BinnedThing(
                    kind=kind.name,
                    id=thing.pk,
                    what=told.get(thing.pk, ""),
                    kept_because=needed.get(thing.pk, ""),
                    **_fate(thing, size_bytes),
                )
            )
    items.sort(key=lambda item: item.deleted_at, reverse=True)
    return BinOut(
        items=items,
        total=len(items),
        size_bytes=sum(item.size_bytes for item in items),
        bin_days=settings.ENVIRONMENT.bin_days,
        can_restore=may(person, project.pk, "edit"),
        can_purge=may(person, project.pk, "own"),
    )


def binned_project_list(person: Person) -> BinnedProjectList:
    """Projects in the bin that the person owns."""
    projects = list(binned_projects(person))
    counts = counts_of(projects)
    items = [
        BinnedProject(
            id=project.pk, what=counts[project.pk], **_fate(project, quotas.used_bytes(project))
        )
        for project in projects
    ]
    return BinnedProjectList(items=items, total=len(items), bin_days=settings.ENVIRONMENT.bin_days)


def _fate(thing: Any, size_bytes: int) -> dict[str, Any]:
    return {
        "name": thing.name,
        "size_bytes": size_bytes,
        "deleted_at": thing.deleted_at,
        "deleted_by": thing.deleted_by.name if thing.deleted_by else None,
        "purged_at": purged_at(thing.deleted_at),
        "is_purging": thing.is_purging,
    }


def _binned_ids(kind: BinKind, project: Project) -> list[str]:
    return list(objects_of(kind, project=project).filter(BINNED).values_list("pk", flat=True))


def _named(largest: list[tuple[tuple[str, str], int]]) -> list[StoredThing]:
    names: dict[tuple[str, str], str] = {}
    for kind in bin_kinds():
        ids = [thing_id for (name, thing_id), _ in largest if name == kind.name]
        rows = objects_of(kind, pk__in=ids).values_list("pk", "name")
        names |= {(kind.name, pk): name for pk, name in rows}
    return [
        StoredThing.model_validate(
            {"kind": kind, "id": pk, "name": names[kind, pk], "size_bytes": size}
        )
        for (kind, pk), size in largest
        if (kind, pk) in names
    ]


def _freeable(project: Project, bin_bytes: int, num_binned: int) -> list[FreeableOut]:
    found = [FreeableOut(name="bin", size_bytes=bin_bytes, num=num_binned)]
    for action in usage.free_actions():
        measured = action.measure(project)
        found.append(
            FreeableOut(name=action.name, size_bytes=measured.size_bytes, num=measured.num)
        )
    return [each for each in found if each.num]


def _limits(person: Person) -> list[LimitOut]:
    uploads = Upload.objects.filter(person=person).count()
    used = {
        Limit.UPLOADS: float(uploads),
        Limit.BULK_JOBS: float(unfinished_jobs(person, Lane.BULK)),
        Limit.INTERACTIVE_JOBS: float(unfinished_jobs(person, Lane.INTERACTIVE)),
        **usage.used_by_person(person),
    }
    return [
        LimitOut(name=limit.value, used=number, most=limit_of_person(limit, person))
        for limit, number in used.items()
    ]
