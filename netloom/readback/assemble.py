"""From what was read to a document: blocks out of the uses of classes, nodes at their places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from netloom.graph.document import (
    BlockDefinition,
    Document,
    Edge,
    Endpoint,
    ExposedParam,
    Graph,
    Node,
    Position,
    new_id,
)
from netloom.graph.topology import Scope
from netloom.layers.block import BLOCK, BLOCK_INPUT, BLOCK_OUTPUT
from netloom.layers.learning import LearningParams
from netloom.readback.exposing import Exposing, exposed_of, overrides_of
from netloom.readback.layers import find_layer
from netloom.readback.matching import Match, match_scope, ports_of
from netloom.readback.model import SourcePlace
from netloom.readback.placing import Places
from netloom.readback.records import ReadNode, Record
from netloom.readback.solving import FoundLayer
from netloom.readback.starting import with_starts
from netloom.readback.syntax import CannotRead
from netloom.readback.tying import set_owners
from netloom.readback.wanted import Params


@dataclass(slots=True)
class Assembly:
    """A document in the making.

    Attributes:
        inputs: The node of each input of the network, in the order of `forward`.
        block_ids: The block of the present network that a class is, by the class's name.
    """

    present: Document
    inputs: Sequence[Node]
    block_ids: Mapping[str, str]
    blocks: dict[str, BlockDefinition] = field(default_factory=dict[str, BlockDefinition])
    places: list[SourcePlace] = field(default_factory=list[SourcePlace])
    problems: list[CannotRead] = field(default_factory=list[CannotRead])
    _overrides: dict[int, Params] = field(default_factory=dict[int, Params])
    _block_of: dict[int, str] = field(default_factory=dict[int, str])
    _positions: dict[str, Position] = field(default_factory=dict[str, Position])

    def document(self, top: Record, name: str) -> Document:
        """Return the network as the source has it, with the ids of the present one."""
        for group in _groups(top):
            self._make_block(group)
        present = self.present.graph
        names = self._output_names(top, present)
        scope = present if present.nodes else None
        match = match_scope(top, scope, names)
        nodes, edges = self._content([top], match, scope, None)
        for node_id, node in zip(match.inputs, self.inputs, strict=True):
            nodes[node_id] = _kept(present.nodes.get(node_id), node)
        for node_id, output in zip(match.outputs, names, strict=True):
            nodes[node_id] = _kept(present.nodes.get(node_id), Node(type="Output", name=output))
        blocks = {**present.blocks, **self.blocks}
        graph = Graph(name=name, nodes=nodes, edges=edges, blocks=blocks)
        placed = Places(self.present.view.positions)
        placed.place(graph.nodes, graph.edges, is_new=scope is None)
        for block_id, block in self.blocks.items():
            placed.place(block.nodes, block.edges, is_new=block_id not in present.blocks)
        still, before = _node_ids(graph), _node_ids(present)
        drawn = self.present.view.positions
        positions = {
            key: at
            for key, at in placed.positions.items()
            if key in still and (key in drawn or key not in before)
        }
        view = self.present.view.model_copy(update={"positions": positions})
        return Document(graph=graph, view=view)

    def _output_names(self, record: Record, present: Scope) -> list[str]:
        if len(record.output_names) == len(record.results):
            return record.output_names
        roles, listed = ("output", "block_output"), getattr(present, "outputs", None)
        names = [present.nodes[key].name for key in ports_of(present, roles, listed)]
        if len(names) == len(record.results):
            return names
        num = len(record.results)
        return ["output"] if num == 1 else [f"output_{index + 1}" for index in range(num)]

    def _make_block(self, group: list[Record]) -> None:
        """Make one definition for uses that differ in values only."""
        first = group[0]
        block_id = self.block_ids.get(first.class_name, "")
        present = self.present.graph.blocks.get(block_id)
        definition = self._definition(group, present, block_id if present else None)
        if present is None:
            block_id = new_id()
        elif block_id in self.blocks and definition != self.blocks[block_id]:
            block_id = new_id()
            definition = self._definition(group, None, block_id)
        self.blocks[block_id] = definition
        for record in group:
            self._block_of[id(record)] = block_id

    def _definition(
        self, group: list[Record], present: BlockDefinition | None, block_id: str | None
    ) -> BlockDefinition:
        first = group[0]
        names = self._output_names(first, present or BlockDefinition(name="none"))
        match = match_scope(first, present, names)
        exposed = dict(present.exposed) if present else {}
        nodes, edges = self._content(group, match, present, block_id, exposed)
        for node_id, (name, _) in zip(match.inputs, first.inputs, strict=True):
            own = Node(type=BLOCK_INPUT, name=name.rstrip("_"))
            nodes[node_id] = _kept(present.nodes.get(node_id) if present else None, own)
        for node_id, name in zip(match.outputs, names, strict=True):
            own = Node(type=BLOCK_OUTPUT, name=name)
            nodes[node_id] = _kept(present.nodes.get(node_id) if present else None, own)
        return BlockDefinition(
            name=present.name if present else first.class_name[:64],
            nodes=nodes,
            edges=edges,
            inputs=match.inputs,
            outputs=match.outputs,
            exposed=exposed_of(exposed, nodes),
        )

    def _content(
        self,
        group: list[Record],
        match: Match,
        present: Scope | None,
        block_id: str | None,
        exposed: dict[str, ExposedParam] | None = None,
    ) -> tuple[dict[str, Node], dict[str, Edge]]:
        """Return nodes and edges of a scope, all but its ports."""
        nodes: dict[str, Node] = {}
        if present is not None:
            nodes = {key: node for key, node in present.nodes.items() if key not in match.shown}
        overrides = [self._overrides.setdefault(id(record), {}) for record in group]
        exposing = Exposing(self.blocks, {} if exposed is None else exposed, overrides)
        for index, node_id in enumerate(match.nodes):
            reads = [record.nodes[index] for record in group]
            before = present.nodes.get(node_id) if present is not None else None
            values = [self._values(read, before) for read in reads]
            base = values[0]
            if exposed is not None:  # The network itself is used once.
                inner = self._block_of[id(reads[0].records[0])] if reads[0].records else None
                base = exposing.defined(node_id, reads[0], values, before, inner)
            nodes[node_id] = self._node(reads[0], base, before)
            self._add_places(reads[0], node_id, block_id)
        set_owners(nodes, group[0].nodes, match.nodes, {} if present is None else present.nodes)
        exposing.settle()
        return nodes, self._edges(group[0], match, present, nodes)

    def _values(self, read: ReadNode, before: Node | None) -> Params:
        """Return the parameters of a node in one use of its class; overrides of a block."""
        if read.type_name != BLOCK:
            _keep_as_drawn(read, before)
            params = with_starts(read)
            if read.tied is not None and before is not None:
                # The source says how weights start where they are, not where they are used.
                said = {k: v for k, v in before.params.items() if k in LearningParams.model_fields}
                params = {**said, **params}
            return params
        found = [self._overrides.get(id(record), {}) for record in read.records]
        kept = dict(before.overrides) if before is not None and before.block is not None else {}
        if any(each != found[0] for each in found):
            self.problems.append(
                CannotRead(read.called_at, f"The repeats of {read.name[:64]} differ in arguments.")
            )
        block = self.blocks[self._block_of[id(read.records[0])]]
        unknown = {name: value for name, value in kept.items() if name not in block.exposed}
        return {**unknown, **found[0]}

    def _node(self, read: ReadNode, params: Params, before: Node | None) -> Node:
        name = read.name if before is None or read.is_named else before.name
        changes: dict[str, object] = {"name": name[:64], "is_frozen": read.is_frozen}
        if read.module is None and before is not None:
            changes["is_frozen"] = before.is_frozen
        if read.type_name != BLOCK:
            base = before or Node(type=read.type_name, name=name[:64])
            return base.model_copy(update={**changes, "type": read.type_name, "params": params})
        block_id = self._block_of[id(read.records[0])]
        is_shared = read.is_shared or (
            before is not None and before.weights == "shared" and len(read.records) == 1
        )
        changes |= {
            "block": block_id,
            "repeat": len(read.records),
            "weights": "shared" if is_shared else "separate",
            "overrides": overrides_of(params, before, block_id, self.blocks),
        }
        return (before or Node(type=BLOCK, name=name[:64])).model_copy(update=changes)

    def _edges(
        self, record: Record, match: Match, present: Scope | None, nodes: Mapping[str, Node]
    ) -> dict[str, Edge]:
        wanted = [
            (match.id_of(flow), flow.port, match.nodes[index], port)
            for index, node in enumerate(record.nodes)
            for port, flow in node.inputs.items()
        ]
        wanted += [
            (match.id_of(flow), flow.port, node_id, "input")
            for flow, node_id in zip(record.results, match.outputs, strict=True)
        ]
        edges: dict[str, Edge] = {}
        known: dict[tuple[str, str, str, str], str] = {}
        for edge_id, edge in present.edges.items() if present is not None else ():
            ends = (edge.source.node, edge.source.port, edge.target.node, edge.target.port)
            known[ends] = edge_id
            is_still = edge.source.node in nodes or edge.source.node in match.inputs
            if edge.target.node in nodes and edge.target.node not in match.nodes and is_still:
                edges[edge_id] = edge
        for source, port, target, target_port in wanted:
            if source is not None:
                edge_id = known.get((source, port, target, target_port)) or new_id()
                edges[edge_id] = Edge(
                    source=Endpoint(node=source, port=port),
                    target=Endpoint(node=target, port=target_port),
                )
        return edges

    def _add_places(self, read: ReadNode, node_id: str, scope: str | None) -> None:
        for tree in dict.fromkeys(each for each in (read.made_at, read.called_at) if each):
            line = getattr(tree, "lineno", 1)
            end = getattr(tree, "end_lineno", None) or line
            place = SourcePlace(line=line, end_line=end, node_id=node_id, scope=scope)
            self.places.append(place)


def _groups(top: Record) -> list[list[Record]]:
    """Return the uses of classes that are one block each, inner ones first."""
    groups: dict[object, list[Record]] = {}
    seen: set[int] = set()

    def visit(record: Record) -> None:
        for node in record.nodes:
            for inner in node.records:
                if id(inner) not in seen:
                    seen.add(id(inner))
                    visit(inner)
                    key = (inner.class_name, inner.structure())
                    groups.setdefault(key, []).append(inner)

    visit(top)
    return list(groups.values())


def _node_ids(graph: Graph) -> set[str]:
    return {node_id for each in (graph, *graph.blocks.values()) for node_id in each.nodes}


def _kept(before: Node | None, after: Node) -> Node:
    """Keep what source says nothing about, such as notes."""
    if before is None or before.type != after.type:
        return after
    params = after.params or before.params
    return before.model_copy(update={"name": after.name, "params": params})


def _keep_as_drawn(read: ReadNode, before: Node | None) -> None:
    """Keep type and parameters of a node whose name does not stand in the source."""
    if (
        before is None
        or read.wanted is None
        or (read.module is not None and read.is_named and read.name == before.name)
    ):
        return
    shapes = [flow.shape for flow in read.inputs.values()]
    found = find_layer(read.wanted, shapes, (before.type, dict(before.params)))
    if isinstance(found, FoundLayer) and found.layer.type_name == before.type:
        read.type_name, read.params = before.type, found.params
