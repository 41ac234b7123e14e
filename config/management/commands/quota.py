"""`manage.py quota`: who uses how much, and limits for one person or project."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.limits import Limit, accountable_person, accountable_projects, set_allowance
from accounts.models import Allowance, Person, Project, Role
from storage import quotas
from storage.disk import MEGABYTE

OF_PROJECT = {Limit.PROJECT_MB, Limit.NETWORKS}


class Command(BaseCommand):
    help = (
        "List what people hold, or set limits: `quota ada@example.org person_quota_mb=300000"
        " run_hours=48`, `quota --project ID quota_mb=100000`. `default` goes back to the setting."
        " The list has the ids of projects."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("words", nargs="*", metavar="EMAIL | LIMIT=VALUE")
        parser.add_argument("--project", metavar="ID | NAME", help="Set limits of this project.")
        parser.add_argument(
            "--recount", action="store_true", help="Count what every project holds anew."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        if options["recount"]:
            self._recount()
        emails = [word for word in options["words"] if "=" not in word]
        wanted = [word for word in options["words"] if "=" in word]
        if not wanted:
            self._list(emails)
            return
        holder = _holder(emails, options["project"])
        for word in wanted:
            limit, value = _read(word, holder)
            set_allowance(limit, holder, value)
            told = "the setting again" if value is None else f"{value:g}"
            self.stdout.write(f"{holder.name}: {limit.value} is {told}.")

    def _list(self, emails: list[str]) -> None:
        people = Person.objects.order_by("email")
        if emails:
            people = people.filter(email__in=[email.lower() for email in emails])
        for person in people:
            used, most = quotas.used_bytes_of(person), quotas.quota_bytes_of(person)
            own = _told(Allowance.objects.filter(person=person))
            self.stdout.write(f"{person.email}: {_megabytes(used, most)}{own}")
            for project in accountable_projects(person).order_by("name", "pk"):
                self._list_project(project)
        ownerless = Project.objects.exclude(memberships__role=Role.OWNER)
        if not emails and ownerless.exists():
            self.stdout.write("Without an owner:")
            for project in ownerless.order_by("name", "pk"):
                self._list_project(project)

    def _list_project(self, project: Project) -> None:
        holds = _megabytes(quotas.used_bytes(project), quotas.quota_bytes(project))
        own = _told(Allowance.objects.filter(project=project))
        place = ", in the bin" if project.deleted_at else ""
        self.stdout.write(f"    {project.pk}  {project.name}: {holds}{own}{place}")

    def _recount(self) -> None:
        for project in Project.objects.order_by("name"):
            wrong = quotas.recount(project)
            if wrong:
                self.stdout.write(f"{project.name}: corrected by {wrong:,} bytes.")


def _megabytes(used_bytes: int, most_bytes: int) -> str:
    return f"{used_bytes / MEGABYTE:,.0f} of {most_bytes / MEGABYTE:,.0f} MB"


def _told(allowances: Iterable[Allowance]) -> str:
    own = ", ".join(str(each) for each in allowances)
    return f" ({own})" if own else ""


def _holder(emails: list[str], project: str | None) -> Person | Project:
    if (len(emails) == 1) == (project is not None):
        raise CommandError("Name one person by e-mail address, or a project with --project.")
    if project is not None:
        return _project(project)
    found = Person.objects.filter(email=emails[0].lower()).first()
    if found is None:
        raise CommandError(f"There is no {emails[0]}. `quota` alone lists everybody.")
    return found


def _project(id_or_name: str) -> Project:
    if found := Project.objects.filter(pk=id_or_name).first():
        return found
    named = list(Project.objects.filter(name=id_or_name).order_by("created_at"))
    if not named:
        raise CommandError(f"There is no project {id_or_name}. `quota` alone lists all with ids.")
    if len(named) > 1:
        each = ", ".join(f"{project.pk} of {_owner(project)}" for project in named)
        raise CommandError(f"{len(named)} projects are named {id_or_name}. Name one by id: {each}.")
    return named[0]


def _owner(project: Project) -> str:
    owner = accountable_person(project)
    return owner.email if owner else "nobody"


def _read(word: str, holder: Person | Project) -> tuple[Limit, float | None]:
    name, _, text = word.partition("=")
    known = [each for each in Limit if (each in OF_PROJECT) == isinstance(holder, Project)]
    if name not in [each.value for each in known]:
        names = ", ".join(each.value for each in known)
        raise CommandError(f"There is no limit {name} here; there are {names}.")
    if text == "default":
        return Limit(name), None
    try:
        value = float(text)
    except ValueError:
        raise CommandError(f"{text} is no number; write for example {name}=100.") from None
    if not 0 <= value < float("inf"):
        present = getattr(settings.ENVIRONMENT, name)
        raise CommandError(f"{name} has to be 0 or more; the setting is {present:g}.")
    return Limit(name), value
