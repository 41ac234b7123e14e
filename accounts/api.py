"""Session, projects, members, invitations and API tokens."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest
from django.middleware.csrf import get_token
from ninja import Router, Status

import netloom
from accounts import invitations, selectors, services
from accounts.access import access_project, may
from accounts.auth import PersonRequest
from accounts.models import Invitation, Membership, Person, Project
from accounts.schemas import (
    ApiTokenIn,
    ApiTokenList,
    ApiTokenOut,
    Installation,
    InvitationAccept,
    InvitationIn,
    InvitationList,
    InvitationLook,
    InvitationOut,
    InvitationToken,
    MemberList,
    MemberOut,
    MemberPatch,
    PersonOut,
    ProjectIn,
    ProjectList,
    ProjectOut,
    ProjectRef,
    RoleName,
    SessionOut,
    SessionPatch,
    SigninByLink,
    SigninByPassword,
)
from accounts.throttle import guess
from common.errors import Code, Problem, not_found

router = Router()
BACKEND = "django.contrib.auth.backends.ModelBackend"


@router.get(
    "/session",
    auth=None,
    response=SessionOut,
    operation_id="get_session",
    tags=["session"],
)
def get_session(request: HttpRequest) -> SessionOut:
    return _session(request, getattr(request, "person", None))


@router.post(
    "/session/link",
    auth=None,
    response=SessionOut,
    operation_id="sign_in_by_link",
    tags=["session"],
)
def sign_in_by_link(request: HttpRequest, payload: SigninByLink) -> SessionOut:
    """The token travels in the fragment of the link, so that no log ever sees it."""
    with guess(request):
        person = services.redeem_signin_link(payload.token)
    login(request, person, backend=BACKEND)
    return _session(request, person)


@router.post(
    "/session/password",
    auth=None,
    response=SessionOut,
    operation_id="sign_in_by_password",
    tags=["session"],
)
def sign_in_by_password(request: HttpRequest, payload: SigninByPassword) -> SessionOut:
    with guess(request, payload.email):
        person = authenticate(request, username=payload.email.lower(), password=payload.password)
        if not isinstance(person, Person):
            raise Problem(
                Code.SIGN_IN_REFUSED,
                "E-mail address and password do not belong together.",
                "Check both, or ask for a sign-in link.",
            )
    login(request, person, backend=BACKEND)
    return _session(request, person)


@router.delete(
    "/session",
    auth=None,
    response={204: None},
    operation_id="sign_out",
    tags=["session"],
)
def sign_out(request: HttpRequest) -> Status[None]:
    person = getattr(request, "person", None)
    logout(request)
    if person is not None:
        services.close_sockets_of(person.id)
    return Status(204, None)


@router.patch("/session", response=SessionOut, operation_id="update_session", tags=["session"])
def update_session(request: PersonRequest, payload: SessionPatch) -> SessionOut:
    person = request.person
    if payload.last_project_id is not None:
        access_project(person, payload.last_project_id, "view")
    if payload.password is not None:
        _change_password(request, payload.current_password, payload.password)
    services.update_person(
        person,
        name=payload.name,
        theme=payload.theme,
        last_project_id=payload.last_project_id,
    )
    return _session(request, person)


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
    items = [_member(membership) for membership in selectors.members_of(project)]
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
    return _member(services.change_role(project, person_id, payload.role))


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


@router.get(
    "/projects/{project_id}/invitations",
    response=InvitationList,
    operation_id="list_invitations",
    tags=["invitations"],
)
def list_invitations(request: PersonRequest, project_id: str) -> InvitationList:
    project = access_project(request.person, project_id, "own")
    found = invitations.open_invitations().filter(project=project).order_by("-created_at")
    items = [_invitation(invitation) for invitation in found.select_related("created_by")]
    return InvitationList(items=items, total=len(items))


@router.post(
    "/projects/{project_id}/invitations",
    response={201: InvitationOut},
    operation_id="create_invitation",
    tags=["invitations"],
)
def create_invitation(
    request: PersonRequest, project_id: str, payload: InvitationIn
) -> Status[InvitationOut]:
    project = access_project(request.person, project_id, "own")
    invitation, token = invitations.invite(project, request.person, payload.role, payload.email)
    url = _page_url(request, f"invitation#token={token}")
    return Status(201, _invitation(invitation, url))


@router.post(
    "/invitations/look",
    auth=None,
    response=InvitationLook,
    operation_id="look_at_invitation",
    tags=["invitations"],
)
def look_at_invitation(request: HttpRequest, payload: InvitationToken) -> InvitationLook:
    """Who invites to which project; only the holder of a valid link is told."""
    with guess(request):
        invitation = invitations.look_at_invitation(payload.token)
    return InvitationLook(
        project_name=invitation.project.name,
        inviter_name=invitation.created_by.name,
        role=cast(RoleName, invitation.role),
        email=invitation.email,
        expires_at=invitation.expires_at,
    )


@router.post(
    "/invitations/accept",
    auth=None,
    response=SessionOut,
    operation_id="accept_invitation",
    tags=["invitations"],
)
def accept_invitation(request: HttpRequest, payload: InvitationAccept) -> SessionOut:
    """Join with the account signed in, or make one."""
    signed_in: Person | None = getattr(request, "person", None)
    with guess(request):
        person = invitations.accept_invitation(
            payload.token,
            signed_in,
            name=payload.name or "",
            email=payload.email or "",
            password=payload.password,
        )
    if signed_in is None:
        login(request, person, backend=BACKEND)
    return _session(request, person)


@router.delete(
    "/invitations/{invitation_id}",
    response={204: None},
    operation_id="withdraw_invitation",
    tags=["invitations"],
)
def withdraw_invitation(request: PersonRequest, invitation_id: str) -> Status[None]:
    invitation = Invitation.objects.filter(pk=invitation_id, accepted_at=None).first()
    if invitation is None or not may(request.person, invitation.project_id, "own"):
        raise not_found("invitation")
    invitation.delete()
    return Status(204, None)


@router.get("/tokens", response=ApiTokenList, operation_id="list_tokens", tags=["tokens"])
def list_tokens(request: PersonRequest) -> dict[str, object]:
    items = list(selectors.tokens_of(request.person))
    return {"items": items, "total": len(items)}


@router.post("/tokens", response={201: ApiTokenOut}, operation_id="create_token", tags=["tokens"])
def create_token(request: PersonRequest, payload: ApiTokenIn) -> Status[ApiTokenOut]:
    _require_session(request, "API tokens are made")
    made, token = services.create_token(request.person, payload.name)
    out = ApiTokenOut(
        id=made.id,
        name=made.name,
        created_at=made.created_at,
        last_used_at=None,
        token=token,
    )
    return Status(201, out)


@router.delete(
    "/tokens/{token_id}",
    response={204: None},
    operation_id="delete_token",
    tags=["tokens"],
)
def delete_token(request: PersonRequest, token_id: str) -> Status[None]:
    services.delete_token(request.person, token_id)
    return Status(204, None)


def _change_password(request: PersonRequest, current: str | None, new: str) -> None:
    """Change it; wrong guesses at the present one count like failed sign-ins."""
    _require_session(request, "The password is changed")
    person = request.person
    with guess(request, person.email):
        services.change_password(person, current, new)
    login(request, person, backend=BACKEND)


def _require_session(request: PersonRequest, what: str) -> None:
    """Refuse a program: a token that leaked must not be able to take the account over."""
    if request.has_bearer_token:
        raise Problem(
            Code.SIGN_IN_REFUSED,
            f"{what} by a person who has signed in, not with an API token.",
            "Sign in to the studio and do it under Account.",
        )


def _session(request: HttpRequest, person: Person | None) -> SessionOut:
    projects = selectors.projects_of(person) if person else []
    known = {project.id for project in projects}
    last = person.last_project_id if person and person.last_project_id in known else None
    return SessionOut(
        person=_person(person) if person else None,
        csrf_token=get_token(request),
        projects=[ProjectRef.from_orm(project) for project in projects],
        installation=Installation(version=netloom.__version__, name="Netloom"),
        last_project_id=last or (projects[0].id if projects else None),
    )


def _person(person: Person) -> PersonOut:
    return PersonOut(
        id=person.id,
        name=person.name,
        email=person.email,
        theme=person.theme,
        has_password=person.has_usable_password(),
    )


def _member(membership: Membership) -> MemberOut:
    return MemberOut(
        person_id=membership.person_id,
        name=membership.person.name,
        email=membership.person.email,
        role=cast(RoleName, membership.role),
        joined_at=membership.created_at,
    )


def _invitation(invitation: Invitation, url: str | None = None) -> InvitationOut:
    return InvitationOut(
        id=invitation.id,
        role=cast(RoleName, invitation.role),
        email=invitation.email,
        inviter_name=invitation.created_by.name,
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
        url=url,
    )


def _page_url(request: HttpRequest, page: str) -> str:
    """Address of a page of the app; the host was checked against ALLOWED_HOSTS."""
    base = settings.ENVIRONMENT.public_url or f"{request.scheme}://{request.get_host()}"
    return f"{base}/{page}"
