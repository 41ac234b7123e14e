"""Predictions over a dataset: asked for, listed, looked through, deleted."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.access import access_project
from accounts.models import Person, Project
from common.addresses import api_address
from common.errors import Code, Problem
from datasets.access import access_dataset, access_dataset_version
from datasets.item_pages import items_by_id
from datasets.models import DatasetVersion
from datasets.services import pin_version
from designer.access import access_network
from inspection.models import PredictedItem, PredictionTable
from inspection.services import require_project
from inspection.sources import access_source
from inspection.table_schemas import (
    PredictedRow,
    PredictedRowList,
    PredictionTableList,
    PredictionTableOut,
    PredictionTableRequest,
    PredictionTableSummary,
    RankedScore,
    RowFilter,
)
from jobs.schemas import JobOut
from jobs.selectors import job_out, unfinished_job
from jobs.services import enqueue
from storage.holding import release_blobs
from storage.services import blob_response
from training.access import access_run
from training.pages import cursor_of, place, read_cursor

PREDICT_MANY = "inspection.predict_many"
MAX_ITEMS = 200_000
MAX_TABLES = 100
MAX_LIMIT = 200
_ORDERS = {
    "position": ("id",),
    "score": (F("score").asc(nulls_last=True), "id"),
    "-score": (F("score").desc(nulls_last=True), "id"),
    "label": (F("label").asc(nulls_last=True), F("score").desc(nulls_last=True), "id"),
    "-boxes": (F("num_boxes").desc(nulls_last=True), "id"),
    "predicted": (F("predicted").asc(nulls_last=True), F("score").desc(nulls_last=True), "id"),
}


def request_table(person: Person, payload: PredictionTableRequest) -> JobOut:
    """Queue predictions over a dataset; the same ones, when they wait already, are the answer.

    Raises:
        Problem: What may not be seen; `too_large` for too many items, or tables of the project.
    """
    source = access_source(person, payload.weights, "edit")
    version = pinned_version(person, source.project, payload.dataset_version_id, payload.dataset_id)
    if version.num_items > MAX_ITEMS:
        raise Problem(
            Code.TOO_LARGE,
            f"The dataset has {version.num_items:,} items; a table holds up to {MAX_ITEMS:,}.",
            "Use `netloom predict` with a bundle of the network: it takes any number.",
        )
    if PredictionTable.objects.filter(network__project=source.project).count() >= MAX_TABLES:
        raise Problem(
            Code.TOO_LARGE,
            f"This project has {MAX_TABLES} tables of predictions already.",
            "Delete one that nobody needs any more.",
        )
    asked: dict[str, object] = {
        **source.payload,
        "dataset_version_id": version.id,
        "split": payload.split,
        "top_k": payload.top_k,
    }
    present = unfinished_job(PREDICT_MANY, source.subject, asked)
    if present is not None:
        return job_out(present)
    job = enqueue(
        PREDICT_MANY,
        asked,
        person=person,
        project=source.project,
        subject=source.subject,
        message=f"Predicting {payload.split or 'all images'} of {version.dataset.name}",
    )
    return job_out(job)


def pinned_version(
    person: Person, project: Project, version_id: str | None, dataset_id: str | None
) -> DatasetVersion:
    """The version that is named, or the present state of the dataset that is, pinned."""
    if version_id is not None:
        version = access_dataset_version(person, version_id, "view")
        require_project(version.dataset.project_id, project.pk)
        return version
    dataset = access_dataset(person, dataset_id or "", "view")
    require_project(dataset.project_id, project.pk)
    return pin_version(dataset, person)


def list_tables(
    person: Person,
    project_id: str | None,
    network_id: str | None,
    run_id: str | None,
    cursor: str | None,
    limit: int,
) -> PredictionTableList:
    """Tables of a run, a network or a project, newest first; one of them must be named."""
    tables = PredictionTable.objects.filter(network__deleted_at=None)
    if run_id is not None:
        tables = tables.filter(run=access_run(person, run_id, "view"))
    elif network_id is not None:
        tables = tables.filter(network=access_network(person, network_id, "view"))
    elif project_id is not None:
        tables = tables.filter(network__project=access_project(person, project_id, "view"))
    else:
        raise Problem(
            Code.INVALID, "Predictions of what?", "Name a project, network or run in the address."
        )
    total = tables.count()
    start = read_cursor(cursor, place) or 0
    limit = min(max(limit, 1), MAX_LIMIT)
    found = tables.select_related("network", "author", "dataset_version__dataset")
    page = list(found.order_by("-created_at", "id")[start:][: limit + 1])
    return PredictionTableList(
        items=[PredictionTableSummary(**_fields(each)) for each in page[:limit]],
        total=total,
        next=cursor_of(start + limit) if len(page) > limit else None,
    )


def table_out(table: PredictionTable) -> PredictionTableOut:
    """A table without its rows."""
    return PredictionTableOut(
        **_fields(table),
        classes=table.classes,
        dataset_classes=table.dataset_classes,
        csv_url=api_address(f"/prediction-tables/{table.id}/csv"),
    )


def table_rows(
    table: PredictionTable, wanted: RowFilter, cursor: str | None, limit: int
) -> PredictedRowList:
    """A page of rows. The cursor counts those that were shown."""
    rows = _filtered(PredictedItem.objects.filter(table=table, item__is_removed=False), wanted)
    total = rows.count()
    start = read_cursor(cursor, place) or 0
    limit = min(max(limit, 1), MAX_LIMIT)
    page = list(rows.order_by(*_ORDERS[wanted.order])[start:][: limit + 1])
    items = items_by_id(table.dataset_version.dataset_id, [row.item_id for row in page[:limit]])
    return PredictedRowList(
        items=[
            PredictedRow(
                item=items[row.item_id],
                label=row.label,
                top=[RankedScore(index=index, score=score) for index, score in row.top],
                num_boxes=row.num_boxes,
                is_right=row.is_right,
                problem=row.problem,
            )
            for row in page[:limit]
            if row.item_id in items
        ],
        total=total,
        next=cursor_of(start + limit) if len(page) > limit else None,
    )


def table_csv(request: HttpRequest, table: PredictionTable) -> HttpResponseBase:
    """The whole table as an attachment."""
    name = "".join(letter if letter.isalnum() else "-" for letter in table.network.name)
    return blob_response(
        request,
        table.csv,
        content_type="text/csv; charset=utf-8",
        file_name=f"{name.strip('-') or 'network'}-predictions.csv",
        is_immutable=True,
    )


def delete_table(table: PredictionTable) -> None:
    """Delete a table with its rows and its file."""
    project = table.network.project
    with transaction.atomic():
        digest = table.csv.sha256
        PredictedItem.objects.filter(table=table).delete()
        table.delete()
        release_blobs(project, [digest])


def _filtered(rows: QuerySet[PredictedItem], wanted: RowFilter) -> QuerySet[PredictedItem]:
    conditions: dict[str, Any] = {}
    if wanted.predicted is not None:
        conditions["predicted"] = wanted.predicted
    if wanted.label is not None:
        conditions["label"] = wanted.label
    if wanted.right is not None:
        conditions["is_right"] = {"yes": True, "no": False, "unknown": None}[wanted.right]
    if wanted.name:
        conditions["item__source__icontains"] = wanted.name
    if wanted.min_score is not None:
        conditions["score__gte"] = wanted.min_score
    if wanted.max_score is not None:
        conditions["score__lte"] = wanted.max_score
    return rows.filter(**conditions)


def _fields(table: PredictionTable) -> dict[str, Any]:
    names = ("id", "kind", "network_id", "run_id", "checkpoint_id", "weight_set_id", "asked")
    names += ("dataset_version_id", "split", "top_k", "num_items", "num_unreadable")
    names += ("num_labeled", "num_right", "created_at")
    return {
        **{name: getattr(table, name) for name in names},
        "network_name": table.network.name,
        "dataset_id": table.dataset_version.dataset_id,
        "dataset_name": table.dataset_version.dataset.name,
        "accuracy": table.num_right / table.num_labeled if table.num_labeled else None,
        "author": table.author.name,
    }
