"""What surgery takes and gives, as plain data."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from netloom.analyze.model import Totals
from netloom.graph.document import NodeId, ParamValue
from netloom.graph.operations import Operation
from netloom.layers.fields import ParamDescription

Place = Literal["network", "node", "edge", "selection"]


class SurgeryModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Target(SurgeryModel):
    """Where an act works.

    Attributes:
        scope: Block definition that is open; None is the top level.
        node_ids: The node, or the nodes of a selection.
        edge_id: A connection.
    """

    scope: NodeId | None = None
    node_ids: list[NodeId] = Field(default_factory=list[NodeId], max_length=20_000)
    edge_id: NodeId | None = None


class ActDescription(SurgeryModel):
    """An act for menus and forms.

    Attributes:
        places: What it can be done to.
        needs_network: It takes another network of the project.
    """

    id: str
    title: str
    summary: str
    places: list[Place]
    needs_network: bool
    params: list[ParamDescription]


class LayerSurvival(SurgeryModel):
    """What becomes of the weights of one layer.

    Attributes:
        path: Node ids with repeat numbers, as weights are named.
        parameters: Learned numbers after the act; before it, for a removed layer.
        kept_parameters: Of these, those that are the same numbers as before.
        text: How it was made to fit, or why it starts anew.
    """

    path: str
    scope: str | None
    node_id: str
    name: str
    type: str
    fate: Literal["kept", "resized", "new", "removed"]
    parameters: int
    kept_parameters: int
    text: str = ""


class Survival(SurgeryModel):
    """Which weights survive: what a run would load that starts from weights of before.

    Attributes:
        layers: Layers with weights; those that change first, at most `MAX_LISTED`.
        num_layers: By fate, over all layers with weights.
        kept: Learned numbers that stay as they are. `resized`, `new` and `removed` likewise.
        is_complete: False while shapes are unknown somewhere: layers there are not counted.
    """

    layers: list[LayerSurvival]
    num_layers: dict[str, int]
    kept: int
    resized: int
    new: int
    removed: int
    is_complete: bool


class Change(SurgeryModel):
    """One line of what is done to the network."""

    kind: Literal["added", "removed", "changed"]
    scope: str | None
    node_id: str
    name: str
    type: str
    text: str


class Plan(SurgeryModel):
    """An act ready to be done, and what it would mean.

    Attributes:
        refusal: Why it cannot be done, and what helps; empty when it can.
        label: What the step of undo is called.
        form: The act's fields, with choices and defaults that fit this network.
        values: What the plan was made with.
        select: Nodes to look at afterwards.
        other_name: What the other network is called, for acts that take one.
        other_survival: What survives of the weights of the other network, where they are loaded
            as well.
        problems: Messages of errors that the network has afterwards and had not before.
        solved: How many errors the act removes.
        totals: Costs of the network afterwards.
    """

    act: str
    refusal: str = ""
    label: str = ""
    form: list[ParamDescription] = Field(default_factory=list[ParamDescription])
    values: dict[str, ParamValue] = Field(default_factory=dict[str, ParamValue])
    operations: list[Operation] = Field(default_factory=list[Operation])
    select: list[str] = Field(default_factory=list[str])
    changes: list[Change] = Field(default_factory=list[Change])
    warnings: list[str] = Field(default_factory=list[str])
    survival: Survival | None = None
    other_name: str = ""
    other_survival: Survival | None = None
    problems: list[str] = Field(default_factory=list[str])
    solved: int = 0
    totals: Totals | None = None
