"""`manage.py export_run RUN FOLDER`: what `netloom train` needs to make the same numbers again."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from datasets.services import write_manifest
from storage.disk import scratch_folder
from storage.services import local_blob
from training.models import Run
from training.services import START_WEIGHTS, portable_spec


class Command(BaseCommand):
    help = "Write a run's specification, manifest and start weights into a folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", help="id of the run, as in its page's address")
        parser.add_argument("folder", type=Path, help="new or empty folder")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        folder: Path = options["folder"]
        run = Run.objects.filter(pk=options["run"]).first()
        if run is None:
            raise CommandError(f"There is no run {options['run']}. Its page's address has the id.")
        if folder.exists() and any(folder.iterdir()):
            raise CommandError(f"{folder} is not empty. Name a new folder.")
        folder.mkdir(parents=True, exist_ok=True)
        write_manifest(run.dataset_version, folder)
        if run.start_checkpoint is not None:
            with scratch_folder() as scratch:
                weights = local_blob(run.start_checkpoint.blob_id, scratch)
                shutil.copyfile(weights, folder / START_WEIGHTS)
        spec = folder / "spec.json"
        spec.write_text(portable_spec(run).model_dump_json(by_alias=True, indent=1))
        self.stdout.write(f"Run it with: cd {folder} && netloom train {spec.name}")
