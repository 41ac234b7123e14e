"""The endpoints of the zoo: browse, look at one, open it as a network."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from ninja import Router, Status
from pydantic import Field

from accounts.access import access_project
from accounts.auth import PersonRequest
from designer import zoo
from designer.zoo_schemas import (
    OpenZooEntry,
    ZooEntryOut,
    ZooPage,
    ZooTaskCount,
    ZooWeightsOut,
)
from jobs.schemas import JobOut
from jobs.selectors import job_out
from netloom.formats.zoo.catalogue import Column, catalogue_row, select
from storage.access import access_complete_upload

router = Router(tags=["zoo"])

MAX_PAGE = 200


@router.get("/zoo", response=ZooPage, operation_id="list_zoo")
def list_zoo(
    request: PersonRequest,
    task: str = "",
    search: Annotated[str, Field(max_length=200)] = "",
    is_here: bool | None = None,
    sort: Column = "name",
    is_descending: bool = False,
    offset: Annotated[int, Field(ge=0)] = 0,
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50,
) -> ZooPage:
    """Networks that others have made: what they cost, what they reach, whether weights are here.

    While installed packages are being looked into, `is_complete` is false: ask again. `is_here`
    leaves those alone whose weights are, or are not, on the studio's machine.
    """
    del request
    rows, notes, is_complete = zoo.rows()
    matching = select(rows, search=search, sort=sort, descending=is_descending)
    found = [
        row for row in matching if (not task or row.task == task) and is_here in (None, row.is_here)
    ]
    counts = Counter[str](row.task for row in matching)
    return ZooPage(
        items=found[offset : offset + limit],
        total=len(found),
        tasks=[ZooTaskCount(task=name, count=count) for name, count in sorted(counts.items())],
        notes=notes,
        is_complete=is_complete,
        folder=str(zoo.zoo_folder()),
    )


@router.get("/zoo/{provider}/{name}", response=ZooEntryOut, operation_id="get_zoo_entry")
def get_zoo_entry(request: PersonRequest, provider: str, name: str) -> ZooEntryOut:
    """One network: every set of weights with licence, accuracy and how images become its input."""
    del request
    entry = zoo.entry(provider, name)
    weights = [
        ZooWeightsOut(
            **each.model_dump(), file=each.file_name, is_here=zoo.has_weights(entry, each)
        )
        for each in entry.weights
    ]
    return ZooEntryOut(row=catalogue_row(entry, zoo.weights_folders()), weights=weights)


@router.post("/zoo/{provider}/{name}/open", response={202: JobOut}, operation_id="open_zoo_entry")
def open_zoo_entry(
    request: PersonRequest, provider: str, name: str, payload: OpenZooEntry
) -> Status[JobOut]:
    """Open a network of the zoo, in the background.

    With weights that are on the studio's machine or in the uploaded file; with random ones where
    there are none. The job's result is `{"network_id", "weight_set_id"}`.
    """
    project = access_project(request.person, payload.project_id, "edit")
    upload = None
    if payload.upload_id is not None:
        upload = access_complete_upload(request.person, payload.upload_id, project.id)
    entry = zoo.entry(provider, name)
    job = zoo.start_opening(
        request.person, project, entry, name=payload.name, weights=payload.weights, upload=upload
    )
    return Status(202, job_out(job))
