"""`manage.py up`: the whole studio, until Ctrl-C."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from config.environment import environment
from config.launcher.checks import (
    free_port,
    listen,
    only_launcher,
    prepare_data_folder,
    unusable_import_roots,
)
from config.launcher.problem import LaunchProblem

DEV_PORT = 5173


class Command(BaseCommand):
    help = "Start everything the studio needs and print one sign-in link."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dev", action="store_true", help="Serve the pages with Vite.")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        try:
            self._up(is_dev=options["dev"])
        except LaunchProblem as problem:
            raise CommandError(str(problem)) from None
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")

    def _up(self, *, is_dev: bool) -> None:
        from config.launcher.database import prepare_database
        from config.launcher.people import operator, signin_url
        from config.launcher.studio import Studio

        env = environment()
        began = time.monotonic()
        prepare_data_folder(env.data)
        for sentence in unusable_import_roots(env.import_roots):
            self.stderr.write(f"Warning: {sentence}")
        with only_launcher(env.data):
            door = listen(env.host, env.port)
            dev_port = _dev_port() if is_dev else None
            prepare_database(env.data)
            studio = Studio(env, door, dev_port=dev_port)
            with door, studio.running():
                url = signin_url(studio.base_url, operator())
                connection.close()
                self.stdout.write(
                    f"Netloom is ready after {time.monotonic() - began:.1f} s."
                    f" Open this link within ten minutes:\n\n    {url}\n\n"
                    f"Data: {env.data}\nStop with Ctrl-C."
                )
                self.stdout.flush()
                studio.watch()
            self.stdout.write("\nStopped.")


def _dev_port() -> int:
    """Vite's usual port, so that a bookmark stays right, else any."""
    try:
        return free_port("127.0.0.1", DEV_PORT)
    except LaunchProblem:
        return free_port("127.0.0.1", 0)
