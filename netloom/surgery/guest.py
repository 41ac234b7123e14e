"""Another network on its way into this one: ids and names made free, its ends left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netloom.graph.document import (
    BlockDefinition,
    Document,
    Edge,
    Endpoint,
    Node,
    Position,
    new_id,
)
from netloom.graph.match import renamed_node
from netloom.graph.names import repaired_name, unique_name
from netloom.graph.operations import AddBlock, AddEdge, AddNode, Operation
from netloom.graph.topology import BLOCK_INPUT, BLOCK_OUTPUT, block_order
from netloom.layers.block import BLOCK
from netloom.layers.registry import get_layer
from netloom.surgery.act import ActRefused
from netloom.surgery.beside import drawn_places, moved_beside, place_all
from netloom.surgery.edit import GraphEdit
from netloom.surgery.renaming import guest_ids, renamed_block, renamed_edge


def role_of(node: Node) -> str:
    layer = get_layer(node.type)
    return "layer" if layer is None else layer.role


@dataclass(frozen=True, slots=True)
class Ends:
    """How what was brought in is reached: ports that take its input, and what it gives."""

    takes: list[Endpoint]
    gives: Endpoint
    nodes: list[str]


class Guest:
    """Another network on its way in: ids and names made free, its input and output left out."""

    def __init__(self, edit: GraphEdit, other: Document, name: str) -> None:
        self.name = name
        self._edit = edit
        self._other = other
        nodes = other.graph.nodes
        self.input_id = self._only("input", "input", nodes)
        self._output = self._only("output", "output", nodes)
        self._ids = self._free_ids()

    def _only(self, role: str, word: str, nodes: Mapping[str, Node]) -> str:
        found = [node_id for node_id, node in nodes.items() if role_of(node) == role]
        if len(found) != 1:
            raise ActRefused(
                f"{self.name} has {len(found)} {word}s; one that has one is merged by this act."
            )
        return found[0]

    def _free_ids(self) -> dict[str, str]:
        """Keep ids where they are free: weights are found by them."""
        graph = self._edit.document.graph
        taken = {*graph.nodes, *graph.edges, *graph.blocks}
        for block in graph.blocks.values():
            taken |= {*block.nodes, *block.edges}
        depth = 0
        while not taken.isdisjoint((ids := guest_ids(self._other, depth)).values()):
            depth += 1
        return ids

    def inlined(self) -> Ends:
        """Bring the layers in as they are."""
        graph = self._other.graph
        ends = {(edge.source.node, edge.target.node) for edge in graph.edges.values()}
        if (self.input_id, self._output) in ends:
            raise ActRefused(f"{self.name} has no layers.")
        self._edit.do(self._blocks())
        taken = {node.name for node in self._edit.scope.nodes.values()}
        place_all(self._edit)
        kept = [key for key in graph.nodes if key not in (self.input_id, self._output)]
        theirs = drawn_places(self._other)
        places = moved_beside(self._edit, {key: theirs[key] for key in kept if key in theirs})
        operations: list[Operation] = []
        for node_id in kept:
            node = self._moved(graph.nodes[node_id])
            name = unique_name(node.name, taken)
            taken.add(name)
            operations.append(
                AddNode(
                    node_id=self._ids[node_id],
                    node=node.model_copy(update={"name": name}),
                    position=places.get(node_id),
                )
            )
        takes: list[Endpoint] = []
        gives: Endpoint | None = None
        for edge_id, edge in graph.edges.items():
            if edge.source.node == self.input_id:
                takes.append(self._end(edge.target))
            elif edge.target.node == self._output:
                gives = self._end(edge.source)
            else:
                operations.append(AddEdge(edge_id=self._ids[edge_id], edge=self._edge(edge)))
        if gives is None or not takes:
            raise ActRefused(f"{self.name} does not lead from its input to its output.")
        self._edit.do(operations)
        return Ends(takes, gives, [self._ids[key] for key in kept])

    def as_block(self) -> Ends:
        """Bring the whole in as one block, its input and output made ports."""
        graph = self._other.graph
        self._edit.do(self._blocks())
        nodes: dict[str, Node] = {}
        for node_id, node in graph.nodes.items():
            moved = self._moved(node)
            if node_id == self.input_id:
                moved = Node(type=BLOCK_INPUT, name="input")
            elif node_id == self._output:
                moved = Node(type=BLOCK_OUTPUT, name="output")
            nodes[self._ids[node_id]] = moved
        edges = {self._ids[key]: self._edge(edge) for key, edge in graph.edges.items()}
        taken = {block.name for block in self._edit.document.graph.blocks.values()}
        name = unique_name(repaired_name(self.name, ()), taken)
        definition = BlockDefinition(
            name=name,
            nodes=nodes,
            edges=edges,
            inputs=[self._ids[self.input_id]],
            outputs=[self._ids[self._output]],
        )
        block_id = new_id()
        positions = {self._ids[key]: place for key, place in drawn_places(self._other).items()}
        self._edit.do([AddBlock(block_id=block_id, block=definition, positions=positions)])
        instance_id = new_id()
        names = {node.name for node in self._edit.scope.nodes.values()}
        stem = unique_name(name.lower() if name.lower() != name else f"{name}_1", names)
        node = Node(type=BLOCK, name=stem, block=block_id)
        place_all(self._edit)
        place = moved_beside(self._edit, {instance_id: Position(x=0, y=0)})[instance_id]
        self._edit.do([AddNode(node_id=instance_id, node=node, position=place)])
        end = Endpoint(node=instance_id, port="output")
        return Ends([Endpoint(node=instance_id, port="input")], end, [instance_id])

    def _blocks(self) -> list[Operation]:
        """Bring in the definitions that the other uses, inner ones first."""
        theirs = self._other.graph
        order, recursive = block_order(theirs)
        if recursive:
            raise ActRefused(f"{self.name} has a block that contains itself. Repair it first.")
        taken = {block.name for block in self._edit.document.graph.blocks.values()}
        operations: list[Operation] = []
        for block_id in order:
            block = theirs.blocks[block_id]
            name = unique_name(block.name, taken)
            taken.add(name)
            definition = renamed_block(block, self._ids).model_copy(update={"name": name})
            positions = {
                self._ids[key]: place
                for key, place in self._other.view.positions.items()
                if key in block.nodes
            }
            operations.append(
                AddBlock(block_id=self._ids[block_id], block=definition, positions=positions)
            )
        return operations

    def _moved(self, node: Node) -> Node:
        return renamed_node(node, self._ids, self._ids)

    def _edge(self, edge: Edge) -> Edge:
        return renamed_edge(edge, self._ids)

    def _end(self, end: Endpoint) -> Endpoint:
        return Endpoint(node=self._ids[end.node], port=end.port)
