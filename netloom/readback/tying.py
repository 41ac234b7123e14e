"""Weights that several nodes use: a module called more than once, or tied to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netloom.graph.document import Node
from netloom.graph.sharing import sharing_of
from netloom.readback.records import ReadNode, Record
from netloom.readback.values import Chain, Module


def tie_modules(owner: Module, user: Module) -> None:
    """Note that a module holds the parameters of another, layer by layer."""
    user.tied_to = owner
    if isinstance(owner, Chain) and isinstance(user, Chain) and len(owner.items) == len(user.items):
        for held, item in zip(owner.items, user.items, strict=True):
            item.tied_to = held


def tie_nodes(record: Record) -> None:
    """Say of each node whose weights it uses, where these are not its own."""
    firsts: dict[tuple[int, int], int] = {}
    for index, node in enumerate(record.nodes):
        if node.module is not None:
            firsts.setdefault((id(node.module), node.part), index)
    for index, node in enumerate(record.nodes):
        if node.module is None or not node.has_weights:
            continue
        owner, passed = node.module, {id(node.module)}
        while owner.tied_to is not None and id(owner.tied_to) not in passed:
            owner = owner.tied_to
            passed.add(id(owner))
        first = firsts.setdefault((id(owner), node.part), index)
        node.tied = None if first == index else first


def set_owners(
    nodes: dict[str, Node],
    reads: Sequence[ReadNode],
    ids: Sequence[str],
    present: Mapping[str, Node],
) -> None:
    """Let nodes of a scope use the weights of others as the source says.

    Args:
        nodes: Of the scope; changed.
        ids: Of the nodes that were read.
        present: The scope as it is now. Who shared weights and goes on so is left as drawn.
    """
    owners = {
        node_id: node_id if read.tied is None else ids[read.tied]
        for node_id, read in zip(ids, reads, strict=True)
        if read.has_weights
    }
    groups: dict[str, set[str]] = {}
    for node_id, owner in owners.items():
        groups.setdefault(owner, set()).add(node_id)
    before = sharing_of(present)
    for node_id, owner in owners.items():
        if groups[owner] != set(before.group(node_id)) & owners.keys():
            weights_of = "" if owner == node_id else owner
            nodes[node_id] = nodes[node_id].model_copy(update={"weights_of": weights_of})


def keeps_statistics(node: ReadNode) -> bool:
    """Whether a node, or one inside it, keeps numbers of its own beside its weights."""
    return node.type_name.startswith("BatchNorm") or any(
        keeps_statistics(inner) for record in node.records[:1] for inner in record.nodes
    )
