"""Predictions over a whole dataset, as a table."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from ninja import Query, Router, Status

from accounts.auth import PersonRequest
from inspection import tables
from inspection.access import access_prediction_table
from inspection.table_schemas import (
    PredictedRowList,
    PredictionTableList,
    PredictionTableOut,
    PredictionTableRequest,
    RowFilter,
)
from jobs.schemas import JobOut

router = Router(tags=["inspection"])


@router.post("/prediction-tables", response={202: JobOut}, operation_id="create_prediction_table")
def create_prediction_table(request: PersonRequest, payload: PredictionTableRequest) -> Status:
    """Ask a trained network about a dataset; the job's result is `{"table_id"}`."""
    return Status(202, tables.request_table(request.person, payload))


@router.get(
    "/prediction-tables", response=PredictionTableList, operation_id="list_prediction_tables"
)
def list_prediction_tables(
    request: PersonRequest,
    project: str | None = None,
    network: str | None = None,
    run: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> PredictionTableList:
    """Tables of a run, a network or a project, newest first."""
    return tables.list_tables(request.person, project, network, run, cursor, limit)


@router.get(
    "/prediction-tables/{table_id}",
    response=PredictionTableOut,
    operation_id="get_prediction_table",
)
def get_prediction_table(request: PersonRequest, table_id: str) -> PredictionTableOut:
    return tables.table_out(access_prediction_table(request.person, table_id, "view"))


@router.get(
    "/prediction-tables/{table_id}/rows",
    response=PredictedRowList,
    operation_id="list_predicted_rows",
)
def list_predicted_rows(
    request: PersonRequest,
    table_id: str,
    wanted: Query[RowFilter],
    cursor: str | None = None,
    limit: int = 50,
) -> PredictedRowList:
    """Rows of a table, filtered and ordered by the server."""
    table = access_prediction_table(request.person, table_id, "view")
    return tables.table_rows(table, wanted, cursor, limit)


@router.get("/prediction-tables/{table_id}/csv", operation_id="download_prediction_table")
def download_prediction_table(request: PersonRequest, table_id: str) -> HttpResponseBase:
    """The whole table for a spreadsheet; what would be a formula there has a quote before it."""
    table = access_prediction_table(request.person, table_id, "view")
    return tables.table_csv(request, table)


@router.delete(
    "/prediction-tables/{table_id}",
    response={204: None},
    operation_id="delete_prediction_table",
)
def delete_prediction_table(request: PersonRequest, table_id: str) -> Status:
    """Delete a table; the network and the images stay."""
    tables.delete_table(access_prediction_table(request.person, table_id, "edit"))
    return Status(204, None)
