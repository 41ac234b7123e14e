"""`manage.py createuser EMAIL NAME`: make an account."""

from __future__ import annotations

import getpass
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services import create_person
from common.errors import Problem


class Command(BaseCommand):
    help = (
        "Make an account with the sample project in it. Asks for the password; without a terminal"
        " the first line of standard input is the password."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name")
        parser.add_argument("--operator", action="store_true", help="May run the installation.")
        parser.add_argument(
            "--no-password", action="store_true", help="Only sign-in links and tokens."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        password = None if options["no_password"] else _ask_password()
        try:
            person = create_person(
                options["email"], options["name"], password, is_operator=options["operator"]
            )
        except Problem as problem:
            raise CommandError(f"{problem.detail} {problem.next_step}") from None
        if password is None:
            self.stdout.write(
                f"{person.name} <{person.email}> has an account without a password. A link to sign"
                f" in, once, within ten minutes: manage.py signin {person.email}"
            )
        else:
            self.stdout.write(f"{person.name} <{person.email}> can sign in now.")


def _ask_password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise CommandError(
            "There is no terminal to ask for the password. Run this in one, write the password to"
            " standard input, or add --no-password and send the link that `manage.py signin EMAIL`"
            " prints."
        )
    return password
