"""Projects and their members."""

from __future__ import annotations

from ninja import Router, Status

from accounts import selectors, services
from accounts.access import access_project
from accounts.answers import member_out
from accounts.auth import PersonRequest
from accounts.models import Project
from accounts.schemas import MemberList, MemberOut, MemberPatch, ProjectIn, ProjectList, ProjectOut

router = Router()


@router.get("/projects", response=ProjectList, operation_id="list_projects", tags=["projects"])
def list_projects(request: PersonRequest) -> dict[str, object]:
    items = selectors.projects_of(request.person)
    return {"items": items, "total": len(items)}


@router.post(
    "/projects",
    response={201: ProjectOut},
    operation_id="create_project",
    tags=["projects"],
)
def create_project(request: PersonRequest, payload: ProjectIn) -> Status[Project]:
    project = services.create_project(request.person, payload.name)
    return Status(201, selectors.project_for(request.person, project))


@router.get(
    "/projects/{project_id}",
    response=ProjectOut,
    operation_id="get_project",
    tags=["projects"],
)
def get_project(request: PersonRequest, project_id: str) -> Project:
    project = access_project(request.person, project_id, "view")
    return selectors.project_for(request.person, project)


@router.patch(
    "/projects/{project_id}",
    response=ProjectOut,
    operation_id="rename_project",
    tags=["projects"],
)
def rename_project(request: PersonRequest, project_id: str, payload: ProjectIn) -> Project:
    project = access_project(request.person, project_id, "own")
    services.rename_project(project, payload.name)
    return selectors.project_for(request.person, project)


@router.delete(
    "/projects/{project_id}",
    response={204: None},
    operation_id="delete_project",
    tags=["projects"],
)
def delete_project(request: PersonRequest, project_id: str) -> Status[None]:
    """Into the bin: everything in it is kept, nobody sees it."""
    services.delete_project(access_project(request.person, project_id, "own"), request.person)
    return Status(204, None)


@router.get(
    "/projects/{project_id}/members",
    response=MemberList,
    operation_id="list_members",
    tags=["members"],
)
def list_members(request: PersonRequest, project_id: str) -> MemberList:
    project = access_project(request.person, project_id, "view")
    items = [member_out(membership) for membership in selectors.members_of(project)]
    return MemberList(items=items, total=len(items))


@router.patch(
    "/projects/{project_id}/members/{person_id}",
    response=MemberOut,
    operation_id="change_member",
    tags=["members"],
)
def change_member(
    request: PersonRequest, project_id: str, person_id: str, payload: MemberPatch
) -> MemberOut:
    project = access_project(request.person, project_id, "own")
    return member_out(services.change_role(project, person_id, payload.role))


@router.delete(
    "/projects/{project_id}/members/{person_id}",
    response={204: None},
    operation_id="remove_member",
    tags=["members"],
)
def remove_member(request: PersonRequest, project_id: str, person_id: str) -> Status[None]:
    """An owner removes anyone; everybody may leave."""
    leaves = person_id == request.person.id
    project = access_project(request.person, project_id, "view" if leaves else "own")
    services.remove_member(project, person_id)
    return Status(204, None)
