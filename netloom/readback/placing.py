"""Where new nodes are drawn: in rows in a new scope, else beside what they take from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from netloom.graph.document import Edge, Node, Position
from netloom.graph.topology import topological_order

_COLUMN_PX = 216.0
_ROW_PX = 152.0
_COLUMNS = 5


@dataclass(slots=True)
class Places:
    """Positions; what is placed already stays where it is."""

    known: Mapping[str, Position]
    positions: dict[str, Position] = field(default_factory=dict[str, Position])

    def __post_init__(self) -> None:
        self.positions = dict(self.known)

    def place(self, nodes: Mapping[str, Node], edges: Mapping[str, Edge], *, is_new: bool) -> None:
        """Give every node of a scope a position, in the order things flow."""
        order = topological_order(nodes, edges.values())
        order += [node_id for node_id in nodes if node_id not in set(order)]
        if is_new:
            for index, node_id in enumerate(order):
                row, column = divmod(index, _COLUMNS)
                at = Position(x=column * _COLUMN_PX, y=row * _ROW_PX)
                self.positions.setdefault(node_id, at)
            return
        feeders: dict[str, list[str]] = {}
        for edge in edges.values():
            feeders.setdefault(edge.target.node, []).append(edge.source.node)
        taken = {(at.x, at.y) for key, at in self.positions.items() if key in nodes}
        for node_id in order:
            if node_id in self.positions:
                continue
            before = [
                self.positions[key] for key in feeders.get(node_id, ()) if key in self.positions
            ]
            x = max((at.x for at in before), default=0.0) + (_COLUMN_PX if before else 0.0)
            y = max((at.y for at in before), default=0.0)
            while any(abs(x - a) < _COLUMN_PX - 20 and abs(y - b) < _ROW_PX - 40 for a, b in taken):
                y += _ROW_PX
            taken.add((x, y))
            self.positions[node_id] = Position(x=x, y=y)
