"""What a comparison of two networks holds, for the screen, the API and the command line."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal["added", "removed", "changed"]


class ComparisonModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ValueChange(ComparisonModel):
    """One value before and after, as text; None where it is the layer's default."""

    name: str
    before: str | None
    after: str | None


class NodeDifference(ComparisonModel):
    """A layer that is there on one side only, or differs.

    Attributes:
        scope: Block that it is in; None on the top level.
        place: Where it stands, e.g. `between relu2 and fc`; empty for a changed one.
    """

    kind: Kind
    scope: str | None
    node_id: str
    name: str
    type: str
    values: list[ValueChange] = []
    place: str = ""


class EdgeDifference(ComparisonModel):
    """A connection made or cut, between layers that both sides have or not.

    Attributes:
        is_implied: An added or removed layer says it already; the words leave it out.
    """

    kind: Literal["added", "removed"]
    scope: str | None
    edge_id: str
    source: str
    target: str
    is_implied: bool


class BlockDifference(ComparisonModel):
    """A block definition that is there on one side only, or whose name or ports differ."""

    kind: Kind
    block_id: str
    name: str
    values: list[ValueChange] = []


class Comparison(ComparisonModel):
    """Everything that computes differently, or is called differently.

    Attributes:
        lines: The same in words, one difference a line.
    """

    is_same: bool
    is_layout_changed: bool
    name: ValueChange | None
    blocks: list[BlockDifference]
    nodes: list[NodeDifference]
    edges: list[EdgeDifference]
    lines: list[str]
