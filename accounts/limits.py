"""How much one person and one project may use: the settings, unless the operator said otherwise.

What is counted against a limit is counted while `counting_for` holds the person: two requests at
once never both take the last place.
"""

from __future__ import annotations

from enum import StrEnum

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Allowance, Membership, Person, Project, Role


class Limit(StrEnum):
    """Each is the name of a setting."""

    PROJECT_MB = "quota_mb"
    NETWORKS = "project_networks"
    PERSON_MB = "person_quota_mb"
    UPLOADS = "open_uploads"
    INTERACTIVE_JOBS = "interactive_jobs"
    BULK_JOBS = "bulk_jobs"
    RUNS = "queued_runs"
    RUN_HOURS = "run_hours"
    WEEK_HOURS = "week_run_hours"


def limit_of_person(limit: Limit, person: Person | None) -> float:
    """What a person may use."""
    found = Allowance.objects.filter(limit=limit, person=person) if person else None
    return _chosen(limit, found)


def limit_of_project(limit: Limit, project: Project) -> float:
    """What a project may use."""
    return _chosen(limit, Allowance.objects.filter(limit=limit, project=project))


def set_allowance(limit: Limit, holder: Person | Project, value: float | None) -> None:
    """Set a limit for one person or project; None goes back to the setting."""
    person = holder if isinstance(holder, Person) else None
    project = holder if isinstance(holder, Project) else None
    if value is None:
        Allowance.objects.filter(limit=limit, person=person, project=project).delete()
        return
    Allowance.objects.update_or_create(
        limit=limit, person=person, project=project, defaults={"value": value}
    )


def counting_for(person: Person) -> None:
    """Let nobody else count for this person until the caller's transaction ends.

    Take it before any other lock. SQLite's transactions exclude each other by themselves.
    """
    Person.objects.select_for_update(no_key=True).values_list("pk").get(pk=person.pk)


def accountable_person(project: Project) -> Person | None:
    """Whose quota a project counts for: its longest-standing owner."""
    owners = project.memberships.filter(role=Role.OWNER).order_by("id")
    membership = owners.select_related("person").first()
    return membership.person if membership else None


def accountable_projects(person: Person) -> QuerySet[Project]:
    """The projects that count for a person, those in the bin included."""
    elder = Membership.objects.filter(
        project=OuterRef("project"), role=Role.OWNER, id__lt=OuterRef("id")
    )
    counted = Membership.objects.filter(~Exists(elder), person=person, role=Role.OWNER)
    return Project.objects.filter(pk__in=counted.values("project"))


def _chosen(limit: Limit, found: QuerySet[Allowance] | None) -> float:
    allowance = found.first() if found is not None else None
    return allowance.value if allowance else float(getattr(settings.ENVIRONMENT, limit))
