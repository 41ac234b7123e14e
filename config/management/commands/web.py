"""`manage.py web`: the web server alone."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.environment import environment


class Command(BaseCommand):
    help = "Serve pages, API and websocket until stopped. `manage.py up` starts this."
    # `manage.py up` starts several of these at once; `make check` runs the checks.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, help="Instead of NETLOOM_PORT.")
        parser.add_argument(
            "--fd", type=int, help="A socket that is open already, such as the launcher's."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        from config.server import serve

        env = environment()
        port = env.port if options["port"] is None else options["port"]
        serve(env.host, port, open_socket=options["fd"])
