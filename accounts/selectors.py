"""What is read about people and projects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Count, F, Model, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.access import visible_projects
from accounts.models import ApiToken, Membership, Person, Project, Role

_counted: dict[str, type[Model]] = {}


def register_project_count(name: str, model: type[Model]) -> None:
    """Let an app tell how many of its things each project has.

    Args:
        name: A field of ProjectOut: num_networks, num_datasets or num_runs.
        model: Has a `project` and a `deleted_at`; what is in the bin does not count.
    """
    _counted[name] = model


def projects_of(person: Person) -> list[Project]:
    """A person's projects by name, each with `role`, first `owner` and the registered counts."""
    owners = Membership.objects.filter(project=OuterRef("pk"), role=Role.OWNER)
    owner = owners.order_by("created_at", "id").values("person__name")[:1]
    projects = list(
        visible_projects(person)
        .annotate(role=F("memberships__role"), owner=Coalesce(Subquery(owner), Value("")))
        .order_by("name", "id")
    )
    return _with_counts(projects)


def project_for(person: Person, project: Project) -> Project:
    """One project as `projects_of` gives it."""
    found = visible_projects(person).annotate(role=F("memberships__role")).get(pk=project.pk)
    return _with_counts([found])[0]


def members_of(project: Project) -> QuerySet[Membership]:
    """Members in the order they joined."""
    return project.memberships.select_related("person").order_by("created_at", "id")


def tokens_of(person: Person) -> QuerySet[ApiToken]:
    """A person's API tokens, newest first."""
    return ApiToken.objects.filter(person=person).order_by("-created_at")


def counts_of(projects: Sequence[Project]) -> dict[str, str]:
    """`2 networks, 1 dataset, 3 runs` by project."""
    told: dict[str, str] = {}
    for project in _with_counts(projects):
        numbers = [(name.removeprefix("num_"), getattr(project, name)) for name in _counted]
        told[project.id] = ", ".join(
            f"{number:,} {name.removesuffix('s') if number == 1 else name}"
            for name, number in numbers
        )
    return told


def _with_counts(projects: Iterable[Project]) -> list[Project]:
    listed = list(projects)
    ids = [project.id for project in listed]
    for name, model in _counted.items():
        rows = model._default_manager.filter(project__in=ids, deleted_at=None).order_by()
        counts = dict(rows.values_list("project_id").annotate(Count("pk")))
        for project in listed:
            setattr(project, name, counts.get(project.id, 0))
    return listed
