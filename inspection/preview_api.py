"""Live previews: one sample through a network as it is drawn."""

from __future__ import annotations

from ninja import Router, Status

from accounts.auth import PersonRequest
from designer.access import access_network
from inspection import previews
from inspection.access import access_preview
from inspection.preview_schemas import PreviewIn, PreviewOut
from jobs.schemas import JobOut

router = Router(tags=["inspection"])


@router.post(
    "/networks/{network_id}/previews", response={202: JobOut}, operation_id="create_preview"
)
def create_preview(request: PersonRequest, network_id: str, payload: PreviewIn) -> Status:
    """Push a sample through a document; what the same page has asked before is cancelled."""
    network = access_network(request.person, network_id, "view")
    return Status(202, previews.request_preview(request.person, network, payload))


@router.get("/previews/{preview_id}", response=PreviewOut, operation_id="get_preview")
def get_preview(request: PersonRequest, preview_id: str) -> PreviewOut:
    """What each layer gave; `preview_id` is in the job's result, until the page asks anew."""
    return previews.preview_out(access_preview(request.person, preview_id))
