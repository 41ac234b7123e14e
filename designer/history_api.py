"""The history endpoints: compare, merge, branch, go back to any save."""

from __future__ import annotations

from ninja import Router, Status

from accounts.auth import PersonRequest
from designer import branching, schemas, selectors
from designer.access import access_network
from designer.history_schemas import BranchIn, Compared, CompareIn, Merged, MergeIn

router = Router(tags=["networks"], by_alias=True)


@router.post(
    "/networks/{network_id}/compare", response=Compared, operation_id="compare_network_states"
)
def compare_network_states(request: PersonRequest, network_id: str, payload: CompareIn) -> Compared:
    """What differs between two states: revisions, versions, another network of the project."""
    network = access_network(request.person, network_id, "view")
    return branching.compare_states(network, request.person, payload.before, payload.after)


@router.post("/networks/{network_id}/merge", response=Merged, operation_id="merge_network_states")
def merge_network_states(request: PersonRequest, network_id: str, payload: MergeIn) -> Merged:
    """Merge a branch, a version or unsaved edits three ways, as operations.

    Conflicts are settled by `choices`, for ours without one. With `is_saved` every conflict needs a
    choice, 409 `conflict` lists those without, and the result is one revision.
    """
    network = access_network(request.person, network_id, "edit")
    return branching.merge_states(network, request.person, payload)


@router.post(
    "/networks/{network_id}/branches",
    response={201: schemas.Network},
    operation_id="branch_network",
)
def branch_network(
    request: PersonRequest, network_id: str, payload: BranchIn
) -> Status[schemas.Network]:
    """A new network that begins with a state of this one and remembers where it branched off."""
    network = access_network(request.person, network_id, "edit")
    branch = branching.branch_network(network, request.person, payload.name, payload.state)
    return Status(201, selectors.network(branch, request.person))


@router.post(
    "/networks/{network_id}/revisions/{revision}/restore",
    response=schemas.Network,
    operation_id="restore_revision",
)
def restore_revision(request: PersonRequest, network_id: str, revision: int) -> schemas.Network:
    """Go back to a save by a new one: what was made since stays in the history."""
    network = access_network(request.person, network_id, "edit")
    branching.restore_revision(network, request.person, revision)
    return selectors.network(network, request.person)
