"""The nodes of a three-way merge: which stay, where they are, what they are set to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from netloom.graph.document import Document, Edge, Endpoint, Node, ParamValue
from netloom.graph.merge_parts import ABSENT, MergeRefused, Parts, Side, Sides
from netloom.graph.names import unique_name
from netloom.graph.sharing import sharing_of
from netloom.graph.topology import Scope, find_cycles

_FIELDS = (
    "type",
    "name",
    "note",
    "module_path",
    "is_frozen",
    "block",
    "repeat",
    "weights",
    "weights_of",
)
_WORDS = {
    "is_frozen": "frozen",
    "module_path": "module path",
    "weights_of": "whose weights it uses",
}


class Placed(NamedTuple):
    """A node and the block that it is in; None on the top level."""

    scope: str | None
    node: Node


Flat: TypeAlias = "Mapping[str, Placed]"
FlatSides: TypeAlias = "tuple[Flat, Flat, Flat]"


def scopes_of(document: Document) -> dict[str | None, Scope]:
    """The top level and every block by id."""
    return {None: document.graph, **document.graph.blocks}


def flat_nodes(sides: Sides) -> FlatSides:
    """Each side's nodes of all scopes by id.

    Raises:
        MergeRefused: One id is in two places.
    """
    return _flat(sides.base), _flat(sides.ours), _flat(sides.theirs)


def _flat(document: Document) -> dict[str, Placed]:
    flat: dict[str, Placed] = {}
    for scope_id, scope in scopes_of(document).items():
        for key, node in scope.nodes.items():
            if key in flat:
                raise MergeRefused(
                    f"Node id {key} is used by {flat[key].node.name} and by {node.name}. "
                    "Import the network anew, so that its layers get ids of their own."
                )
            flat[key] = Placed(scope_id, node)
    return flat


def merge_nodes(parts: Parts, nodes: FlatSides) -> dict[str, Placed]:
    """The nodes that stay, each in a block that stays."""
    defined = {key for side in parts.sides for key in side.graph.blocks}
    gone = defined - parts.kept_blocks
    links = [_new_links(parts.sides.base, side) for side in parts.sides]
    merged: dict[str, Placed] = {}
    for key in sorted(set[str]().union(*nodes)):
        found = [side.get(key) for side in nodes]
        known = next(placed for placed in reversed(found) if placed is not None)
        kept = _in_restored_block(parts, key, found)
        if kept is not None:
            merged[key] = kept
            continue
        touched = [
            None if placed is None else (placed, new.get(key, frozenset()))
            for placed, new in zip(found, links, strict=True)
        ]
        scope = known.scope
        if not parts.presence(f"node:{key}", scope, key, known.node.name, *touched):
            continue
        placed = _merge_node(parts, key, found, known)
        if placed.scope not in gone and placed.node.block not in gone:
            merged[key] = placed
    return merged


def _in_restored_block(parts: Parts, key: str, found: list[Placed | None]) -> Placed | None:
    """The node as the side has it that keeps its block, which the other side deleted."""
    sides: tuple[tuple[Side, Placed | None], ...] = (("ours", found[1]), ("theirs", found[2]))
    for name, placed in sides:
        if placed is not None and parts.restored.get(f"block:{placed.scope}") == name:
            parts.restored[key] = name
            return placed
    return None


def _new_links(base: Document, side: Document) -> dict[str, frozenset[tuple[str, ...]]]:
    """Connections that the side made, by the nodes at their ends."""
    old = {_ends(e) for scope in scopes_of(base).values() for e in scope.edges.values()}
    links: dict[str, set[tuple[str, ...]]] = {}
    for scope in scopes_of(side).values():
        for edge in scope.edges.values():
            ends = _ends(edge)
            if ends not in old:
                links.setdefault(edge.source.node, set()).add(ends)
                links.setdefault(edge.target.node, set()).add(ends)
    return {key: frozenset(ends) for key, ends in links.items()}


def _ends(edge: Edge) -> tuple[str, str, str, str]:
    return edge.source.node, edge.source.port, edge.target.node, edge.target.port


def _merge_node(parts: Parts, key: str, found: list[Placed | None], known: Placed) -> Placed:
    base, ours, theirs = found
    ours, theirs = ours or theirs or known, theirs or ours or known
    if ours == theirs:
        return ours
    name, scope = ours.node.name, ours.scope

    def pick(field: str, word: str, was: object, mine: object, other: object) -> object:
        was = ABSENT if base is None else was
        return parts.pick(f"node:{key}:{field}", scope, key, f"{name}: {word}", was, mine, other)

    fields = {
        field: pick(
            field,
            _WORDS.get(field, field),
            base and getattr(base.node, field),
            getattr(ours.node, field),
            getattr(theirs.node, field),
        )
        for field in _FIELDS
    }
    for half in ("params", "overrides"):
        values: list[Mapping[str, ParamValue]] = [
            getattr(placed.node, half) if placed else {} for placed in (base, ours, theirs)
        ]
        fields[half] = parts.pick_each(f"node:{key}:{half}", scope, key, f"{name}:", *values)
    place = pick("scope", "block it is in", base and base.scope, scope, theirs.scope)
    return Placed(place if isinstance(place, str) else None, ours.node.model_copy(update=fields))


def drop_recursion(parts: Parts, merged: dict[str, Placed], nodes: FlatSides) -> dict[str, Placed]:
    """Take one side's instances where both sides together put a block into itself."""
    merged = dict(merged)
    while True:
        uses = {
            key: (placed.scope, placed.node.block)
            for key, placed in merged.items()
            if placed.scope is not None and placed.node.block is not None
        }
        cycle = next((each for each in _block_cycles(uses.values())), None)
        own = [_is_within(cycle or [], uses, side) for side in nodes[1:]]
        if cycle is None or any(not strangers for strangers in own):
            return merged
        names = " in ".join(_block_name(parts.sides, key) for key in [*cycle, cycle[0]])
        side = parts.conflict(
            f"recursion:{cycle[0]}", "loop", cycle[0], None, f"block {names}",
            "not in itself", "uses one", "uses the other",
        )  # fmt: skip
        for key in own[0] if side == "ours" else own[1]:
            del merged[key]


def _is_within(
    cycle: list[str], uses: Mapping[str, tuple[str | None, str | None]], side: Flat
) -> list[str]:
    """Instances along the cycle that a side does not have."""
    members = set(cycle)
    return [
        key
        for key, (scope, block) in uses.items()
        if scope in members
        and block in members
        and (key not in side or (side[key].scope, side[key].node.block) != (scope, block))
    ]


def _block_cycles(uses: Iterable[tuple[str | None, str | None]]) -> list[list[str]]:
    edges = [
        Edge(source=Endpoint(node=block, port="use"), target=Endpoint(node=scope, port="use"))
        for scope, block in uses
        if scope is not None and block is not None
    ]
    return find_cycles({end.node for e in edges for end in (e.source, e.target)}, edges)


def _block_name(sides: Sides, block_id: str) -> str:
    for side in (sides.ours, sides.theirs):
        if block_id in side.graph.blocks:
            return side.graph.blocks[block_id].name
    return block_id


def rename_twins(parts: Parts, merged: dict[str, Placed], nodes: FlatSides) -> dict[str, Placed]:
    """Give layers that both sides called alike different names, the later id the new one."""
    base, ours, theirs = nodes
    groups: dict[tuple[str | None, str], list[str]] = {}
    for key, placed in sorted(merged.items()):
        groups.setdefault((placed.scope, placed.node.name), []).append(key)
    renamed = dict(merged)
    taken: dict[str | None, set[str]] = {}
    for scope, name in groups:
        taken.setdefault(scope, set()).add(name)
    for (scope, name), keys in groups.items():
        if len(keys) < 2 or any(_are_twins(keys, scope, name, side) for side in (ours, theirs)):
            continue
        keys.sort(key=lambda key: (key not in base, key))
        for key in keys[1:]:
            fresh = unique_name(name, taken[scope])
            taken[scope].add(fresh)
            node = merged[key].node.model_copy(update={"name": fresh})
            renamed[key] = Placed(scope, node)
            parts.notes.append(f"Both sides have a layer called {name}: one is {fresh} now.")
    return renamed


def part_sharing(parts: Parts, merged: dict[str, Placed]) -> dict[str, Placed]:
    """Let layers share weights within each block where one side grouped some of those that did."""
    parted = dict(merged)
    groups = sharing_of({key: placed.node for key, placed in merged.items()}).groups
    for name, group in sorted(groups.items()):
        scopes: dict[str | None, list[str]] = {}
        for key in group:
            scopes.setdefault(merged[key].scope, []).append(key)
        for scope, keys in scopes.items() if len(scopes) > 1 else ():
            first = name if name in keys or name not in merged else keys[0]
            for key in keys:
                owner = "" if key == first else first
                node = merged[key].node.model_copy(update={"weights_of": owner})
                parted[key] = Placed(scope, node)
            if len(keys) == 1 and keys[0] != name:
                parts.notes.append(
                    f"{merged[keys[0]].node.name} has weights of its own: the layers that it was "
                    "to share them with are not in the same block any more."
                )
    return parted


def _are_twins(keys: list[str], scope: str | None, name: str, side: Flat) -> bool:
    return all(
        key in side and side[key].scope == scope and side[key].node.name == name for key in keys
    )
