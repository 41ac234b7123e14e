"""The endpoints for what a network was trained to, and where its weights stand."""

from __future__ import annotations

from typing import Annotated, Literal

from ninja import Router, Schema
from pydantic import Field

from accounts.auth import PersonRequest
from designer import documents
from designer.access import access_network
from designer.models import WeightSet
from designer.schemas import RawDocument
from netloom.surgery.standing import WeightStanding
from training import standings

router = Router(tags=["networks"])


class TrainedWeights(Schema):
    """What a network was trained to.

    Attributes:
        origin: A file that was imported, or a run of this network.
        id: Of the weights that came with the file, or of the checkpoint.
        source: For people: the file's name, or the run and its epoch.
    """

    origin: Literal["file", "run"]
    id: str
    source: str


class StandingRequest(Schema):
    """A network as it is drawn now."""

    document: RawDocument


class Standing(Schema):
    """Where the weights of each layer stand, by path without the numbers of repeats.

    Attributes:
        weights: What they are compared with; None where the network has none.
    """

    weights: TrainedWeights | None = None
    nodes: Annotated[dict[str, WeightStanding], Field()] = {}


@router.get(
    "/networks/{network_id}/trained-weights",
    response=TrainedWeights | None,
    operation_id="get_trained_weights",
)
def get_trained_weights(request: PersonRequest, network_id: str) -> TrainedWeights | None:
    """The newest weights of a network, of a file or a run; null while it has none."""
    network = access_network(request.person, network_id, "view")
    newest = standings.newest_weights(network)
    return None if newest is None else _described(newest)


@router.post(
    "/networks/{network_id}/weight-standing",
    response=Standing,
    operation_id="get_weight_standing",
)
def get_weight_standing(
    request: PersonRequest, network_id: str, payload: StandingRequest
) -> Standing:
    """Where the weights of each layer stand: trained, changed or new."""
    network = access_network(request.person, network_id, "view")
    newest = standings.newest_weights(network)
    if newest is None:
        return Standing()
    after = documents.read_small_document(payload.document)
    return Standing(weights=_described(newest), nodes=standings.standing_of(newest, after))


def _described(source: standings.Trained) -> TrainedWeights:
    return TrainedWeights(
        origin="file" if isinstance(source, WeightSet) else "run",
        id=source.id,
        source=standings.words_of(source),
    )
