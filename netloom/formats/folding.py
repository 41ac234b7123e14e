"""Imported networks folded by module: what one submodule computes becomes a block.

A traced network is one long row of layers; its author wrote modules within modules. Groups of
nodes with a common module path become blocks, the innermost first, and groups of equal structure
and parameters share one definition. Weight keys are rewritten, tensors are not.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from netloom.blocks.bands import placed
from netloom.formats.folded_group import Group, class_stem, content_of, is_end, local_nodes
from netloom.formats.imported import ImportedNetwork, ImportedPiece
from netloom.graph.document import (
    BlockDefinition,
    Document,
    Edge,
    Endpoint,
    Graph,
    Node,
    Position,
    View,
    new_id,
)
from netloom.graph.names import UsedNames, repaired_name
from netloom.graph.sharing import sharing_of
from netloom.layers.block import BLOCK, BLOCK_INPUT, BLOCK_OUTPUT

if TYPE_CHECKING:
    from torch import Tensor

_MIN_NODES = 2


def fold_by_module(
    imported: ImportedNetwork,
    class_names: Mapping[str, str] | None = None,
    *,
    modules: Collection[str] | None = None,
    smallest_leaf: int = 2,
) -> ImportedNetwork:
    """Fold the nodes of every submodule into a block, submodule within submodule.

    A group stays open where something leaves it and comes back, as a block could not be computed
    in one go, and where it shares weights with what is outside.

    Args:
        imported: A network without blocks.
        class_names: What a module's class is called, by its path; names the definitions.
        modules: Paths that may become blocks; all without it.
        smallest_leaf: Nodes that a module without inner modules needs to become one.

    Returns:
        The folded network with the same tensors under its keys; the report leads to the nodes in
        the definitions.
    """
    folding = _Folding.of(imported.document, class_names or {})
    for path in folding.containers(smallest_leaf):
        if modules is None or path in modules:
            folding.fold(path)
    pieces = [folding.placed_piece(piece) for piece in imported.report.pieces]
    return replace(
        imported,
        document=folding.document(imported.document),
        weights=folding.renamed(imported.weights),
        kept={folding.path_of(node_id): module for node_id, module in imported.kept.items()},
        report=imported.report.model_copy(update={"pieces": pieces}),
    )


@dataclass(slots=True)
class _Folding:
    """The top level while it is being folded.

    Attributes:
        order: Every node by its place in the drawing; an instance takes that of its first node.
        places: For each node that was there in the beginning, where its weights are now.
    """

    nodes: dict[str, Node]
    edges: dict[str, Edge]
    order: dict[str, int]
    places: dict[str, list[str]]
    class_names: Mapping[str, str]
    blocks: dict[str, BlockDefinition] = field(default_factory=dict[str, BlockDefinition])
    known: dict[str, tuple[str, list[str]]] = field(
        default_factory=dict[str, "tuple[str, list[str]]"]
    )
    positions: dict[str, Position] = field(default_factory=dict[str, Position])
    names: UsedNames = field(default_factory=UsedNames)
    has_sharing: bool = False

    @classmethod
    def of(cls, document: Document, class_names: Mapping[str, str]) -> _Folding:
        graph = document.graph
        places = {node_id: [node_id] for node_id in graph.nodes}
        order = {node_id: index for index, node_id in enumerate(graph.nodes)}
        folding = cls(dict(graph.nodes), dict(graph.edges), order, places, class_names)
        folding.has_sharing = any(node.weights_of for node in graph.nodes.values())
        return folding

    def containers(self, smallest_leaf: int) -> list[str]:
        """Return the paths of modules that hold several nodes, inner ones first.

        One around everything is left out: who opens the network would see a single block.
        """
        whole = sum(not is_end(node) for node in self.nodes.values())
        counts: Counter[str] = Counter()
        children: dict[str, set[str]] = {}
        for node_id, node in self.nodes.items():
            parts = node.module_path.split(".") if node.module_path else []
            for depth in range(1, len(parts) + 1):
                path = ".".join(parts[:depth])
                counts[path] += 1
                inner = parts[depth] if depth < len(parts) else f"/{node_id}"
                children.setdefault(path, set()).add(inner)
        found: list[str] = []
        for path, count in counts.items():
            is_leaf = all(child.startswith("/") for child in children[path])
            # What holds one module alone would be a block around a block.
            is_worth = count >= smallest_leaf if is_leaf else len(children[path]) >= _MIN_NODES
            if is_worth and _MIN_NODES <= count < whole:
                found.append(path)
        return sorted(found, key=lambda path: -path.count("."))

    def fold(self, path: str) -> None:
        """Make a block of the nodes under a path, if it can be one."""
        group = self._group(path)
        if group is None:
            return
        block_id, template = self._definition(group)
        instance = new_id()
        stem = path.rpartition(".")[2]
        if stem.isdigit():
            stem = f"{class_stem(self.class_names.get(path))}{stem}"
        self.nodes[instance] = Node(
            type=BLOCK,
            name=repaired_name(stem, ()),
            block=block_id,
            module_path=path,
        )
        self.order[instance] = min(self.order[member] for member in group.members)
        inside = dict(zip(group.members, template, strict=True))
        for node_id, place in self.places.items():
            if place[0] in inside:
                self.places[node_id] = [instance, "0", inside[place[0]], *place[1:]]
        self._rewire(group, instance, block_id)
        for member in group.members:
            del self.nodes[member]

    def _group(self, path: str) -> Group | None:
        members = sorted(
            (
                node_id
                for node_id, node in self.nodes.items()
                if node.module_path == path or node.module_path.startswith(f"{path}.")
            ),
            key=self.order.__getitem__,
        )
        chosen = set(members)
        if len(members) < _MIN_NODES or not self._is_convex(chosen) or self._shares(chosen):
            return None
        index = {member: place for place, member in enumerate(members)}
        touching = (
            edge
            for edge in self.edges.values()
            if edge.source.node in index or edge.target.node in index
        )
        by_port = sorted(
            touching, key=lambda edge: (index.get(edge.target.node, -1), edge.target.port)
        )
        inner = [e for e in by_port if e.source.node in index and e.target.node in index]
        outside = [e for e in by_port if e.target.node in index and e.source.node not in index]
        entering = list(dict.fromkeys(edge.source for edge in outside))
        arriving = [(entering.index(edge.source), edge.target) for edge in outside]
        left = (
            edge.source
            for edge in self.edges.values()
            if edge.source.node in index and edge.target.node not in index
        )
        leaving = sorted(dict.fromkeys(left), key=lambda end: (index[end.node], end.port))
        if not entering or not leaving:
            return None
        return Group(path, members, inner, entering, arriving, leaving)

    def _is_convex(self, members: set[str]) -> bool:
        following: dict[str, list[str]] = {}
        for edge in self.edges.values():
            following.setdefault(edge.source.node, []).append(edge.target.node)
        waiting = [
            target
            for member in members
            for target in following.get(member, ())
            if target not in members
        ]
        seen = set(waiting)
        while waiting:
            for target in following.get(waiting.pop(), ()):
                if target in members:
                    return False
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
        return True

    def _shares(self, members: set[str]) -> bool:
        """Say whether some of these nodes use the weights of others, or the other way round."""
        if not self.has_sharing:
            return False
        groups = sharing_of(self.nodes).groups.values()
        return any(not members.isdisjoint(each) and not members.issuperset(each) for each in groups)

    def _definition(self, group: Group) -> tuple[str, list[str]]:
        """Return a definition for a group and the ids of its nodes there, in the group's order."""
        index = {member: place for place, member in enumerate(group.members)}
        local = local_nodes(group, [self.nodes[member] for member in group.members])
        content = [
            [content_of(node, index) for node in local],
            [[index[e.source.node], e.source.port, index[e.target.node], e.target.port]
             for e in group.inner],
            [[place, index[end.node], end.port] for place, end in group.arriving],
            [[index[end.node], end.port] for end in group.leaving],
        ]  # fmt: skip
        key = json.dumps(content, sort_keys=True)
        if key not in self.known:
            self.known[key] = (self._defined(group, local), group.members)
        return self.known[key]

    def _defined(self, group: Group, local: Sequence[Node]) -> str:
        nodes = dict(zip(group.members, local, strict=True))
        edges = {new_id(): edge for edge in group.inner}
        used = UsedNames(node.name for node in local)
        inputs = [new_id() for _ in group.entering]
        outputs = [new_id() for _ in group.leaving]
        for node_id in inputs:
            nodes[node_id] = Node(type=BLOCK_INPUT, name=used.give("input"))
        for node_id, end in zip(outputs, group.leaving, strict=True):
            nodes[node_id] = Node(type=BLOCK_OUTPUT, name=used.give("output"))
            edges[new_id()] = Edge(source=end, target=Endpoint(node=node_id, port="input"))
        for place, end in group.arriving:
            source = Endpoint(node=inputs[place], port="output")
            edges[new_id()] = Edge(source=source, target=end)
        block_id = new_id()
        outer, _, stem = group.path.rpartition(".")
        if stem.isdigit():
            stem = f"{outer.rpartition('.')[2]}_{stem}"
        name = self.class_names.get(group.path) or stem
        self.blocks[block_id] = BlockDefinition(
            name=self.names.give(name), nodes=nodes, edges=edges, inputs=inputs, outputs=outputs
        )
        self.positions.update(placed(nodes, edges.values()))
        return block_id

    def _rewire(self, group: Group, instance: str, block_id: str) -> None:
        block = self.blocks[block_id]
        members = set(group.members)
        outputs = {
            end: Endpoint(node=instance, port=block.nodes[node_id].name)
            for end, node_id in zip(group.leaving, block.outputs, strict=True)
        }
        kept: dict[str, Edge] = {}
        for edge_id, edge in self.edges.items():
            is_from, is_to = edge.source.node in members, edge.target.node in members
            if is_from and not is_to:
                kept[edge_id] = Edge(source=outputs[edge.source], target=edge.target)
            elif not is_from and not is_to:
                kept[edge_id] = edge
        for end, node_id in zip(group.entering, block.inputs, strict=True):
            port = Endpoint(node=instance, port=block.nodes[node_id].name)
            kept[new_id()] = Edge(source=end, target=port)
        self.edges = kept

    def document(self, before: Document) -> Document:
        """Return what was folded, laid out anew."""
        used = UsedNames()
        ordered = sorted(self.nodes, key=self.order.__getitem__)
        nodes = {
            node_id: self.nodes[node_id].model_copy(
                update={"name": used.give(self.nodes[node_id].name)}
            )
            for node_id in ordered
        }
        positions = {**self.positions, **placed(nodes, self.edges.values())}
        graph = Graph(name=before.graph.name, nodes=nodes, edges=self.edges, blocks=self.blocks)
        view = View(positions=positions, budgets=before.view.budgets)
        return Document(graph=graph, view=view)

    def placed_piece(self, piece: ImportedPiece) -> ImportedPiece:
        """Return a row of the report that leads to where its nodes are now."""
        nodes = [self.places.get(node_id, [node_id])[-1] for node_id in piece.nodes]
        return piece.model_copy(update={"nodes": nodes})

    def renamed(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return tensors under the keys of the folded document."""
        found: dict[str, Tensor] = {}
        for key, tensor in weights.items():
            node_id, _, name = key.partition(":")
            found[f"{self.path_of(node_id)}:{name}"] = tensor
        return found

    def path_of(self, node_id: str) -> str:
        """Return where a node is in the folded document."""
        return "/".join(self.places.get(node_id, [node_id]))
