"""Networks as files to take away, in any format that can be written."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from ninja import Router, Status

from accounts.auth import PersonRequest
from common.ids import Id
from designer.access import access_network
from inspection import exports
from inspection.access import access_export
from inspection.export_schemas import Export, ExportFormat, ExportIn
from jobs.schemas import JobOut

router = Router(tags=["networks"])


@router.get(
    "/networks/{network_id}/exports/formats",
    response=list[ExportFormat],
    operation_id="list_export_formats",
)
def list_export_formats(
    request: PersonRequest, network_id: str, checkpoint: Id | None = None
) -> list[ExportFormat]:
    """The formats that can be written, each with what of this network it cannot express."""
    network = access_network(request.person, network_id, "view")
    return exports.export_formats(request.person, network, checkpoint)


@router.post("/networks/{network_id}/exports", response={202: JobOut}, operation_id="create_export")
def create_export(request: PersonRequest, network_id: str, payload: ExportIn) -> Status[JobOut]:
    """Write a network in the background; the job's result is `{"export_id"}`.

    422 `export_failed` names in `gaps` what the format cannot express; nothing is written then.
    """
    network = access_network(request.person, network_id, "view")
    return Status(202, exports.request_export(request.person, network, payload))


@router.get("/exports/{export_id}", response=Export, operation_id="get_export")
def get_export(request: PersonRequest, export_id: str) -> Export:
    """A file that was written, with its report; it is there for a day."""
    return exports.export_out(access_export(request.person, export_id))


@router.get("/exports/{export_id}/file", operation_id="download_export")
def download_export(request: PersonRequest, export_id: str) -> HttpResponseBase:
    """The file itself."""
    return exports.export_file(request, access_export(request.person, export_id))
