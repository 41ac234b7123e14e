"""`manage.py signin [EMAIL]`: print a one-time sign-in link."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Person
from config.broker import runtime_file
from config.environment import environment
from config.launcher.people import operator, signin_url


class Command(BaseCommand):
    help = "Print a link that signs one person in, once, within ten minutes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", nargs="?", help="Whom; without it the operator.")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        email = options["email"]
        if email is None:
            person = operator()
        else:
            found = Person.objects.filter(email=email.lower(), is_active=True).first()
            if found is None:
                raise CommandError(f"Nobody here has the address {email}. See `createuser`.")
            person = found
        self.stdout.write(signin_url(_base_url(), person))


def _base_url() -> str:
    """The address of the running studio, else the one it will have."""
    env = environment()
    if env.public_url:
        return env.public_url
    try:
        return str(json.loads(runtime_file(env.data).read_text())["url"])
    except (OSError, ValueError, KeyError):
        return f"http://{env.host}:{env.port}"
