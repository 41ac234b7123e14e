"""Where the nodes of a folded scope stand."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from netloom.blocks.layout import COLUMN_PX, ROW_PX
from netloom.graph.document import Edge, Position
from netloom.graph.topology import topological_order


def placed(nodes: Collection[str], edges: Iterable[Edge]) -> dict[str, Position]:
    """Return places in columns by the longest way from an input; sources stand next to their use.

    Within a column nodes follow each other downwards, as they do in the drawing.
    """
    edges = list(edges)
    feeders: dict[str, list[str]] = {node_id: [] for node_id in nodes}
    takers: dict[str, list[str]] = {node_id: [] for node_id in nodes}
    for edge in edges:
        if edge.source.node in feeders and edge.target.node in feeders:
            feeders[edge.target.node].append(edge.source.node)
            takers[edge.source.node].append(edge.target.node)
    columns: dict[str, int] = {}
    order = topological_order(nodes, edges)
    for node_id in order:
        columns[node_id] = 1 + max((columns[each] for each in feeders[node_id]), default=-1)
    for node_id in reversed(order):
        if not feeders[node_id] and takers[node_id]:
            columns[node_id] = max(0, min(columns[each] for each in takers[node_id]) - 1)
    rows: dict[int, int] = {}
    positions: dict[str, Position] = {}
    for node_id in sorted(order, key=lambda each: bool(feeders[each]), reverse=True):
        column = columns[node_id]
        row = rows[column] = rows.get(column, -1) + 1
        positions[node_id] = Position(x=column * COLUMN_PX, y=row * ROW_PX)
    return positions
