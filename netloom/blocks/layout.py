"""Building a document in code: nodes in reading order, placed left to right in rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from netloom.graph.document import (
    BlockDefinition,
    Document,
    Edge,
    Endpoint,
    ExposedParam,
    ExposedTarget,
    Frame,
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

_NOTE_MARGIN_PX = 24.0
_NOTE_TITLE_PX = 32.0


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

    def connect(
        self, source: str, target: str, port: str = "input", source_port: str = "output"
    ) -> None:
        """Join an output of a node with a port of another."""
        self.edges[new_id()] = Edge(
            source=Endpoint(node=source, port=source_port), target=Endpoint(node=target, port=port)
        )

    def branch(self, source: str | None, *, row: int, column: int) -> None:
        """Go on from another node, at another place; from None, with a node of its own."""
        self.last, self.row, self.column = source, row, column

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


@dataclass(slots=True)
class BlockShelf:
    """The definitions of one document, each built once however often it is used."""

    built: dict[str, BuiltBlock] = field(default_factory=dict[str, BuiltBlock])
    _ids: dict[BlockBuilder, str] = field(default_factory=dict["BlockBuilder", str])

    def take(self, builder: BlockBuilder) -> str:
        """Return the id of a block in this document, built with what it uses if it is new."""
        if builder not in self._ids:
            block = builder(self)
            self._ids[builder] = new_id()
            self.built[self._ids[builder]] = block
        return self._ids[builder]


BlockBuilder = Callable[[BlockShelf], BuiltBlock]
"""Builds a definition; blocks within it come from the shelf."""


def finish_block(
    scope: ScopeBuilder, name: str, exposed: Mapping[str, Sequence[tuple[str, str]]]
) -> BuiltBlock:
    """Return a finished definition.

    Args:
        exposed: By the name an instance sees, each node and parameter that takes the value.
    """
    definition = BlockDefinition(
        name=name,
        nodes=scope.nodes,
        edges=scope.edges,
        inputs=[key for key, node in scope.nodes.items() if node.type == "BlockInput"],
        outputs=[key for key, node in scope.nodes.items() if node.type == "BlockOutput"],
        exposed={
            label: ExposedParam(
                node=node_id,
                param=param,
                also=[ExposedTarget(node=other, param=name) for other, name in others],
            )
            for label, ((node_id, param), *others) in exposed.items()
        },
    )
    return BuiltBlock(definition, scope.positions)


def finish_document(
    scope: ScopeBuilder, name: str, shelf: BlockShelf | None = None, note: str = ""
) -> Document:
    """Return a finished document, with a note above it where there is something to say."""
    built = {} if shelf is None else shelf.built
    positions = dict(scope.positions)
    for block in built.values():
        positions.update(block.positions)
    graph = Graph(
        name=name,
        nodes=scope.nodes,
        edges=scope.edges,
        blocks={block_id: block.definition for block_id, block in built.items()},
    )
    frames = {new_id(): _note_frame(scope, note)} if note else {}
    return Document(graph=graph, view=View(positions=positions, frames=frames))


def _note_frame(scope: ScopeBuilder, note: str) -> Frame:
    """Return a comment above the first row."""
    columns = 1 + max(position.x for position in scope.positions.values()) / COLUMN_PX
    return Frame(
        title=note,
        x=-_NOTE_MARGIN_PX,
        y=-_NOTE_MARGIN_PX - _NOTE_TITLE_PX,
        width_px=max(3.0, columns) * COLUMN_PX - GAP_PX + 2 * _NOTE_MARGIN_PX,
        height_px=(scope.row + 1) * ROW_PX - 1.5 * GAP_PX + 2 * _NOTE_MARGIN_PX + _NOTE_TITLE_PX,
    )
