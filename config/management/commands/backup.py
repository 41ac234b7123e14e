"""`manage.py backup TARGET`: one zip with everything that counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.environment import environment
from config.launcher.backup import write_backup
from config.launcher.problem import LaunchProblem


class Command(BaseCommand):
    help = "Write the database, the secrets and all files into one zip. The studio may run."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "target",
            type=Path,
            help="An existing folder, which gets a zip with the date in its name; or a file that"
            " ends in .zip.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        try:
            written = write_backup(environment().data, options["target"])
        except (LaunchProblem, OSError) as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(f"{written} ({written.stat().st_size / 1e6:.1f} MB)")
        if bucket := environment().s3_bucket:
            self.stdout.write(
                f"The files are in the bucket {bucket} and not in this backup: copy the bucket"
                " with its store's own tools, after this."
            )
