"""Three-way merge of networks: what one side changed and the other left alone is taken over.

Nodes, blocks and connections are told apart by id; `align_document` gives a document of other
origin the ids of the base first. A node is one thing wherever it is: one side may move it into a
block while the other changes a parameter. Where both sides changed the same thing differently,
that is a conflict; it is settled by `choices`, and for `ours` where these say nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netloom.graph.document import (
    BlockDefinition,
    Document,
    Edge,
    ExposedParam,
    Frame,
    Graph,
    Node,
    Position,
)
from netloom.graph.merge_edges import break_loops, merge_edges
from netloom.graph.merge_nodes import (
    Placed,
    drop_recursion,
    flat_nodes,
    merge_nodes,
    part_sharing,
    rename_twins,
)
from netloom.graph.merge_parts import Choices, Conflict, MergeRefused, Parts, Sides

__all__ = ["Choices", "Conflict", "Merge", "MergeRefused", "merge_documents"]


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged network.

    Attributes:
        conflicts: What both sides changed differently, each settled one way in `document`.
        notes: What else was done so that both sides fit, in sentences.
    """

    document: Document
    conflicts: list[Conflict]
    notes: list[str]


def merge_documents(
    base: Document, ours: Document, theirs: Document, choices: Choices | None = None
) -> Merge:
    """Merge what two sides made of one base.

    Args:
        choices: Side by conflict id.

    Raises:
        MergeRefused: A document has one node id in two places.
    """
    sides = Sides(base, ours, theirs)
    parts = Parts(sides, dict(choices or {}))
    name = parts.pick(
        "name", None, None, "the network's name", *(side.graph.name for side in sides)
    )
    nodes = flat_nodes(sides)
    blocks = _merge_blocks(parts, nodes)
    merged = drop_recursion(parts, merge_nodes(parts, nodes), nodes)
    merged = part_sharing(parts, rename_twins(parts, merged, nodes))
    edges = break_loops(parts, merged, merge_edges(parts, merged))
    graph = Graph(
        name=name,
        nodes=_inside(merged, None),
        edges=edges.get(None, {}),
        blocks={
            block_id: _finish(block, _inside(merged, block_id), edges.get(block_id, {}))
            for block_id, block in blocks.items()
        },
    )
    view = base.view.model_copy(
        update={
            "positions": _merge_positions(sides, merged),
            "frames": _merge_frames(parts),
            "budgets": parts.pick_each(
                "budget", None, None, "the budget", *(side.view.budgets for side in sides)
            ),
        }
    )
    document = Document(graph=graph, view=view)
    return Merge(document, parts.conflicts, parts.notes)


def _inside(nodes: Mapping[str, Placed], scope: str | None) -> dict[str, Node]:
    return {key: placed.node for key, placed in sorted(nodes.items()) if placed.scope == scope}


def _finish(
    block: BlockDefinition, nodes: dict[str, Node], edges: dict[str, Edge]
) -> BlockDefinition:
    """The definition with its content, naming only nodes that it has."""
    exposed = {
        name: ExposedParam.of(kept)
        for name, each in block.exposed.items()
        if (kept := [target for target in each.targets if target.node in nodes])
    }
    return block.model_copy(
        update={
            "nodes": nodes,
            "edges": edges,
            "inputs": [key for key in block.inputs if key in nodes],
            "outputs": [key for key in block.outputs if key in nodes],
            "exposed": exposed,
        }
    )


def _merge_blocks(
    parts: Parts, nodes: tuple[Mapping[str, Placed], ...]
) -> dict[str, BlockDefinition]:
    """Headers of the definitions that stay."""
    sides = parts.sides
    present = [side.graph.blocks for side in sides]
    merged: dict[str, BlockDefinition] = {}
    for block_id in sorted(set[str]().union(*present)):
        base, ours, theirs = (blocks.get(block_id) for blocks in present)
        is_kept = parts.presence(
            f"block:{block_id}",
            block_id,
            None,
            f"block {(ours or theirs or base or BlockDefinition(name='?')).name}",
            *(_described(block_id, side, flat) for side, flat in zip(sides, nodes, strict=True)),
        )
        if not is_kept:
            continue
        kept = [block for block in (base, ours, theirs) if block is not None]
        ours, theirs = ours or kept[-1], theirs or kept[-1]
        base = base or (ours if present[2].get(block_id) is None else theirs)
        merged[block_id] = _merge_header(parts, block_id, base, ours, theirs)
    return merged


def _described(
    block_id: str, side: Document, nodes: Mapping[str, Placed]
) -> tuple[object, ...] | None:
    """What a side has of a block and of its uses; None without it."""
    block = side.graph.blocks.get(block_id)
    if block is None:
        return None
    uses = sorted(key for key, placed in nodes.items() if placed.node.block == block_id)
    return block, uses


def _merge_header(
    parts: Parts,
    block_id: str,
    base: BlockDefinition,
    ours: BlockDefinition,
    theirs: BlockDefinition,
) -> BlockDefinition:
    what = f"block {ours.name}"

    def pick(field: str) -> object:
        values = [getattr(block, field) for block in (base, ours, theirs)]
        return parts.pick(f"block:{block_id}:{field}", block_id, None, f"{what}: {field}", *values)

    def pick_ports(field: str) -> list[str]:
        lists: list[list[str]] = [getattr(block, field) for block in (base, ours, theirs)]
        key, label = f"block:{block_id}:{field}", f"{what}: order of its {field}"
        return parts.pick_list(key, block_id, label, *lists)

    exposed = parts.pick_each(
        f"block:{block_id}:exposed",
        block_id,
        None,
        f"{what}: exposed",
        base.exposed,
        ours.exposed,
        theirs.exposed,
    )
    return base.model_copy(
        update={
            "name": pick("name"),
            "inputs": pick_ports("inputs"),
            "outputs": pick_ports("outputs"),
            "exposed": exposed,
        }
    )


def _merge_positions(sides: Sides, nodes: Mapping[str, Placed]) -> dict[str, Position]:
    """Where things are drawn is never worth a question: ours, unless only theirs moved it."""
    merged: dict[str, Position] = {}
    for key in sorted(nodes):
        base, ours, theirs = (side.view.positions.get(key) for side in sides)
        place = theirs if ours == base else ours
        if place is not None:
            merged[key] = place
    return merged


def _merge_frames(parts: Parts) -> dict[str, Frame]:
    found = [side.view.frames for side in parts.sides]
    merged: dict[str, Frame] = {}
    for key in sorted(set[str]().union(*found)):
        base, ours, theirs = (frames.get(key) for frames in found)
        known = ours or theirs or base
        title = f"frame {known.title}" if known and known.title else "a frame"
        frame = parts.pick(
            f"frame:{key}", known.scope if known else None, None, title, base, ours, theirs
        )
        if frame is not None and (frame.scope is None or frame.scope in parts.kept_blocks):
            merged[key] = frame
    return merged
