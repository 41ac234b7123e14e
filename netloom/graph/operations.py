"""Typed edits of a document. Each is small, pure and has an inverse.

The operation log is what undo, autosave, history and diff are made of. Python and TypeScript
implement the same operations; the files in `tests/fixtures/operations` prove them equal.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from netloom.graph.budgets import BudgetKey, Limit
from netloom.graph.document import (
    BlockDefinition,
    DocumentModel,
    Edge,
    ExposedParam,
    Frame,
    Name,
    Node,
    NodeId,
    ParamValue,
    Position,
)


class OperationModel(DocumentModel):
    """Base of all operations. `scope` is a block definition's id; None is the top level."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AddNode(OperationModel):
    """Add a node whose id is in no scope yet. An instance's block must be there."""

    op: Literal["add_node"] = "add_node"
    scope: NodeId | None = None
    node_id: NodeId
    node: Node
    position: Position | None = None


class RemoveNode(OperationModel):
    """Remove a node, and its position, once no edge, port list or exposed parameter names it."""

    op: Literal["remove_node"] = "remove_node"
    scope: NodeId | None = None
    node_id: NodeId


class AddEdge(OperationModel):
    """Connect an output port to a free input port."""

    op: Literal["add_edge"] = "add_edge"
    scope: NodeId | None = None
    edge_id: NodeId
    edge: Edge


class RemoveEdge(OperationModel):
    """Remove an edge."""

    op: Literal["remove_edge"] = "remove_edge"
    scope: NodeId | None = None
    edge_id: NodeId


class SetParam(OperationModel):
    """Set one parameter; `is_set: false` returns it to the layer's default."""

    op: Literal["set_param"] = "set_param"
    scope: NodeId | None = None
    node_id: NodeId
    param: Annotated[str, Field(max_length=64)]
    is_set: bool = True
    value: ParamValue = None


class SetAttribute(OperationModel):
    """Change a node beside its parameters. `value` has the type of the attribute."""

    op: Literal["set_attribute"] = "set_attribute"
    scope: NodeId | None = None
    node_id: NodeId
    attribute: Literal[
        "name", "type", "note", "is_frozen", "repeat", "weights", "weights_of", "overrides"
    ]
    value: str | int | bool | dict[str, ParamValue]


class MoveNodes(OperationModel):
    """Set positions; None forgets a position. Changes the view only."""

    op: Literal["move_nodes"] = "move_nodes"
    positions: dict[NodeId, Position | None]


class AddBlock(OperationModel):
    """Add a block definition, and where its nodes are drawn."""

    op: Literal["add_block"] = "add_block"
    block_id: NodeId
    block: BlockDefinition
    positions: dict[NodeId, Position] = Field(default_factory=dict)


class RemoveBlock(OperationModel):
    """Remove a block definition that no instance and no frame uses any more."""

    op: Literal["remove_block"] = "remove_block"
    block_id: NodeId


class SetBlock(OperationModel):
    """Replace a block's name, port order and exposed parameters (not its content)."""

    op: Literal["set_block"] = "set_block"
    block_id: NodeId
    name: Name
    inputs: list[NodeId]
    outputs: list[NodeId]
    exposed: dict[str, ExposedParam]


class SetFrame(OperationModel):
    """Add, replace or (with None) remove a frame. Changes the view only."""

    op: Literal["set_frame"] = "set_frame"
    frame_id: NodeId
    frame: Frame | None


class SetBudget(OperationModel):
    """Set a budget of the network or (with None) remove it. Changes the view only."""

    op: Literal["set_budget"] = "set_budget"
    budget: BudgetKey
    limit: Limit | None


class SetGraphName(OperationModel):
    """Rename the network's class."""

    op: Literal["set_graph_name"] = "set_graph_name"
    name: Name


Operation = Annotated[
    AddNode
    | RemoveNode
    | AddEdge
    | RemoveEdge
    | SetParam
    | SetAttribute
    | MoveNodes
    | AddBlock
    | RemoveBlock
    | SetBlock
    | SetFrame
    | SetBudget
    | SetGraphName,
    Field(discriminator="op"),
]


class OperationRefused(ValueError):
    """An operation does not fit the document; the text says why. Nothing was changed."""
