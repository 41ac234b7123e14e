"""What people do with accounts and projects: one function an intent."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import (
    ApiToken,
    Membership,
    Person,
    Project,
    Role,
    SigninLink,
)
from common.errors import Code, Problem, not_found
from common.topics import close_sockets_of

SIGNIN_LINK_LIFETIME = timedelta(minutes=10)
MAX_PROJECTS = 100
MAX_TOKENS = 50
TOKEN_PREFIX = "netloom_"  # noqa: S105 - lets secret scanners recognise a leaked token

PersonHook = Callable[[Person, Project], None]
_person_hooks: list[PersonHook] = []
_bin_hooks: list[Callable[[Project], None]] = []


def on_person_created(hook: PersonHook) -> None:
    """Register what happens with a new person and their own project: the sample data."""
    _person_hooks.append(hook)


def create_person(
    email: str, name: str, password: str | None = None, *, is_operator: bool = False
) -> Person:
    """Make a person with a project of their own and, by hook, the sample in it."""
    return add_person(prepare_person(email, name, password, is_operator=is_operator))


def prepare_person(
    email: str, name: str, password: str | None = None, *, is_operator: bool = False
) -> Person:
    """Check what a new person is made of, and hash the password; nothing is written yet.

    Hashing takes a third of a second, in which a transaction would keep others from writing.
    """
    email = email.strip().lower()
    check_email(email)
    if password is not None:
        check_password(password)
    if Person.objects.filter(email=email).exists():
        raise _account_exists(email)
    person = Person(email=email, name=name.strip() or email, is_operator=is_operator)
    person.password = make_password(password)
    return person


def add_person(person: Person) -> Person:
    """Write a prepared person with all that comes with one."""
    with transaction.atomic():
        try:
            with transaction.atomic():  # the database decides between two who come at once
                person.save(force_insert=True)
        except IntegrityError:
            raise _account_exists(person.email) from None
        project = create_project(person, "Sample project")
        person.last_project = project
        person.save(update_fields=["last_project"])
    for hook in _person_hooks:
        hook(person, project)
    return person


def _account_exists(email: str) -> Problem:
    return Problem(Code.NAME_TAKEN, f"{email} already has an account.", "Sign in with it instead.")


def create_project(person: Person, name: str) -> Project:
    """Make a project owned by `person`; a hundred are enough for anyone."""
    owned = person.memberships.filter(role=Role.OWNER, project__deleted_at=None)
    refuse_more(owned, MAX_PROJECTS, "projects", "Delete one of yours first.")
    with transaction.atomic():
        project = Project.objects.create(name=name)
        Membership.objects.create(person=person, project=project, role=Role.OWNER)
    return project


def on_project_binned(hook: Callable[[Project], None]) -> None:
    """Register what ends when a project goes into the bin: what still runs in it."""
    _bin_hooks.append(hook)


def delete_project(project: Project, person: Person) -> None:
    """Move a project to the bin; what still runs in it is ended."""
    project.deleted_at = timezone.now()
    project.deleted_by = person
    project.save(update_fields=["deleted_at", "deleted_by"])
    for hook in _bin_hooks:
        hook(project)
    _close_sockets_of_members(project)


def restore_project(project: Project) -> None:
    """Take a project out of the bin, with everything in it.

    Raises:
        Problem: `in_use` when it is being deleted for good.
    """
    rows = Project.objects.filter(pk=project.pk, is_purging=False)
    if not rows.update(deleted_at=None, deleted_by=None):
        raise Problem(
            Code.IN_USE,
            f"{project.name} is being deleted for good.",
            "It cannot be put back any more.",
        )
    project.deleted_at = project.deleted_by = None
    _close_sockets_of_members(project)


def _close_sockets_of_members(project: Project) -> None:
    for person_id in project.memberships.values_list("person_id", flat=True):
        close_sockets_of(person_id)


def rename_project(project: Project, name: str) -> None:
    """Give a project another name."""
    project.name = name
    project.save(update_fields=["name"])


def update_person(
    person: Person, *, name: str | None, theme: str | None, last_project_id: str | None
) -> None:
    """Change what was given; the caller has checked access to the project."""
    given = {"name": name, "theme": theme, "last_project_id": last_project_id}
    changes = {field: value for field, value in given.items() if value is not None}
    for field, value in changes.items():
        setattr(person, field, value)
    if changes:
        person.save(update_fields=list(changes))


def change_password(person: Person, current: str | None, new: str) -> None:
    """Set a password; who has one must give it. Other sessions end."""
    if person.has_usable_password() and not person.check_password(current or ""):
        raise Problem(
            Code.SIGN_IN_REFUSED,
            "The present password is not right.",
            "Type it again to set a new one.",
        )
    check_password(new)
    person.set_password(new)
    person.save(update_fields=["password"])
    close_sockets_of(person.id)


def change_role(project: Project, person_id: str, role: str) -> Membership:
    """Give a member another role; the last owner stays one."""
    with transaction.atomic():
        membership = _membership(project, person_id)
        if membership.role == Role.OWNER and role != Role.OWNER:
            _keep_an_owner(project, person_id)
        membership.role = role
        membership.save(update_fields=["role"])
    close_sockets_of(person_id)
    return membership


def remove_member(project: Project, person_id: str) -> None:
    """End a membership; the last owner cannot leave."""
    with transaction.atomic():
        membership = _membership(project, person_id)
        if membership.role == Role.OWNER:
            _keep_an_owner(project, person_id)
        membership.delete()
    close_sockets_of(person_id)


def make_signin_link(person: Person) -> str:
    """Make the token of a sign-in link: single use, ten minutes."""
    token = secrets.token_urlsafe(32)
    SigninLink.objects.filter(expires_at__lt=timezone.now()).delete()
    SigninLink.objects.create(
        person=person,
        token_hash=hash_token(token),
        expires_at=timezone.now() + SIGNIN_LINK_LIFETIME,
    )
    return token


def redeem_signin_link(token: str) -> Person:
    """The person of a link, which is used up by this; two tries at once cannot both win."""
    now = timezone.now()
    links = SigninLink.objects.filter(
        token_hash=hash_token(token),
        used_at=None,
        expires_at__gt=now,
        person__is_active=True,
    )
    link = links.select_related("person").first()
    if link is None or not links.filter(pk=link.pk).update(used_at=now):
        raise Problem(
            Code.LINK_EXPIRED,
            "This sign-in link has been used or is older than ten minutes.",
            "Make a new one with `python manage.py signin`.",
        )
    return link.person


def create_token(person: Person, name: str) -> tuple[ApiToken, str]:
    """Make an API token; its text is returned once and never kept."""
    refuse_more(person.api_tokens.all(), MAX_TOKENS, "API tokens", "Delete one that is not used.")
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    made = ApiToken.objects.create(person=person, name=name, token_hash=hash_token(token))
    return made, token


def delete_token(person: Person, token_id: str) -> None:
    """Delete one's own token; what is connected with it is cut."""
    deleted, _ = ApiToken.objects.filter(person=person, id=token_id).delete()
    if not deleted:
        raise not_found("token")
    close_sockets_of(person.id)


def person_of_token(token: str) -> Person | None:
    """Who an API token belongs to, None when it is not known."""
    found = (
        ApiToken.objects.select_related("person")
        .filter(token_hash=hash_token(token), person__is_active=True)
        .first()
    )
    if found is None:
        return None
    now = timezone.now()
    if found.last_used_at is None or now - found.last_used_at > timedelta(minutes=1):
        with suppress(OperationalError):  # reading goes on while the database cannot be written
            ApiToken.objects.filter(pk=found.pk).update(last_used_at=now)
    return found.person


def hash_token(token: str) -> str:
    """Tokens are random and long: a plain hash cannot be searched."""
    return hashlib.sha256(token.encode()).hexdigest()


def check_password(password: str) -> None:
    """Raise Problem invalid when a password is too weak."""
    try:
        validate_password(password)
    except ValidationError as error:
        raise Problem(Code.INVALID, " ".join(error.messages), "Choose another password.") from None


def refuse_more(present: QuerySet[Any], most: int, what: str, next_step: str) -> None:
    """Raise Problem conflict when there are as many as anybody needs."""
    if present.count() >= most:
        raise Problem(Code.CONFLICT, f"There are {most} {what}; more are not made.", next_step)


def check_email(email: str) -> None:
    """Raise Problem invalid for what is no address."""
    try:
        validate_email(email)
    except ValidationError:
        raise Problem(
            Code.INVALID,
            f"'{email}' is not an e-mail address.",
            "Write it as name@example.org.",
        ) from None


def _membership(project: Project, person_id: str) -> Membership:
    """A member about to be changed, in turns: two last owners must not remove each other."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    membership = (
        Membership.objects.select_related("person")
        .filter(project=project, person_id=person_id)
        .first()
    )
    if membership is None:
        raise not_found("member")
    return membership


def _keep_an_owner(project: Project, person_id: str) -> None:
    others = project.memberships.filter(role=Role.OWNER).exclude(person_id=person_id)
    if not others.exists():
        raise Problem(
            Code.LAST_OWNER,
            "A project needs an owner.",
            "Make someone else an owner first.",
        )
