"""`manage.py export_schema --write|--check`: the committed schemas of everything on the wire."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Write the generated schemas, or fail when the committed ones are out of date."

    def add_arguments(self, parser: CommandParser) -> None:
        choice = parser.add_mutually_exclusive_group(required=True)
        choice.add_argument("--write", action="store_true", help="Write schema/*.json.")
        choice.add_argument("--check", action="store_true", help="Compare with schema/*.json.")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        folder = Path(settings.BASE_DIR) / "schema"
        stale = [
            name
            for name, schema in generated_schemas().items()
            if not _is_same(folder / name, schema, is_written=options["write"])
        ]
        if options["check"] and stale:
            raise CommandError(
                f"Out of date: {', '.join(sorted(stale))}. Run `make schema` and commit."
            )


def generated_schemas() -> dict[str, Any]:
    """File name to schema, of all that programs on the other side read."""
    from config.api import api
    from netloom.data.manifest import Manifest
    from netloom.schema_export import document_schema, layers_schema
    from netloom.train.events import EVENT
    from netloom.train.spec import TrainSpec

    return {
        "openapi.json": json.loads(json.dumps(api.get_openapi_schema(), default=str)),
        "document.json": document_schema(),
        "layers.json": layers_schema(),
        "events.json": EVENT.json_schema(),
        "manifest.json": Manifest.model_json_schema(),
        "train-spec.json": TrainSpec.model_json_schema(),
    }


def _is_same(path: Path, schema: Any, *, is_written: bool) -> bool:
    text = json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    same = path.is_file() and path.read_text(encoding="utf-8") == text
    if not same and is_written:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return same
