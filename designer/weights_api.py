"""The endpoints for networks that come from files, and for the weights they brought."""

from __future__ import annotations

from ninja import Router, Status

from accounts.access import access_project
from accounts.auth import PersonRequest
from designer import selectors, weights
from designer.access import access_network, access_weight_set
from designer.weights_schemas import NewNetworkImport, WeightSet, WeightSetSummary
from jobs.schemas import JobOut
from jobs.selectors import job_out
from storage.access import access_complete_upload, access_complete_uploads

router = Router(tags=["networks"])


@router.post("/imports", response={202: JobOut}, operation_id="import_network")
def import_network(request: PersonRequest, payload: NewNetworkImport) -> Status[JobOut]:
    """Open an uploaded file as a network, in the background, whatever kind of file it is.

    The job's result is `{"network_id", "weight_set_id"}`; the weights carry the report.
    """
    project = access_project(request.person, payload.project_id, "edit")
    upload = access_complete_upload(request.person, payload.upload_id, project.id)
    beside = access_complete_uploads(request.person, payload.side_upload_ids, project.id)
    job = weights.start_import(request.person, project, upload, payload.name, beside=beside)
    return Status(202, job_out(job))


@router.get(
    "/networks/{network_id}/weights",
    response=list[WeightSetSummary],
    operation_id="list_weight_sets",
)
def list_weight_sets(request: PersonRequest, network_id: str) -> list[WeightSetSummary]:
    """What files brought weights or the drawing of this network, newest first."""
    return selectors.weight_sets(access_network(request.person, network_id, "view"))


@router.get("/weights/{weight_set_id}", response=WeightSet, operation_id="get_weight_set")
def get_weight_set(request: PersonRequest, weight_set_id: str) -> WeightSet:
    """Weights with the report of how they came in."""
    return selectors.weight_set(access_weight_set(request.person, weight_set_id, "view"))
