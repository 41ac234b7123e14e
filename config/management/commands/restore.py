"""`manage.py restore SOURCE`: put a backup in the place of the present data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from config.environment import environment
from config.launcher.backup import restore_backup
from config.launcher.checks import only_launcher, prepare_data_folder
from config.launcher.problem import LaunchProblem


class Command(BaseCommand):
    help = "Replace the data folder by a backup. The studio must be stopped."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", type=Path, help="A zip written by `manage.py backup`.")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        folder = environment().data
        connection.close()
        try:
            prepare_data_folder(folder)
            with only_launcher(folder):
                kept = restore_backup(options["source"], folder)
        except (LaunchProblem, OSError) as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(f"Restored into {folder}.")
        if kept is not None:
            self.stdout.write(f"The former data is kept in {kept}.")
