"""`manage.py worker LANE`: do background work."""

from __future__ import annotations

from typing import Any

from celery import current_app
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.models import Lane
from jobs.worker import serve


class Command(BaseCommand):
    help = "Do the background work of one lane until stopped. `manage.py up` starts these."
    # `manage.py up` starts several of these at once; `make check` runs the checks.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("lane", choices=Lane.values)

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        if not settings.REDIS_URL:
            raise CommandError(
                "There is no Redis to be woken by. Start the studio with `manage.py up`, or name"
                " a Redis with NETLOOM_REDIS_URL."
            )
        serve(current_app._get_current_object(), options["lane"])
