"""Inviting people to a project."""

from __future__ import annotations

from typing import cast

from django.contrib.auth import login
from django.http import HttpRequest
from ninja import Router, Status

from accounts import invitations
from accounts.access import access_project, may
from accounts.answers import invitation_out, page_url, session_out
from accounts.auth import PersonRequest
from accounts.models import Invitation, Person
from accounts.schemas import (
    InvitationAccept,
    InvitationIn,
    InvitationList,
    InvitationLook,
    InvitationOut,
    InvitationToken,
    RoleName,
    SessionOut,
)
from accounts.throttle import guess
from common.errors import not_found

router = Router()


@router.get(
    "/projects/{project_id}/invitations",
    response=InvitationList,
    operation_id="list_invitations",
    tags=["invitations"],
)
def list_invitations(request: PersonRequest, project_id: str) -> InvitationList:
    project = access_project(request.person, project_id, "own")
    found = invitations.open_invitations().filter(project=project).order_by("-created_at")
    items = [invitation_out(invitation) for invitation in found.select_related("created_by")]
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
    url = page_url(request, f"invitation#token={token}")
    return Status(201, invitation_out(invitation, url))


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
        login(request, person)
    return session_out(request, person)


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
