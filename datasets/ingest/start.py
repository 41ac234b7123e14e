"""Asking for an import: what is named is checked now, the work is queued."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts.models import Person
from common.errors import Code, Problem
from datasets.ingest.folders import allowed_folder
from datasets.ingest.layout import GroupPattern
from datasets.models import Dataset, Import
from datasets.schemas import (
    CsvSource,
    FolderSource,
    ImportOptions,
    ImportSource,
    UploadSource,
)
from jobs.models import Job
from jobs.services import enqueue
from storage.access import access_complete_uploads

JOB_KIND = "datasets.import"


def start_import(
    dataset: Dataset, person: Person, source: ImportSource, options: ImportOptions
) -> Job:
    """Queue an import of files that the person may use.

    Raises:
        Problem: An upload is not there or not complete, a folder is not allowed, or the options
            leave nothing for training.
    """
    _check_options(options)
    title = _check_source(dataset, person, source)
    return queue_import(dataset, person, source.model_dump(mode="json"), options, title)


def queue_import(
    dataset: Dataset,
    person: Person | None,
    source: dict[str, Any],
    options: ImportOptions,
    title: str,
) -> Job:
    """Queue an import of what was checked; `title` is what lists call it."""
    with transaction.atomic():
        report = Import.objects.create(
            dataset=dataset,
            source=source,
            options=options.model_dump(mode="json"),
            title=title[:300],
            created_by=person,
        )
        job = enqueue(
            JOB_KIND,
            {"import_id": report.pk},
            person=person,
            project=dataset.project,
            subject=("dataset", dataset.pk),
            message=f"Waiting to bring in {title}"[:500],
        )
        report.job_id = job.pk
        report.save(update_fields=["job_id"])
    return job


def upload_ids_of(source: dict[str, Any]) -> list[str]:
    """Ids of the uploads that a stored source uses up."""
    if source["type"] == "upload":
        return list(source["upload_ids"])
    if source["type"] == "csv":
        return [each for each in (source["upload_id"], source["files_upload_id"]) if each]
    return []


def _check_options(options: ImportOptions) -> None:
    ratio = options.split_ratio
    if ratio is not None and ratio.validation + ratio.test >= 1:
        raise Problem(
            Code.INVALID,
            "Validation and test take everything; nothing is left for training.",
            "Choose shares that add up to less than 1.",
        )
    if options.group_pattern:
        try:
            GroupPattern(options.group_pattern)
        except ValueError as error:
            raise Problem(
                Code.INVALID,
                f"The group pattern cannot be used: {error}.",
                "Write for example {group}_* for the part of a file's name before the first _.",
            ) from None


def _check_source(dataset: Dataset, person: Person, source: ImportSource) -> str:
    """Check that everything named may be used; returns what lists call the import."""
    if isinstance(source, FolderSource):
        return allowed_folder(source.path).name
    if isinstance(source, CsvSource):
        if (source.files_upload_id is None) == (source.folder is None):
            raise Problem(
                Code.INVALID,
                "A CSV needs its files: an uploaded zip or a folder of the server, one of both.",
                "Add the zip with the images.",
            )
        if source.folder is not None:
            allowed_folder(source.folder)
    upload_ids = upload_ids_of(source.model_dump())
    uploads = access_complete_uploads(person, upload_ids, dataset.project_id)
    if isinstance(source, UploadSource) and len(uploads) > 1:
        return f"{len(uploads):,} files"
    return uploads[0].file_name
