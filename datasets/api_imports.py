"""Bringing images in: folders to choose from, imports and their reports."""

from __future__ import annotations

from ninja import Router, Status

from accounts.auth import PersonRequest
from datasets import schemas, selectors
from datasets.access import access_dataset, access_import
from datasets.ingest import folders, start
from jobs.schemas import JobOut
from jobs.selectors import job_out

router = Router(tags=["datasets"])


@router.get("/import-roots", response=schemas.ImportFolders, operation_id="list_import_folders")
def list_import_folders(request: PersonRequest, path: str | None = None) -> schemas.ImportFolders:
    """Folders of the server that may be brought in, below NETLOOM_IMPORT_ROOTS only."""
    del request
    return folders.listing(path)


@router.post("/datasets/{dataset_id}/imports", response={202: JobOut}, operation_id="create_import")
def create_import(
    request: PersonRequest, dataset_id: str, payload: schemas.NewImport
) -> Status[JobOut]:
    """Bring files in, in the background. The job's result is `{"report_id": ...}`."""
    dataset = access_dataset(request.person, dataset_id, "edit")
    job = start.start_import(dataset, request.person, payload.source, payload.options)
    return Status(202, job_out(job))


@router.get(
    "/datasets/{dataset_id}/imports",
    response=list[schemas.ImportReport],
    operation_id="list_imports",
)
def list_imports(request: PersonRequest, dataset_id: str) -> list[schemas.ImportReport]:
    """Reports of the latest imports, newest first."""
    return selectors.import_list(access_dataset(request.person, dataset_id, "view"))


@router.get("/imports/{import_id}", response=schemas.ImportReport, operation_id="get_import")
def get_import(request: PersonRequest, import_id: str) -> schemas.ImportReport:
    """The report of one import."""
    return selectors.import_report(access_import(request.person, import_id, "view"))
