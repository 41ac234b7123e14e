"""`manage.py prepare`: what must be there before web and workers start."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.errors import Problem
from config.environment import environment
from config.launcher.database import prepare_database
from config.launcher.problem import LaunchProblem
from storage.store import the_store


class Command(BaseCommand):
    help = (
        "Make the bucket and bring the database up to date, where several machines share them."
        " `manage.py up` does the same for one machine."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        del args, options
        try:
            if the_store().prepare():
                self.stdout.write("Made the bucket.")
            prepare_database(environment().data)
        except Problem as problem:
            raise CommandError(f"{problem.detail} {problem.next_step}") from None
        except LaunchProblem as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write("The database is up to date.")
