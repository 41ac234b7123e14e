"""Where new nodes are drawn: in rows in a new scope, else beside what they take from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import floor

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
        ordered = set(order)
        order += [node_id for node_id in nodes if node_id not in ordered]
        if is_new:
            for index, node_id in enumerate(order):
                row, column = divmod(index, _COLUMNS)
                at = Position(x=column * _COLUMN_PX, y=row * _ROW_PX)
                self.positions.setdefault(node_id, at)
            return
        feeders: dict[str, list[str]] = {}
        for edge in edges.values():
            feeders.setdefault(edge.target.node, []).append(edge.source.node)
        taken = _Taken()
        for key, at in self.positions.items():
            if key in nodes:
                taken.add(at.x, at.y)
        for node_id in order:
            if node_id in self.positions:
                continue
            before = [
                self.positions[key] for key in feeders.get(node_id, ()) if key in self.positions
            ]
            x = max((at.x for at in before), default=0.0) + (_COLUMN_PX if before else 0.0)
            y = max((at.y for at in before), default=0.0)
            self.positions[node_id] = Position(x=x, y=taken.take_below(x, y))


class _Taken:
    """Where nodes stand, by the cells of a grid: only neighbours can be in the way."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], list[tuple[float, float]]] = {}
        self._lowest: dict[tuple[float, float], float] = {}

    def add(self, x: float, y: float) -> None:
        self._cells.setdefault(_cell(x, y), []).append((x, y))

    def take_below(self, x: float, y: float) -> float:
        """Take the first free place at `y` or rows below it; each wish goes on from the last."""
        free = self._lowest.get((x, y), y)
        while self._is_in_the_way(x, free):
            free += _ROW_PX
        self._lowest[x, y] = free
        self.add(x, free)
        return free

    def _is_in_the_way(self, x: float, y: float) -> bool:
        column, row = _cell(x, y)
        return any(
            abs(x - other_x) < _COLUMN_PX - 20 and abs(y - other_y) < _ROW_PX - 40
            for near_column in (column - 1, column, column + 1)
            for near_row in (row - 1, row, row + 1)
            for other_x, other_y in self._cells.get((near_column, near_row), ())
        )


def _cell(x: float, y: float) -> tuple[int, int]:
    return floor(x / _COLUMN_PX), floor(y / _ROW_PX)
