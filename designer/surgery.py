"""The surgery endpoints: which acts there are, and what one would do. Nothing is changed here:
the browser applies the operations of a plan as one gesture."""

from __future__ import annotations

from typing import Annotated

from ninja import Router, Schema
from pydantic import Field, StringConstraints

from accounts.auth import PersonRequest
from common.errors import Code, Problem
from common.ids import Id
from datasets.access import access_dataset
from datasets.services import binding_of
from designer import services
from designer.access import access_network
from designer.schemas import RawDocument
from netloom.graph.document import ParamValue
from netloom.surgery import ActDescription, Plan, Target, describe_acts, plan_act

router = Router(tags=["surgery"], by_alias=True)

MAX_VALUES = 100


class SurgeryRequest(Schema):
    """An act on a document that need not be saved.

    `values` left out take what fits the network; `network_id` is the other network of acts that
    take one.
    """

    document: RawDocument
    act: Annotated[str, StringConstraints(max_length=64)]
    target: Target = Target()
    values: Annotated[
        dict[Annotated[str, StringConstraints(max_length=64)], ParamValue],
        Field(max_length=MAX_VALUES),
    ] = {}
    dataset_id: Id | None = None
    network_id: Id | None = None


@router.get("/surgery", response=list[ActDescription], operation_id="list_surgery_acts")
def list_surgery_acts(request: PersonRequest) -> list[ActDescription]:
    """Every act of model surgery: what it is done to, and what it asks."""
    del request
    return describe_acts()


@router.post("/surgery", response=Plan, operation_id="plan_surgery")
def plan_surgery(request: PersonRequest, payload: SurgeryRequest) -> Plan:
    """What an act would do: operations, which weights survive, problems afterwards."""
    dataset = other = None
    if payload.dataset_id is not None:
        dataset = access_dataset(request.person, payload.dataset_id, "view", in_bin=True)
    if payload.network_id is not None:
        other = access_network(request.person, payload.network_id, "view")
    document = services.read_small_document(payload.document)
    known = [act.id for act in describe_acts()]
    if payload.act not in known:
        raise Problem(
            Code.INVALID, f"There is no act {payload.act!r}.", f"Choose one of {', '.join(known)}."
        )
    try:
        return plan_act(
            document,
            payload.act,
            payload.target,
            payload.values,
            binding=None if dataset is None else binding_of(dataset),
            other=None if other is None else services.stored_document(other.document),
            other_name="" if other is None else other.name,
        )
    except KeyError as error:
        raise Problem(
            Code.DOCUMENT_INVALID,
            f"The network refers to {str(error.args[0])[:64]}, which is not there.",
            "Mend what its problems list names, then try again.",
        ) from None
