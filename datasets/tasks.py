"""Background work on datasets."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from django.utils import timezone

from common.errors import Code, Problem
from datasets import previews
from datasets.ingest.folders import allowed_folder
from datasets.ingest.report import Report
from datasets.ingest.run import ImportRun, mark_started
from datasets.ingest.sources import FolderSource, Source, UploadSource
from datasets.ingest.start import JOB_KIND, upload_ids_of
from datasets.ingest.table import read_table
from datasets.log import BATCH, tell_items_changed
from datasets.models import Dataset, Import, Item
from datasets.samples import SampleSource
from datasets.services import remove_items
from jobs.models import FINISHED, Job, JobState, Lane
from jobs.registry import job_kind
from jobs.running import JobStopped, RunningJob
from storage.disk import scratch_folder
from storage.models import Upload
from storage.uploads import discard_upload, local_upload

# After these the same files would fail the same way: nobody needs them again.
HOPELESS = (Code.ARCHIVE_REFUSED, Code.IMPORT_EMPTY, Code.IMPORT_FAILED)


def import_ended(job: Job) -> None:
    """Keep the report's state with its job's, also of jobs that never ran."""
    if job.state in FINISHED:
        Import.objects.filter(pk=job.payload["import_id"]).update(
            state=job.state, finished_at=timezone.now()
        )
        for dataset in Dataset.objects.filter(imports=job.payload["import_id"]):
            tell_items_changed(dataset)
    if job.state in (JobState.CANCELLED, JobState.FAILED):
        report = Import.objects.filter(pk=job.payload["import_id"]).first()
        if report is not None:
            _take_back(report, JobState(job.state))  # what is left when its worker died for good
            if job.state == JobState.CANCELLED:
                _discard_uploads(report)


@job_kind(JOB_KIND, lane=Lane.BULK, max_attempts=3, on_state=import_ended)
def run_import(job: RunningJob) -> dict[str, Any]:
    """Bring files in; cancelled or failed, it takes out again what it had brought."""
    report = Import.objects.select_related("dataset__project").get(pk=job.payload["import_id"])
    mark_started(report)
    try:
        counts = _run(report, job)
    except JobStopped:
        if not (job.is_lease_lost or job.is_worker_stopping):
            _take_back(report, JobState.CANCELLED)
        raise
    except Problem as problem:
        _take_back(report, JobState.FAILED)
        if problem.code in HOPELESS:
            _discard_uploads(report)
        raise
    _discard_uploads(report)
    return {
        "report_id": report.pk,
        "num_added": counts.num_added,
        "num_duplicates": counts.num_duplicates,
        "num_conflicts": counts.num_conflicts,
        "num_skipped": counts.num_skipped,
    }


job_kind(previews.JOB_KIND, lane=Lane.INTERACTIVE)(previews.run_preview)


def _run(report: Import, job: RunningJob) -> Report:
    source = report.source
    if source["type"] == "sample":
        sample = SampleSource(source["id"])
        run = ImportRun(
            report, sample, person=job.person, progress=job.progress, fixed_splits=sample.split_of
        )
        return _finish(run, report)
    with scratch_folder() as folder:
        return _run_files(report, job, dict(_upload_files(upload_ids_of(source), folder)))


def _run_files(report: Import, job: RunningJob, files: dict[str, tuple[str, Path]]) -> Report:
    source, table = report.source, None
    if source["type"] == "csv":
        _, path = files.pop(source["upload_id"])
        table = read_table(path)
    folder = source.get("path") or source.get("folder")
    opened: Source = (
        FolderSource(allowed_folder(folder)) if folder else UploadSource(list(files.values()))
    )
    with closing(opened):
        run = ImportRun(report, opened, person=job.person, table=table, progress=job.progress)
        return _finish(run, report)


def _finish(run: ImportRun, report: Import) -> Report:
    try:
        return run.run()
    finally:
        run.counts.save(report)


def _upload_files(upload_ids: list[str], folder: Path) -> list[tuple[str, tuple[str, Path]]]:
    uploads = Upload.objects.in_bulk(upload_ids)
    if len(uploads) != len(set(upload_ids)):
        raise Problem(
            Code.FILE_MISSING,
            "The uploaded files are no longer there.",
            "Upload them again.",
        )
    return [
        (key, (uploads[key].file_name, local_upload(uploads[key], folder))) for key in upload_ids
    ]


def _take_back(report: Import, why: JobState) -> None:
    """Move what an ended import brought to the bin; bringing it in again revives it."""
    num_taken = 0
    brought = Item.objects.filter(brought_by=report, is_removed=False)
    while ids := list(brought.values_list("pk", flat=True)[:BATCH]):
        num_taken += remove_items(report.dataset, report.created_by, ids)
    if not num_taken and (report.notes or why == JobState.FAILED):
        return
    note = f"{why.label}: nothing was brought in."
    if num_taken:
        note = f"{why.label}: the {num_taken:,} images it had brought were taken out again."
    report.notes = [note]
    Import.objects.filter(pk=report.pk).update(notes=report.notes, num_added=0, classes={})


def _discard_uploads(report: Import) -> None:
    for upload in Upload.objects.filter(pk__in=upload_ids_of(report.source)):
        discard_upload(upload)
