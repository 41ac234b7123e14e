"""Who may do what: the one way to a project, and with it to everything inside one.

    view    read anything of the project
    label   say what an item of a dataset shows
    edit    change networks and datasets, start runs
    own     rename or delete the project, decide about its members

Not allowed and not existing are the same answer, 404; only a member, who sees that it exists, is
told that it is the role, or that it is in the bin. An app's own `access_X` fetches its object
and passes the object's project here.
"""

from __future__ import annotations

from typing import Any, Literal

from django.db.models import QuerySet

from accounts.models import Membership, Person, Project, Role
from common.errors import Code, Problem, not_found

Action = Literal["view", "label", "edit", "own"]

ROLE_ACTIONS: dict[str, frozenset[Action]] = {
    Role.OWNER: frozenset({"view", "label", "edit", "own"}),
    Role.EDITOR: frozenset({"view", "label", "edit"}),
    Role.LABELER: frozenset({"view", "label"}),
    Role.VIEWER: frozenset({"view"}),
}


def access_project(
    person: Person, project_id: str, action: Action, what: str = "project"
) -> Project:
    """Fetch a project for an action; raises Problem not_found when that is not allowed.

    A member is told when the project is in the bin: Problem in_bin.

    Args:
        what: Names to a stranger what there is not: what they asked for, were it there or not.
    """
    membership = (
        Membership.objects.select_related("project")
        .filter(person=person, project_id=project_id)
        .first()
    )
    if membership is None or not person.is_active:
        raise not_found(what)
    if membership.project.deleted_at is not None:
        raise _in_bin(membership.project, "project", membership.role == Role.OWNER, "its owner")
    if action not in ROLE_ACTIONS[membership.role]:
        raise _beyond_role(membership.role, action)
    return membership.project


def require_role(person: Person, project_id: str, action: Action, what: str) -> None:
    """Check the right to something in a project; a stranger is told that there is no such `what`.

    Raises:
        Problem: `not_found`; to a member it names the role that it takes.
    """
    role = role_in(person, project_id)
    if role is None:
        raise not_found(what)
    if action not in ROLE_ACTIONS[role]:
        raise _beyond_role(role, action)


def access_binned_project(person: Person, project_id: str) -> Project:
    """Fetch a project of the bin, as one of its owners; raises Problem not_found."""
    project = binned_projects(person).filter(pk=project_id).first()
    if project is None:
        raise not_found("project in the bin")
    return project


def binned_projects(person: Person) -> QuerySet[Project]:
    """Projects in the bin that the person owns, last deleted first."""
    if not person.is_active:
        return Project.objects.none()
    owned = Membership.objects.filter(person=person, role=Role.OWNER)
    found = Project.objects.filter(pk__in=owned.values("project"), deleted_at__isnull=False)
    return found.select_related("deleted_by").order_by("-deleted_at", "pk")


def require_out_of_bin(person: Person, thing: Any, kind: str) -> None:
    """Tell a member that a network, dataset or run is in the bin, and whether it can come back.

    Args:
        thing: Of a project that was accessed; has `name`, `deleted_at` and `is_purging`.

    Raises:
        Problem: `in_bin`.
    """
    if thing.deleted_at is None:
        return
    may_restore = may(person, thing.project_id, "edit")
    raise _in_bin(thing, kind, may_restore, "an editor or owner of the project")


def _in_bin(thing: Any, kind: str, may_restore: bool, others: str) -> Problem:
    if thing.is_purging:
        next_step = "It is being deleted for good and cannot be put back any more."
    elif may_restore:
        next_step = "Put it back to use it again."
    else:
        next_step = f"Ask {others} to put it back."
    name = thing.name or f"This {kind}"
    return Problem(
        Code.IN_BIN,
        f"{name} is in the bin.",
        next_step,
        kind=kind,
        id=thing.pk,
        name=name,
        deleted_at=thing.deleted_at.isoformat(),
        can_restore=may_restore and not thing.is_purging,
    )


def _beyond_role(role: str, action: Action) -> Problem:
    """What a member is told: the status of `not_found`, but the true cause, which is no secret."""
    needed = next(name for name in reversed(ROLE_ACTIONS) if action in ROLE_ACTIONS[name])
    article = "an" if needed[0] in "aeiou" else "a"
    return Problem(
        Code.NOT_FOUND,
        f"Your role in this project is {role}; this takes {article} {needed}.",
        "Ask an owner of the project for that role.",
    )


def may(person: Person, project_id: str, action: Action) -> bool:
    """True when `access_project` would answer; for flags such as `can_edit`."""
    role = role_in(person, project_id)
    return role is not None and action in ROLE_ACTIONS[role]


def role_in(person: Person, project_id: str) -> str | None:
    """The person's role in a project that is not in the bin, None for a stranger."""
    if not person.is_active:
        return None
    return (
        Membership.objects.filter(person=person, project_id=project_id, project__deleted_at=None)
        .values_list("role", flat=True)
        .first()
    )


def visible_projects(person: Person) -> QuerySet[Project]:
    """Projects the person is a member of, for lists over several projects."""
    return Project.objects.filter(memberships__person=person, deleted_at=None)
