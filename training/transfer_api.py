"""The endpoints of transfer learning."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Router, Schema, Status
from pydantic import StringConstraints

from accounts.access import access_project
from accounts.auth import PersonRequest
from accounts.models import Person
from common.errors import not_found
from common.ids import Id
from datasets.access import access_dataset, access_dataset_version
from designer.access import access_network
from designer.models import Network
from netloom.surgery.adapting import AdaptedRun, TransferOptions, python_lines
from netloom.surgery.model import Survival
from training import transfers
from training.schemas import RunProposal

router = Router(tags=["training"])


class TransferRequest(Schema):
    """A trained network, the data it is to learn, and how.

    Attributes:
        dataset_version_id: A pinned version of that data; None is the data as it is now.
    """

    network_id: Id
    dataset_id: Id
    dataset_version_id: Id | None = None
    options: TransferOptions = TransferOptions()


class NewTransfer(TransferRequest):
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


class TransferPlan(Schema):
    """What transfer learning would do.

    Attributes:
        refusal: Why it cannot be done, and what helps; empty when it can.
        weights: Where the trained weights come from.
        layers: Layers up to which one can freeze, in computing order.
        python: Lines that do the same outside of the studio.
    """

    refusal: str
    weights: str
    num_classes: int
    layers: list[str]
    survival: Survival | None = None
    frozen: list[str] = []
    warnings: list[str] = []
    run: AdaptedRun | None = None
    python: str = ""


class TransferMade(RunProposal):
    """A network that is ready to be trained, and how."""

    network_id: str


class TransferSource(Schema):
    """A network with trained weights.

    Attributes:
        refusal: Why it cannot learn to classify images, whichever; empty when it can.
    """

    network_id: str
    name: str
    parameters: int | None
    has_file: bool
    refusal: str
    updated_at: datetime


@router.get(
    "/projects/{project_id}/transfer-sources",
    response=list[TransferSource],
    operation_id="list_transfer_sources",
)
def list_transfer_sources(request: PersonRequest, project_id: str) -> list[TransferSource]:
    """Networks of a project that were trained, or came with weights; last changed first."""
    project = access_project(request.person, project_id, "view")
    return [
        TransferSource(
            network_id=trained.network.id,
            name=trained.network.name,
            parameters=trained.network.parameters,
            has_file=trained.has_file,
            refusal=trained.refusal,
            updated_at=trained.network.updated_at,
        )
        for trained in transfers.trained_networks(project)
    ]


@router.post("/transfers/plan", response=TransferPlan, operation_id="plan_transfer")
def plan_transfer(request: PersonRequest, payload: TransferRequest) -> TransferPlan:
    """What would survive, start new and be frozen; nothing is changed."""
    network = access_network(request.person, payload.network_id, "view")
    data = _data(request.person, payload)
    planned = transfers.plan_transfer(network, data, payload.options)
    adapted = planned.adapted
    return TransferPlan(
        refusal=planned.refusal,
        weights=planned.weights,
        num_classes=planned.num_classes,
        layers=planned.layers,
        survival=None if adapted is None else adapted.survival,
        frozen=[] if adapted is None else adapted.frozen,
        warnings=[] if adapted is None else adapted.warnings,
        run=None if adapted is None else adapted.run,
        python=python_lines(_file_name(network), data.class_names, payload.options),
    )


@router.post("/transfers", response={201: TransferMade}, operation_id="make_transfer")
def make_transfer(request: PersonRequest, payload: NewTransfer) -> Status[TransferMade]:
    """Make a branch of a trained network that is ready to learn a dataset."""
    network = access_network(request.person, payload.network_id, "edit")
    data = _data(request.person, payload)
    made = transfers.make_transfer(network, data, request.person, payload.name, payload.options)
    answer = TransferMade(network_id=made.network.id, **dict(made.proposal))
    return Status(201, answer)


@router.get(
    "/networks/{network_id}/run-proposal",
    response=RunProposal | None,
    operation_id="get_run_proposal",
)
def get_run_proposal(request: PersonRequest, network_id: str) -> RunProposal | None:
    """How a network that transfer learning made is to be trained; null for every other."""
    return transfers.proposal_of(access_network(request.person, network_id, "view"))


def _data(person: Person, payload: TransferRequest) -> transfers.Data:
    dataset = access_dataset(person, payload.dataset_id, "view")
    if payload.dataset_version_id is None:
        return transfers.Data(dataset)
    version = access_dataset_version(person, payload.dataset_version_id, "view")
    if version.dataset_id != dataset.id:
        raise not_found("dataset version")
    return transfers.Data(dataset, version)


def _file_name(network: Network) -> str:
    stem = "".join(each if each.isalnum() else "-" for each in network.name.lower())
    return f"{stem.strip('-') or 'network'}.netloom"
