"""Where the nodes of a scope that nobody placed stand: in columns, a long row of these in bands.

A network of a hundred layers in one row would be a thin line from afar. It is broken as text is
broken into lines, where the fewest connections lead on to the next band.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from math import ceil, sqrt

from netloom.blocks.layout import COLUMN_PX, ROW_PX
from netloom.graph.document import Edge, Position
from netloom.graph.topology import topological_order

ASPECT = 1.7
"""Width over height that the bands together come to: about that of a canvas."""
MOST_IN_ONE_ROW = 14
"""Columns that are not broken into bands."""
BETWEEN_BANDS_PX = ROW_PX / 2
_SLACK = 0.25
"""A band may be so much longer or shorter, to end where few connections lead on."""


def placed(nodes: Collection[str], edges: Iterable[Edge]) -> dict[str, Position]:
    """Return places in columns by the longest way from an input; sources stand next to their use.

    Within a column nodes follow each other downwards, as they do in the drawing.

    Args:
        nodes: In the order of the drawing.
    """
    edges = list(edges)
    pairs = [
        (edge.source.node, edge.target.node)
        for edge in edges
        if edge.source.node in nodes and edge.target.node in nodes
    ]
    columns = _columns(nodes, edges, pairs)
    length = 1 + max(columns.values(), default=-1)
    by_column: list[list[str]] = [[] for _ in range(length)]
    fed = {target for _, target in pairs}
    drawn = [node_id for node_id in nodes if node_id in columns]
    for node_id in sorted(drawn, key=lambda each: each not in fed):
        by_column[columns[node_id]].append(node_id)
    positions: dict[str, Position] = {}
    top = 0.0
    starts = [0, *_breaks(by_column, columns, pairs), length]
    for first, end in pairwise(starts):
        band = by_column[first:end]
        for column, node_ids in enumerate(band):
            for row, node_id in enumerate(node_ids):
                positions[node_id] = Position(x=column * COLUMN_PX, y=top + row * ROW_PX)
        top += max(map(len, band), default=0) * ROW_PX + BETWEEN_BANDS_PX
    return positions


def _columns(
    nodes: Collection[str], edges: Sequence[Edge], pairs: Sequence[tuple[str, str]]
) -> dict[str, int]:
    """Return the column of each node, in an order in which all follow what feeds them."""
    feeders: dict[str, list[str]] = {node_id: [] for node_id in nodes}
    takers: dict[str, list[str]] = {node_id: [] for node_id in nodes}
    for source, target in pairs:
        feeders[target].append(source)
        takers[source].append(target)
    columns: dict[str, int] = {}
    order = topological_order(nodes, edges)
    for node_id in order:
        columns[node_id] = 1 + max((columns[each] for each in feeders[node_id]), default=-1)
    for node_id in reversed(order):
        if not feeders[node_id] and takers[node_id]:
            columns[node_id] = max(0, min(columns[each] for each in takers[node_id]) - 1)
    return columns


def _breaks(
    by_column: Sequence[Sequence[str]],
    columns: Mapping[str, int],
    pairs: Sequence[tuple[str, str]],
) -> list[int]:
    """Return the columns that begin another band."""
    length = len(by_column)
    if length <= MOST_IN_ONE_ROW:
        return []
    height_px = sum(map(len, by_column)) / length * ROW_PX + BETWEEN_BANDS_PX
    usual = max(MOST_IN_ONE_ROW // 2, sqrt(ASPECT * length * height_px / COLUMN_PX))
    leading_on = _leading_on(columns, pairs, length)
    found: list[int] = []
    start = 0
    while length - start > (1 + _SLACK) * usual:
        ideal = start + usual
        nearest = range(ceil(ideal - _SLACK * usual), int(ideal + _SLACK * usual) + 1)
        start = min(nearest, key=lambda each: (leading_on[each], abs(each - ideal)))
        found.append(start)
    return found


def _leading_on(
    columns: Mapping[str, int], pairs: Sequence[tuple[str, str]], length: int
) -> list[int]:
    """Count, before each column, the nodes to its left that something from there on takes."""
    ends: dict[str, int] = {}
    for source, target in pairs:
        ends[source] = max(ends.get(source, 0), columns[target])
    changes = [0] * (length + 1)
    for source, end in ends.items():
        changes[columns[source] + 1] += 1
        changes[end + 1] -= 1
    counts: list[int] = []
    for change in changes[:length]:
        counts.append((counts[-1] if counts else 0) + change)
    return counts
