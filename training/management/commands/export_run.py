"""`manage.py export_run RUN FOLDER`: what `netloom train` needs to make the same numbers again."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.errors import Problem
from datasets.services import write_manifest
from storage.disk import scratch_folder
from storage.services import local_blob
from training.models import Run
from training.services import (
    MERGED_WEIGHTS,
    START_WEIGHTS,
    file_name_of,
    portable_spec,
    starts_of,
)

SPEC = "spec.json"


class Command(BaseCommand):
    help = (
        "Write a run's specification, images and start weights into a folder. Every path in it is"
        " relative, so the folder can be moved to another machine."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", help="id of the run, as in its page's address")
        parser.add_argument("folder", type=Path, help="new or empty folder")
        parser.add_argument(
            "--no-images",
            action="store_true",
            help="Name the images where they lie instead of copying them: takes no room, but the"
            " folder is of use on this machine alone, and as long as they are there.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        folder: Path = options["folder"]
        run = Run.objects.filter(pk=options["run"]).first()
        if run is None:
            raise CommandError(
                f"There is no run {options['run']} in the studio of {settings.DATA_FOLDER}. The"
                " address of its page has the id; NETLOOM_DATA has to name the studio's folder."
            )
        if folder.exists() and not folder.is_dir():
            raise CommandError(f"{folder} is a file. Name a new folder.")
        if folder.exists() and any(folder.iterdir()):
            raise CommandError(f"{folder} is not empty. Name a new folder.")
        try:
            with _whole_or_nothing(folder):
                _export(run, folder, with_images=not options["no_images"])
        except Problem as problem:
            raise CommandError(f"{problem.detail} {problem.next_step}") from None
        except OSError as error:
            raise CommandError(f"The run cannot be written to {folder}: {error}.") from None
        program = Path(sys.executable).with_name("netloom")
        self.stdout.write(
            f"Train it with: {shlex.join([str(program), 'train', str(folder / SPEC)])}"
        )
        if options["no_images"]:
            self.stdout.write("The images stay where they are; the folder is for this machine.")
        else:
            self.stdout.write("The images are in it: on another machine it trains just as well.")


@contextmanager
def _whole_or_nothing(folder: Path) -> Iterator[None]:
    """Leave no part of an export behind; the folder was new or empty."""
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _export(run: Run, folder: Path, *, with_images: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_manifest(run.dataset_version, folder, with_images=with_images)
    for start, stem in zip(starts_of(run), (START_WEIGHTS, MERGED_WEIGHTS), strict=True):
        name = file_name_of(stem, start)
        if start is not None and name is not None:
            with scratch_folder() as scratch:
                shutil.copyfile(local_blob(start.blob_id, scratch), folder / name)
    (folder / SPEC).write_text(portable_spec(run).model_dump_json(by_alias=True, indent=1))
