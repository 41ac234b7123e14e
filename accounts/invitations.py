"""Ways into a project: one-time links that an owner makes."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.models import Invitation, Membership, Person, Project, Role
from accounts.services import (
    add_person,
    check_email,
    hash_token,
    prepare_person,
    refuse_more,
)
from common.errors import Code, Problem

INVITATION_LIFETIME = timedelta(days=7)
MAX_OPEN_INVITATIONS = 100


def invite(
    project: Project, created_by: Person, role: str, email: str = ""
) -> tuple[Invitation, str]:
    """Make a one-time link into a project; the token is returned once and never kept."""
    if email:
        check_email(email)
    still_open = open_invitations().filter(project=project)
    refuse_more(still_open, MAX_OPEN_INVITATIONS, "open invitations", "Withdraw one first.")
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        project=project,
        role=role,
        email=email.lower(),
        created_by=created_by,
        token_hash=hash_token(token),
        expires_at=timezone.now() + INVITATION_LIFETIME,
    )
    return invitation, token


def look_at_invitation(token: str) -> Invitation:
    """The invitation that a link is for, still open; raises Problem link_expired."""
    invitation = _open(token).select_related("project", "created_by").first()
    if invitation is None:
        raise _expired()
    return invitation


def accept_invitation(
    token: str, person: Person | None, *, name: str, email: str, password: str | None
) -> Person:
    """Join by link: with the account signed in, or with a new one."""
    invitation = look_at_invitation(token)
    is_new = person is None
    if person is None:
        if not password:
            raise Problem(
                Code.INVALID,
                "A new account needs a password.",
                "Choose one of at least ten characters.",
            )
        person = prepare_person(invitation.email or email, name, password)
    elif invitation.email and person.email != invitation.email:
        raise Problem(
            Code.INVALID,
            f"This invitation is for {invitation.email}; you are signed in as {person.email}.",
            "Sign out and open the link again, or ask for an invitation for this account.",
        )
    with transaction.atomic():
        _redeem(token, invitation)
        if is_new:
            add_person(person)
        membership, created = Membership.objects.get_or_create(
            person=person,
            project=invitation.project,
            defaults={"role": invitation.role},
        )
        if not created and _is_stronger(invitation.role, membership.role):
            membership.role = invitation.role
            membership.save(update_fields=["role"])
        person.last_project = invitation.project
        person.save(update_fields=["last_project"])
    return person


def open_invitations() -> QuerySet[Invitation]:
    """Invitations that somebody can still accept: whoever made one must still be an owner."""
    owners = Membership.objects.filter(
        project=OuterRef("project"), person=OuterRef("created_by"), role=Role.OWNER
    )
    return Invitation.objects.filter(
        Exists(owners),
        accepted_at=None,
        expires_at__gt=timezone.now(),
        created_by__is_active=True,
        project__deleted_at=None,
    )


def _redeem(token: str, invitation: Invitation) -> None:
    """Use an invitation up; two tries at once cannot both win."""
    if not _open(token).filter(pk=invitation.pk).update(accepted_at=timezone.now()):
        raise _expired()


def _open(token: str) -> QuerySet[Invitation]:
    return open_invitations().filter(token_hash=hash_token(token))


def _expired() -> Problem:
    return Problem(
        Code.LINK_EXPIRED,
        "This invitation was used or withdrawn, is older than a week, or came from somebody who"
        " is no owner any more.",
        "Ask the person who sent it for a new one.",
    )


def _is_stronger(role: str, than: str) -> bool:
    order = [choice.value for choice in Role]
    return order.index(role) < order.index(than)
