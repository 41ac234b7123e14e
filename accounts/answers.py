"""What the API tells of people, members and invitations."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import get_token

import netloom
from accounts import selectors
from accounts.models import Invitation, Membership, Person
from accounts.schemas import (
    Installation,
    InvitationOut,
    MemberOut,
    PersonOut,
    ProjectRef,
    RoleName,
    SessionOut,
)


def session_out(request: HttpRequest, person: Person | None) -> SessionOut:
    """Who is signed in, the projects to choose from, and the token that forms need."""
    projects = selectors.projects_of(person) if person else []
    known = {project.id for project in projects}
    last = person.last_project_id if person and person.last_project_id in known else None
    return SessionOut(
        person=person_out(person) if person else None,
        csrf_token=get_token(request),
        projects=[ProjectRef.from_orm(project) for project in projects],
        installation=Installation(version=netloom.__version__, name="Netloom"),
        last_project_id=last or (projects[0].id if projects else None),
    )


def person_out(person: Person) -> PersonOut:
    """What a person is told of their own account."""
    return PersonOut(
        id=person.id,
        name=person.name,
        email=person.email,
        theme=person.theme,
        has_password=person.has_usable_password(),
    )


def member_out(membership: Membership) -> MemberOut:
    """One member of a project."""
    return MemberOut(
        person_id=membership.person_id,
        name=membership.person.name,
        email=membership.person.email,
        role=cast(RoleName, membership.role),
        joined_at=membership.created_at,
    )


def invitation_out(invitation: Invitation, url: str | None = None) -> InvitationOut:
    """An open invitation; its address is known only when it is made."""
    return InvitationOut(
        id=invitation.id,
        role=cast(RoleName, invitation.role),
        email=invitation.email,
        inviter_name=invitation.created_by.name,
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
        url=url,
    )


def page_url(request: HttpRequest, page: str) -> str:
    """Address of a page of the app; the host was checked against ALLOWED_HOSTS."""
    base = settings.ENVIRONMENT.public_url or f"{request.scheme}://{request.get_host()}"
    return f"{base}/{page}"
