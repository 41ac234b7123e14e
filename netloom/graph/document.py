"""The network document: the one representation of a network.

A document is plain JSON with two halves. `graph` says what is computed; it is hashed and pinned
by training runs. `view` says how it is drawn; it never changes a number.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from netloom.graph.budgets import BudgetKey, Budgets, Limit

FORMAT = "netloom.network"
SCHEMA = 1

NodeId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=64)]
PortName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]

MAX_WHOLE = 2**63 - 1
"""Larger whole numbers are read as infinite elsewhere, by a browser for one."""
Whole = Annotated[int, Field(ge=-MAX_WHOLE, le=MAX_WHOLE)]
Scalar = bool | Whole | float | str | None
ParamValue = Scalar | list[Scalar] | list[list[Scalar]]
"""A parameter is plain data: a scalar, a list of scalars or a list of such lists."""


class DocumentModel(BaseModel):
    """Base of everything in the document: closed, so that a typing error is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Endpoint(DocumentModel):
    """One end of an edge."""

    node: NodeId
    port: PortName


class Edge(DocumentModel):
    """A tensor flowing from an output port to an input port, stored once."""

    source: Endpoint
    target: Endpoint


def _is_own(weights_of: str) -> bool:
    return not weights_of


class Node(DocumentModel):
    """One use of a layer type, or of a block when `type` is `Block`.

    Attributes:
        type: Name in the layer registry, e.g. `Conv2d`; `Block` for a block instance.
        name: Python identifier, unique in its scope; becomes the module's name.
        params: Parameters by name. What is absent takes the layer's default.
        note: Free text of the author.
        module_path: Where an imported node came from, e.g. `layer1.0.conv2`.
        is_frozen: Its weights are not trained.
        block: Block definition id (only for `Block`).
        overrides: Values of the block's exposed parameters (only for `Block`).
        repeat: How often the block is applied in sequence (only for `Block`).
        weights: Whether the repeats of a block have their own weights or share one set.
        weights_of: The node of the scope whose weights it uses; see `netloom.graph.sharing`. Left
            out of JSON when empty: documents without it keep their hash.
    """

    type: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    name: Name
    params: dict[str, ParamValue] = Field(default_factory=dict)
    note: Annotated[str, StringConstraints(max_length=4000)] = ""
    module_path: Annotated[str, StringConstraints(max_length=512)] = ""
    is_frozen: bool = False
    block: NodeId | None = None
    overrides: dict[str, ParamValue] = Field(default_factory=dict)
    repeat: Annotated[int, Field(ge=1, le=100_000)] = 1
    weights: Literal["separate", "shared"] = "separate"
    weights_of: Annotated[
        str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{0,64}$"), Field(exclude_if=_is_own)
    ] = ""


class ExposedTarget(DocumentModel):
    """A parameter of an inner node; an exposed parameter, where the node is itself an instance."""

    node: NodeId
    param: str


def _is_empty(values: list[ExposedTarget]) -> bool:
    return not values


class ExposedParam(ExposedTarget):
    """A parameter of an inner node that instances of the block may override.

    Attributes:
        also: Further parameters that take the same value, so that one number widens all the layers
            that have to agree. Left out of JSON when empty: documents without it keep their hash.
    """

    also: list[ExposedTarget] = Field(
        default_factory=list[ExposedTarget], max_length=1000, exclude_if=_is_empty
    )

    @property
    def targets(self) -> list[ExposedTarget]:
        """Every parameter that takes the value."""
        return [ExposedTarget(node=self.node, param=self.param), *self.also]

    @classmethod
    def of(cls, targets: Sequence[ExposedTarget]) -> Self:
        """Return one that gives its value to these, the first of which says its default."""
        first, *others = targets
        return cls(node=first.node, param=first.param, also=others)

    def renamed(self, ids: Mapping[str, str]) -> Self:
        """Return the same of nodes under other ids; one that is not named keeps its own."""
        return self.of(
            [
                ExposedTarget(node=ids.get(each.node, each.node), param=each.param)
                for each in self.targets
            ]
        )


class BlockDefinition(DocumentModel):
    """A reusable piece of network.

    Its ports are its `BlockInput` and `BlockOutput` nodes: the node's name is the port's name, and
    `inputs` and `outputs` give their order by node id.
    """

    name: Name
    nodes: dict[NodeId, Node] = Field(default_factory=dict)
    edges: dict[NodeId, Edge] = Field(default_factory=dict)
    inputs: list[NodeId] = Field(default_factory=list)
    outputs: list[NodeId] = Field(default_factory=list)
    exposed: dict[str, ExposedParam] = Field(default_factory=dict)


class Graph(DocumentModel):
    """What the network computes."""

    name: Name = "Network"
    nodes: dict[NodeId, Node] = Field(default_factory=dict)
    edges: dict[NodeId, Edge] = Field(default_factory=dict)
    blocks: dict[NodeId, BlockDefinition] = Field(default_factory=dict)


def _on_canvas(value: float) -> float:
    """Keep a place where something can still be drawn; nan has none."""
    return min(max(value, -MAX_PLACE_PX), MAX_PLACE_PX) if value == value else 0.0


MAX_PLACE_PX = 1e7
Coordinate = Annotated[float, AfterValidator(_on_canvas)]


class Position(DocumentModel):
    """Top left corner of a node on the canvas, in canvas pixels."""

    x: Coordinate
    y: Coordinate


class Frame(DocumentModel):
    """A titled rectangle drawn behind nodes: a comment, never part of the computation."""

    title: Annotated[str, StringConstraints(max_length=200)] = ""
    text: Annotated[str, StringConstraints(max_length=4000)] = ""
    hue: Annotated[int, Field(ge=0, le=360)] = 220
    x: Coordinate
    y: Coordinate
    width_px: Annotated[float, Field(gt=0, le=100_000)]
    height_px: Annotated[float, Field(gt=0, le=100_000)]
    scope: NodeId | None = None


class View(DocumentModel):
    """How the network is drawn, and what it may cost.

    Node ids are unique over all scopes, so positions are flat.
    """

    positions: dict[NodeId, Position] = Field(default_factory=dict)
    frames: dict[NodeId, Frame] = Field(default_factory=dict)
    budgets: Budgets = Field(default_factory=dict[BudgetKey, Limit])


class Document(DocumentModel):
    """A network, versioned by `schema`."""

    format: Literal["netloom.network"] = FORMAT
    schema_: Annotated[Literal[1], Field(alias="schema")] = SCHEMA
    graph: Graph = Field(default_factory=Graph)
    view: View = Field(default_factory=View)

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)


def new_id() -> str:
    """Return a random identifier (60 bits, base32-like), as the browser makes them."""
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    bits = secrets.randbits(60)
    return "".join(alphabet[bits >> shift & 31] for shift in range(0, 60, 5))


def graph_hash(document: Document) -> str:
    """Return the SHA-256 of the computing half, independent of layout and of key order."""
    canonical = json.dumps(
        document.graph.model_dump(mode="json"), sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(canonical.encode()).hexdigest()
