"""Ways into a project: one-time links that an owner makes."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Invitation, Membership, Person, Project, Role
from accounts.services import check_email, create_person, hash_token, refuse_more
from common.errors import Code, Problem

INVITATION_LIFETIME = timedelta(days=7)
MAX_OPEN_INVITATIONS = 100


def invite(
    project: Project, created_by: Person, role: str, email: str = ""
) -> tuple[Invitation, str]:
    """Make a one-time link into a project; the token is returned once and never kept."""
    if email:
        check_email(email)
    still_open = project.invitations.filter(accepted_at=None, expires_at__gt=timezone.now())
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
    with transaction.atomic():
        invitation = _redeem(token)
        if person is None:
            if not password:
                raise Problem(
                    Code.INVALID,
                    "A new account needs a password.",
                    "Choose one of at least ten characters.",
                )
            person = create_person(invitation.email or email, name, password)
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


def _redeem(token: str) -> Invitation:
    """Use an invitation up; two tries at once cannot both win."""
    invitation = look_at_invitation(token)
    if not _open(token).filter(pk=invitation.pk).update(accepted_at=timezone.now()):
        raise _expired()
    return invitation


def _open(token: str) -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        token_hash=hash_token(token),
        accepted_at=None,
        expires_at__gt=timezone.now(),
        project__deleted_at=None,
    )


def _expired() -> Problem:
    return Problem(
        Code.LINK_EXPIRED,
        "This invitation has been used, withdrawn or is older than a week.",
        "Ask the person who sent it for a new one.",
    )


def _is_stronger(role: str, than: str) -> bool:
    order = [choice.value for choice in Role]
    return order.index(role) < order.index(than)
