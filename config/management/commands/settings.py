"""`manage.py settings`: every NETLOOM_ setting, its value and what it does."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from config.environment import PREFIX, Environment, environment

SECRET = ("secret_key", "database_url", "redis_url")


class Command(BaseCommand):
    help = "List every setting with its present value."

    def handle(self, *args: Any, **options: Any) -> None:
        del args, options
        present = environment()
        for name, field in Environment.model_fields.items():
            value = getattr(present, name)
            told = "(set)" if name in SECRET and value else repr(value)
            self.stdout.write(f"{PREFIX}{name.upper()} = {told}\n    {field.description}\n")
