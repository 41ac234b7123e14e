"""Building a document in code: nodes in reading order, placed left to right in rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from netloom.graph.document import (
    BlockDefinition,
    Document,
    Edge,
    Endpoint,
    ExposedParam,
    Graph,
    Node,
    ParamValue,
    Position,
    View,
    new_id,
)
from netloom.graph.names import unique_name
from netloom.layers.block import BLOCK
from netloom.layers.registry import get_layer

CARD_WIDTH_PX = 176.0
CARD_HEIGHT_PX = 92.0
GAP_PX = 40.0
COLUMN_PX = CARD_WIDTH_PX + GAP_PX
ROW_PX = CARD_HEIGHT_PX + 1.5 * GAP_PX
"""Rows lie further apart than columns: the edge to the next row runs between them."""
COLUMNS_PER_ROW = 5
"""So many are readable side by side between the palette and the properties."""


@dataclass(slots=True)
class ScopeBuilder:
    """Collects one scope. New nodes follow the last one, to its right.

    Attributes:
        last: What the next node is connected to.
        columns_per_row: A longer row continues below; None keeps all in one row.
    """

    nodes: dict[str, Node] = field(default_factory=dict[str, Node])
    edges: dict[str, Edge] = field(default_factory=dict[str, Edge])
    positions: dict[str, Position] = field(default_factory=dict[str, Position])
    last: str | None = None
    column: int = 0
    row: int = 0
    columns_per_row: int | None = None

    def add(self, type_name: str, name: str | None = None, **params: ParamValue) -> str:
        """Append a layer and return its id; None takes the layer's usual name."""
        layer = get_layer(type_name)
        stem = name or (type_name.lower() if layer is None else layer.name_stem)
        return self._append(Node(type=type_name, name=self._free(stem), params=params))

    def add_block(
        self, block_id: str, stem: str, overrides: Mapping[str, ParamValue], repeat: int = 1
    ) -> str:
        """Append an instance of a block that has one input and one output."""
        node = Node(
            type=BLOCK,
            name=self._free(stem),
            block=block_id,
            overrides=dict(overrides),
            repeat=repeat,
        )
        return self._append(node)

    def connect(self, source: str, target: str, port: str) -> None:
        """Join the output of a node with a port of another."""
        self.edges[new_id()] = Edge(
            source=Endpoint(node=source, port="output"), target=Endpoint(node=target, port=port)
        )

    def start_row(self) -> None:
        """Continue at the left, one row lower."""
        if self.column:
            self.column = 0
            self.row += 1

    def _append(self, node: Node) -> str:
        if self.column == self.columns_per_row:
            self.start_row()
        node_id = new_id()
        self.nodes[node_id] = node
        self.positions[node_id] = Position(x=self.column * COLUMN_PX, y=self.row * ROW_PX)
        self.column += 1
        if self.last is not None:
            layer = get_layer(node.type)
            is_variadic = layer is not None and layer.variadic_param is not None
            self.connect(self.last, node_id, "input_1" if is_variadic else "input")
        self.last = node_id
        return node_id

    def _free(self, stem: str) -> str:
        return unique_name(stem, {node.name for node in self.nodes.values()})


@dataclass(frozen=True, slots=True)
class BuiltBlock:
    """A definition and where its nodes are drawn."""

    definition: BlockDefinition
    positions: Mapping[str, Position]


def finish_block(
    scope: ScopeBuilder, name: str, exposed: Mapping[str, tuple[str, str]]
) -> BuiltBlock:
    """Return a finished definition.

    Args:
        exposed: Node id and parameter by the name an instance sees.
    """
    definition = BlockDefinition(
        name=name,
        nodes=scope.nodes,
        edges=scope.edges,
        inputs=[key for key, node in scope.nodes.items() if node.type == "BlockInput"],
        outputs=[key for key, node in scope.nodes.items() if node.type == "BlockOutput"],
        exposed={
            label: ExposedParam(node=node_id, param=param)
            for label, (node_id, param) in exposed.items()
        },
    )
    return BuiltBlock(definition, scope.positions)


def finish_document(
    scope: ScopeBuilder, name: str, blocks: Mapping[str, BuiltBlock] | None = None
) -> Document:
    """Return a finished document."""
    built = blocks or {}
    positions = dict(scope.positions)
    for block in built.values():
        positions.update(block.positions)
    graph = Graph(
        name=name,
        nodes=scope.nodes,
        edges=scope.edges,
        blocks={block_id: block.definition for block_id, block in built.items()},
    )
    return Document(graph=graph, view=View(positions=positions))
