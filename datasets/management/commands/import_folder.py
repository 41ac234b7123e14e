"""Bring a folder of this machine into a dataset, by reference."""

from __future__ import annotations

from argparse import ArgumentParser
from contextlib import closing
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Project
from common.errors import Problem
from datasets.ingest.folders import allowed_folder
from datasets.ingest.run import ImportRun, mark_started
from datasets.ingest.sources import FolderSource
from datasets.models import Dataset, Import
from datasets.schemas import ImportOptions, SplitRatio
from datasets.services import create_dataset


class Command(BaseCommand):
    help = (
        "Bring a folder of images below NETLOOM_IMPORT_ROOTS into a dataset. The files stay where"
        " they are; run it again to bring in what is new."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", help="Folder of class folders, or of split folders of them")
        parser.add_argument("--project", required=True, help="Name or id of the project")
        parser.add_argument(
            "--dataset", help="Name of the dataset; the folder's name when left out"
        )
        parser.add_argument("--validation", type=float, default=0.15, help="Share, 0 to 0.9")
        parser.add_argument("--test", type=float, default=0.15, help="Share, 0 to 0.9")
        parser.add_argument("--group-pattern", help="What belongs together, e.g. '{group}_*'")
        parser.add_argument("--no-labels", action="store_true", help="Folders are no classes")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        try:
            report = self._import(options)
        except Problem as problem:
            raise CommandError(f"{problem.detail} {problem.next_step}") from None
        self.stdout.write(
            f"{report.num_added:,} images are in {report.dataset.name}:"
            f" {report.num_duplicates:,} duplicates, {report.num_conflicts:,} conflicts,"
            f" {report.num_skipped:,} unusable."
        )
        for problem in report.problems[:20]:
            self.stdout.write(f"  {problem['file']}: {problem['reason']}")
        for note in report.notes:
            self.stdout.write(f"  {note}")

    def _import(self, options: dict[str, Any]) -> Import:
        folder = allowed_folder(options["folder"])
        dataset = self._dataset(options["project"], options["dataset"] or folder.name)
        chosen = ImportOptions(
            split_ratio=SplitRatio(validation=options["validation"], test=options["test"]),
            group_pattern=options["group_pattern"],
            label_from="none" if options["no_labels"] else "folder",
        )
        report = Import.objects.create(
            dataset=dataset,
            source={"type": "folder", "path": str(folder)},
            options=chosen.model_dump(mode="json"),
            title=folder.name,
        )
        mark_started(report)
        state = "failed"
        try:
            with closing(FolderSource(folder)) as source:
                run = ImportRun(report, source, person=None, progress=self._progress)
                run.run().save(report)
            state = "succeeded"
        finally:
            Import.objects.filter(pk=report.pk).update(state=state)
        report.refresh_from_db()
        return report

    def _dataset(self, project: str, name: str) -> Dataset:
        found = Project.objects.filter(deleted_at=None)
        matches = list(found.filter(pk=project) or found.filter(name=project))
        if len(matches) != 1:
            names = ", ".join(f"{each.name} ({each.pk})" for each in found[:20])
            raise CommandError(
                f"{len(matches)} projects are called {project!r}. There are: {names}"
            )
        dataset = Dataset.objects.filter(project=matches[0], name=name, deleted_at=None).first()
        return dataset or create_dataset(matches[0], None, name)

    def _progress(self, share: float | None, text: str) -> None:
        del share
        if self.stdout.isatty():
            self.stdout.write(f"\r{text:<70}", ending="")
