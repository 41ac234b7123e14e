"""`manage.py settings`: every NETLOOM_ setting, its value and what it does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from django.core.management.base import BaseCommand, CommandParser
from pydantic.fields import FieldInfo

from config.environment import PREFIX, SECRET_SETTINGS, Environment, environment

HEAD = """# Settings

<!-- Written by `make schema` from config/environment.py. -->

A setting is an environment variable: `NETLOOM_PORT=9000 make run`. One that does not fit or does
not exist is named at start. `.venv/bin/python manage.py settings` prints them with their present
values.

| Setting | Default | Meaning |
|---|---|---|
"""


class Command(BaseCommand):
    help = "List every setting with its present value."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--markdown", action="store_true", help="The page of the documentation instead."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        lines = _page() if options["markdown"] else _present()
        self.stdout.write("".join(lines), ending="")


def _present() -> Iterator[str]:
    present = environment()
    for name, field in Environment.model_fields.items():
        value = getattr(present, name)
        told = "(set)" if name in SECRET_SETTINGS and value else _typed(value)
        yield f"{PREFIX}{name.upper()} = {told}".rstrip() + f"\n    {field.description}\n\n"


def _typed(value: object) -> str:
    """A value as an operator would write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        parts = cast("list[object]", value)
        separator = os.pathsep if any(isinstance(part, Path) for part in parts) else ","
        return separator.join(map(str, parts))
    return str(value)


def _page() -> Iterator[str]:
    yield HEAD
    for name, field in Environment.model_fields.items():
        meaning = (field.description or "").replace("|", r"\|")
        yield f"| `{PREFIX}{name.upper()}` | {_default(name, field)} | {meaning} |\n"


def _default(name: str, field: FieldInfo) -> str:
    if name == "data":
        return "`$XDG_DATA_HOME/netloom`"
    value = field.get_default(call_default_factory=True, validated_data={})
    return f"`{value}`" if value not in ("", None, []) else ""
