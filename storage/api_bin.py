"""The storage page and the bin."""

from __future__ import annotations

from django.db import transaction
from ninja import Router, Status

from accounts.access import access_binned_project, access_project
from accounts.auth import PersonRequest
from accounts.models import Project
from accounts.schemas import ProjectOut
from accounts.selectors import project_for
from accounts.services import restore_project as restore
from jobs.schemas import JobOut
from jobs.selectors import job_out
from storage import quotas, selectors, usage
from storage.bin import (
    KindName,
    access_binned,
    bin_kinds,
    claim,
    objects_of,
    require_purgeable,
)
from storage.purging import PROJECT, Thing, request_purge, require_project_purgeable
from storage.schemas import (
    BinnedProjectList,
    BinOut,
    FreedOut,
    FreeIn,
    PersonStorage,
    ProjectStorage,
)

router = Router(tags=["storage"])


@router.get("/storage", response=PersonStorage, operation_id="get_storage")
def get_storage(request: PersonRequest) -> PersonStorage:
    """What one's projects hold together, open uploads, and how far each limit is."""
    return selectors.person_storage(request.person)


@router.get(
    "/projects/{project_id}/storage", response=ProjectStorage, operation_id="get_project_storage"
)
def get_project_storage(request: PersonRequest, project_id: str) -> ProjectStorage:
    """What takes the space of a project, largest first, and what can be freed."""
    project = access_project(request.person, project_id, "view")
    return selectors.project_storage(project, request.person)


@router.post(
    "/projects/{project_id}/storage/free", response=FreedOut, operation_id="free_project_storage"
)
def free_project_storage(request: PersonRequest, project_id: str, payload: FreeIn) -> FreedOut:
    """Free one of `freeable` at once; what goes with it cannot be brought back."""
    project = access_project(request.person, project_id, "own")
    before = quotas.used_bytes(project)
    usage.free(project, payload.what)
    return FreedOut(freed_bytes=max(before - quotas.used_bytes(project), 0))


@router.get("/projects/{project_id}/bin", response=BinOut, operation_id="list_bin", tags=["bin"])
def list_bin(request: PersonRequest, project_id: str) -> BinOut:
    """What was deleted in a project: by whom, how large, until when it can be put back."""
    project = access_project(request.person, project_id, "view")
    return selectors.bin_of(project, request.person)


@router.delete(
    "/projects/{project_id}/bin", response={202: JobOut}, operation_id="empty_bin", tags=["bin"]
)
def empty_bin(request: PersonRequest, project_id: str) -> Status[JobOut]:
    """Delete everything in the bin for good, except for what something outside of it needs."""
    project = access_project(request.person, project_id, "own")
    things: list[Thing] = []
    with transaction.atomic():
        for kind in bin_kinds():
            binned = objects_of(kind, project=project, deleted_at__isnull=False)
            things += [(kind.name, pk) for pk in claim(binned)]
        job = request_purge(things, request.person, project, "Emptying the bin")
    return Status(202, job_out(job))


@router.delete(
    "/projects/{project_id}/bin/{kind}/{thing_id}",
    response={202: JobOut},
    operation_id="purge_thing",
    tags=["bin"],
)
def purge_thing(
    request: PersonRequest, project_id: str, kind: KindName, thing_id: str
) -> Status[JobOut]:
    """Delete one thing of the bin for good; 409 `in_use` when something still needs it."""
    project = access_project(request.person, project_id, "own")
    bin_kind, thing = access_binned(project, kind, thing_id)
    require_purgeable(bin_kind, thing)
    with transaction.atomic():
        claim(objects_of(bin_kind, pk=thing.pk))
        message = f"Deleting {thing.name} for good"
        job = request_purge([(kind, thing.pk)], request.person, project, message)
    return Status(202, job_out(job))


@router.get(
    "/bin/projects", response=BinnedProjectList, operation_id="list_binned_projects", tags=["bin"]
)
def list_binned_projects(request: PersonRequest) -> BinnedProjectList:
    """Projects of one's own that are in the bin."""
    return selectors.binned_project_list(request.person)


@router.post(
    "/bin/projects/{project_id}/restore",
    response=ProjectOut,
    operation_id="restore_project",
    tags=["bin"],
)
def restore_project(request: PersonRequest, project_id: str) -> Project:
    """Put a project back with everything in it; runs that were waiting are paused."""
    project = access_binned_project(request.person, project_id)
    restore(project)
    return project_for(request.person, project)


@router.delete(
    "/bin/projects/{project_id}",
    response={202: JobOut},
    operation_id="purge_project",
    tags=["bin"],
)
def purge_project(request: PersonRequest, project_id: str) -> Status[JobOut]:
    """Delete a project of the bin for good, with everything in it."""
    project = access_binned_project(request.person, project_id)
    require_project_purgeable(project)
    with transaction.atomic():
        claim(Project.objects.filter(pk=project.pk))
        message = f"Deleting {project.name} for good"
        job = request_purge([(PROJECT, project.pk)], request.person, None, message)
    return Status(202, job_out(job))
