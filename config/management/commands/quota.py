"""`manage.py quota`: who uses how much, and limits for one person or project."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.limits import Limit, set_allowance
from accounts.models import Allowance, Person, Project
from storage import quotas
from storage.disk import MEGABYTE

OF_PROJECT = {Limit.PROJECT_MB, Limit.NETWORKS}


class Command(BaseCommand):
    help = (
        "List what people hold, or set limits: `quota ada@example.org person_quota_mb=300000"
        " run_hours=48`, `quota --project ID quota_mb=100000`. `default` goes back to the setting."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("words", nargs="*", metavar="EMAIL | LIMIT=VALUE")
        parser.add_argument("--project", metavar="ID", help="Set limits of this project.")
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
            own = ", ".join(str(each) for each in Allowance.objects.filter(person=person))
            self.stdout.write(
                f"{person.email}: {used / MEGABYTE:,.0f} of"
                f" {most / MEGABYTE:,.0f} MB" + (f" ({own})" if own else "")
            )
        for allowance in Allowance.objects.exclude(project=None).select_related("project"):
            self.stdout.write(f"Project {allowance.project} ({allowance.project_id}): {allowance}")

    def _recount(self) -> None:
        for project in Project.objects.order_by("name"):
            wrong = quotas.recount(project)
            if wrong:
                self.stdout.write(f"{project.name}: corrected by {wrong:,} bytes.")


def _holder(emails: list[str], project_id: str | None) -> Person | Project:
    if (len(emails) == 1) == (project_id is not None):
        raise CommandError("Name one person by e-mail address, or a project with --project.")
    if project_id is not None:
        found: Person | Project | None = Project.objects.filter(pk=project_id).first()
    else:
        found = Person.objects.filter(email=emails[0].lower()).first()
    if found is None:
        raise CommandError(f"There is no {project_id or emails[0]}.")
    return found


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
