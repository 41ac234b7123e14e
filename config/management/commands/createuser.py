"""`manage.py createuser EMAIL NAME`: make an account."""

from __future__ import annotations

import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services import create_person
from common.errors import Problem


class Command(BaseCommand):
    help = "Make an account with the sample project in it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name")
        parser.add_argument("--operator", action="store_true", help="May run the installation.")
        parser.add_argument(
            "--no-password", action="store_true", help="Only sign-in links and tokens."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        password = None if options["no_password"] else getpass.getpass("Password: ")
        try:
            person = create_person(
                options["email"], options["name"], password, is_operator=options["operator"]
            )
        except Problem as problem:
            raise CommandError(f"{problem.detail} {problem.next_step}") from None
        self.stdout.write(f"{person.name} <{person.email}> can sign in now.")
