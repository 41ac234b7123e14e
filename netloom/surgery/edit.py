"""Collecting operations in one scope, each tried at once, so that a plan is known to fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from netloom.graph.apply import apply_operations
from netloom.graph.document import (
    Document,
    Edge,
    Endpoint,
    Node,
    ParamValue,
    Position,
    new_id,
)
from netloom.graph.names import unique_name
from netloom.graph.operations import (
    AddEdge,
    AddNode,
    MoveNodes,
    Operation,
    RemoveEdge,
    RemoveNode,
    SetAttribute,
    SetParam,
)
from netloom.graph.topology import Scope
from netloom.layers.registry import get_layer

STEP_PX = 224.0
"""Distance of two neighbours on the canvas."""
ROOM_PX = 200.0
"""Nearer than this two cards would overlap."""
CARD_WIDTH_PX = 184.0
CARD_HEIGHT_PX = 100.0
"""A card with a little space around it."""
ROW_PX = 152.0
"""From a row of cards to the next."""


@dataclass(slots=True)
class GraphEdit:
    """A document being operated on, and the operations so far."""

    document: Document
    scope_id: str | None
    operations: list[Operation] = field(default_factory=list[Operation])

    @property
    def scope(self) -> Scope:
        """Nodes and edges as they are by now."""
        graph = self.document.graph
        return graph if self.scope_id is None else graph.blocks[self.scope_id]

    def do(self, operations: Iterable[Operation]) -> None:
        """Apply operations; raises OperationRefused where one does not fit."""
        listed = list(operations)
        self.document, _ = apply_operations(self.document, listed)
        self.operations += listed

    def place(self, node_id: str) -> Position | None:
        return self.document.view.positions.get(node_id)

    def add(
        self,
        type_name: str,
        params: Mapping[str, ParamValue] | None = None,
        *,
        near: Position | None = None,
        stem: str | None = None,
    ) -> str:
        """Add a layer under a free name, at or below a place, and return its id."""
        layer = get_layer(type_name)
        usual = type_name.lower() if layer is None else layer.name_stem
        taken = {node.name for node in self.scope.nodes.values()}
        node = Node(
            type=type_name, name=unique_name(stem or usual, taken), params=dict(params or {})
        )
        node_id = new_id()
        place = None if near is None else self.free_place(near)
        self.do([AddNode(scope=self.scope_id, node_id=node_id, node=node, position=place)])
        return node_id

    def free_place(self, near: Position, *, of: str | None = None) -> Position:
        """Return the nearest place at or below one where a card lies on no other.

        Args:
            of: The node that is about to move there.
        """
        others = [key for key in self.scope.nodes if key != of]
        placed = [place for key in others if (place := self.place(key)) is not None]
        while any(_overlap(place, near) for place in placed):
            near = Position(x=near.x, y=near.y + ROW_PX)
        return near

    def connect(self, source: Endpoint, target: Endpoint) -> None:
        edge = Edge(source=source, target=target)
        self.do([AddEdge(scope=self.scope_id, edge_id=new_id(), edge=edge)])

    def disconnect(self, edge_ids: Iterable[str]) -> None:
        self.do([RemoveEdge(scope=self.scope_id, edge_id=edge_id) for edge_id in edge_ids])

    def remove(self, node_ids: Iterable[str]) -> None:
        """Remove nodes with their connections."""
        gone = set(node_ids)
        touching = [
            edge_id
            for edge_id, edge in self.scope.edges.items()
            if edge.source.node in gone or edge.target.node in gone
        ]
        self.disconnect(touching)
        self.do([RemoveNode(scope=self.scope_id, node_id=node_id) for node_id in sorted(gone)])

    def arriving(self, node_id: str) -> dict[str, tuple[str, Edge]]:
        """Return edge id and edge by input port."""
        return {
            edge.target.port: (edge_id, edge)
            for edge_id, edge in self.scope.edges.items()
            if edge.target.node == node_id
        }

    def leaving(self, node_id: str) -> list[tuple[str, Edge]]:
        """Return the edges that leave a node."""
        return [item for item in self.scope.edges.items() if item[1].source.node == node_id]

    def set_params(self, node_id: str, values: Mapping[str, ParamValue | None]) -> None:
        """Set parameters; None returns one to its default."""
        self.do(
            SetParam(
                scope=self.scope_id,
                node_id=node_id,
                param=name,
                is_set=value is not None,
                value=value,
            )
            for name, value in values.items()
        )

    def set_type(self, node_id: str, type_name: str) -> None:
        self._set(node_id, "type", type_name)

    def rename(self, node_id: str, name: str) -> None:
        self._set(node_id, "name", name)

    def _set(self, node_id: str, attribute: str, value: str) -> None:
        self.do(
            [
                SetAttribute.model_validate(
                    {
                        "scope": self.scope_id,
                        "node_id": node_id,
                        "attribute": attribute,
                        "value": value,
                    }
                )
            ]
        )

    def freeze(self, node_ids: Iterable[str], *, is_frozen: bool) -> None:
        """Freeze or thaw nodes of the scope."""
        self.do(
            SetAttribute(
                scope=self.scope_id, node_id=node_id, attribute="is_frozen", value=is_frozen
            )
            for node_id in node_ids
        )

    def make_room(self, after_px: float, row_px: float | None, by_px: float) -> None:
        """Move what lies to the right of a place, in its row, further right."""
        moved = {
            node_id: Position(x=place.x + by_px, y=place.y)
            for node_id in self.scope.nodes
            if (place := self.place(node_id)) is not None
            and place.x >= after_px
            and (row_px is None or abs(place.y - row_px) < ROOM_PX)
        }
        if moved:
            self.do([MoveNodes(positions=dict(moved))])

    def insert_on(self, edge_id: str, type_name: str, params: Mapping[str, ParamValue]) -> str:
        """Put a layer on a connection and return its id."""
        edge = self.scope.edges[edge_id]
        start, end = self.place(edge.source.node), self.place(edge.target.node)
        near = None
        if start is not None and end is not None:
            if abs(start.y - end.y) < ROOM_PX and 0 < end.x - start.x < 2 * ROOM_PX:
                self.make_room(end.x, end.y, STEP_PX)
                near = Position(x=start.x + STEP_PX, y=start.y)
            elif end.x <= start.x:
                # The target begins another row: the row of the source becomes one longer.
                near = Position(x=start.x + STEP_PX, y=start.y)
            else:
                near = Position(x=(start.x + end.x) / 2, y=(start.y + end.y) / 2)
        self.disconnect([edge_id])
        node_id = self.add(type_name, params, near=near)
        self.connect(edge.source, Endpoint(node=node_id, port=first_input(type_name)))
        self.connect(Endpoint(node=node_id, port="output"), edge.target)
        return node_id


def _overlap(one: Position, other: Position) -> bool:
    return abs(one.x - other.x) < CARD_WIDTH_PX and abs(one.y - other.y) < CARD_HEIGHT_PX


def first_input(type_name: str) -> str:
    """Return the port that a connection arrives at when a layer is put on it."""
    layer = get_layer(type_name)
    if layer is None or not layer.inputs:
        return "input"
    return layer.inputs[0].name
