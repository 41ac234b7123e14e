"""Merge another network into this one: behind it, or beside it and joined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from netloom.graph.document import (
    BlockDefinition,
    Document,
    Edge,
    Endpoint,
    Node,
    Position,
    new_id,
)
from netloom.graph.names import repaired_name, unique_name
from netloom.graph.operations import AddBlock, AddEdge, AddNode, Operation
from netloom.graph.topology import BLOCK_INPUT, BLOCK_OUTPUT, block_order
from netloom.layers.block import BLOCK
from netloom.layers.params import param
from netloom.layers.registry import get_layer
from netloom.surgery.act import Act, ActParams, ActRefused, Context, Outcome
from netloom.surgery.edit import STEP_PX, GraphEdit

_GAP_PX = 160.0


class MergeParams(ActParams):
    how: Literal["after", "concatenate", "add"] = param(
        "after",
        "How",
        "after: the other takes what this network gives. concatenate, add: both take the same "
        "input, and what they give is joined.",
    )
    as_block: bool = param(
        False,
        "As a block",
        "Puts the other network in as one block. Its own trained weights are then not found by "
        "name; inlined, a run can start from them.",
    )


class MergeNetworks(Act[MergeParams]):
    id = "merge_network"
    title = "Merge another network"
    summary = (
        "Appends a network of the project, or puts it in parallel and joins both by concatenation "
        "or addition."
    )
    places = ("network", "node")
    needs_network = True
    Params = MergeParams

    def perform(self, context: Context, params: MergeParams) -> Outcome:
        if context.target.scope is not None:
            raise ActRefused("Networks are merged on the top level. Leave the block first.")
        other = context.other
        if other is None:
            raise ActRefused("Choose the other network.")
        edit = context.edit()
        join = _join_point(context, edit)
        guest = _Guest(edit, other, context.other_name or other.graph.name)
        ends = guest.as_block() if params.as_block else guest.inlined()
        if params.how == "after":
            for target in ends.takes:
                edit.connect(join.source, target)
            self._feed(edit, join, ends.gives)
        else:
            entry = _entry(context)
            for target in ends.takes:
                edit.connect(entry, target)
            kind = "Add" if params.how == "add" else "Concatenate"
            place = edit.place(join.source.node)
            near = None if place is None else Position(x=place.x + STEP_PX, y=place.y + 60)
            joint = edit.add(kind, near=near)
            edit.connect(join.source, Endpoint(node=joint, port="input_1"))
            edit.connect(ends.gives, Endpoint(node=joint, port="input_2"))
            self._feed(edit, join, Endpoint(node=joint, port="output"))
        warnings = [
            "A run starts from the weights of one network: this network's, or the other's"
            + (" (a block's weights begin anew)." if params.as_block else ".")
        ]
        return Outcome(f"Merge {guest.name}", edit, warnings, ends.nodes)

    def _feed(self, edit: GraphEdit, join: _Join, gives: Endpoint) -> None:
        """Lead on what was taken from the join point."""
        for edge in join.targets:
            edit.connect(gives, edge.target)


@dataclass(frozen=True, slots=True)
class _Join:
    """Where this network is opened: the tensor, and what it fed, taken off already."""

    source: Endpoint
    targets: list[Edge]


def _join_point(context: Context, edit: GraphEdit) -> _Join:
    """Open the network behind the chosen layer, or before its output."""
    if context.target.node_ids:
        node_id, node = context.node()
        leaving = [item for item in edit.leaving(node_id) if item[1].source.port == "output"]
        if not leaving:
            raise ActRefused(f"Nothing follows {node.name}. Choose a layer inside the network.")
    else:
        outputs = [key for key, node in edit.scope.nodes.items() if node.type == "Output"]
        arriving = edit.arriving(outputs[0]) if len(outputs) == 1 else {}
        if "input" not in arriving:
            raise ActRefused("Choose the layer to merge at: this network has not just one output.")
        leaving = [arriving["input"]]
    edit.disconnect(edge_id for edge_id, _ in leaving)
    return _Join(leaving[0][1].source, [edge for _, edge in leaving])


def _entry(context: Context) -> Endpoint:
    inputs = [key for key, node in context.scope.nodes.items() if _role(node) == "input"]
    if len(inputs) != 1:
        raise ActRefused(
            f"This network has {len(inputs)} inputs, so it is not clear which the other shares."
        )
    return Endpoint(node=inputs[0], port="output")


def _role(node: Node) -> str:
    layer = get_layer(node.type)
    return "layer" if layer is None else layer.role


@dataclass(frozen=True, slots=True)
class _Ends:
    """How what was brought in is reached: ports that take its input, and what it gives."""

    takes: list[Endpoint]
    gives: Endpoint
    nodes: list[str]


class _Guest:
    """Another network on its way in: ids and names made free, its input and output left out."""

    def __init__(self, edit: GraphEdit, other: Document, name: str) -> None:
        self.name = name
        self._edit = edit
        self._other = other
        nodes = other.graph.nodes
        self._input = self._only("input", "input", nodes)
        self._output = self._only("output", "output", nodes)
        self._ids = self._free_ids()

    def _only(self, role: str, word: str, nodes: Mapping[str, Node]) -> str:
        found = [node_id for node_id, node in nodes.items() if _role(node) == role]
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
        theirs = self._other.graph
        scopes = [theirs, *theirs.blocks.values()]
        ids = [*theirs.blocks, *(key for scope in scopes for key in (*scope.nodes, *scope.edges))]
        return {key: key if key not in taken else new_id() for key in ids}

    def inlined(self) -> _Ends:
        """Bring the layers in as they are."""
        graph = self._other.graph
        ends = {(edge.source.node, edge.target.node) for edge in graph.edges.values()}
        if (self._input, self._output) in ends:
            raise ActRefused(f"{self.name} has no layers.")
        self._edit.do(self._blocks())
        taken = {node.name for node in self._edit.scope.nodes.values()}
        places = self._places()
        operations: list[Operation] = []
        kept = [key for key in graph.nodes if key not in (self._input, self._output)]
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
            if edge.source.node == self._input:
                takes.append(self._end(edge.target))
            elif edge.target.node == self._output:
                gives = self._end(edge.source)
            else:
                operations.append(AddEdge(edge_id=self._ids[edge_id], edge=self._edge(edge)))
        if gives is None or not takes:
            raise ActRefused(f"{self.name} does not lead from its input to its output.")
        self._edit.do(operations)
        return _Ends(takes, gives, [self._ids[key] for key in kept])

    def as_block(self) -> _Ends:
        """Bring the whole in as one block, its input and output made ports."""
        graph = self._other.graph
        self._edit.do(self._blocks())
        nodes: dict[str, Node] = {}
        for node_id, node in graph.nodes.items():
            moved = self._moved(node)
            if node_id == self._input:
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
            inputs=[self._ids[self._input]],
            outputs=[self._ids[self._output]],
        )
        block_id = new_id()
        positions = {
            self._ids[key]: place
            for key, place in self._other.view.positions.items()
            if key in graph.nodes
        }
        self._edit.do([AddBlock(block_id=block_id, block=definition, positions=positions)])
        instance_id = new_id()
        names = {node.name for node in self._edit.scope.nodes.values()}
        stem = unique_name(name.lower() if name.lower() != name else f"{name}_1", names)
        node = Node(type=BLOCK, name=stem, block=block_id)
        bottom = self._bottom()
        place = Position(x=bottom.x, y=bottom.y)
        self._edit.do([AddNode(node_id=instance_id, node=node, position=place)])
        end = Endpoint(node=instance_id, port="output")
        return _Ends([Endpoint(node=instance_id, port="input")], end, [instance_id])

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
            definition = BlockDefinition(
                name=name,
                nodes={self._ids[key]: self._moved(node) for key, node in block.nodes.items()},
                edges={self._ids[key]: self._edge(edge) for key, edge in block.edges.items()},
                inputs=[self._ids[key] for key in block.inputs],
                outputs=[self._ids[key] for key in block.outputs],
                exposed={key: value.renamed(self._ids) for key, value in block.exposed.items()},
            )
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
        if node.block is None:
            return node
        return node.model_copy(update={"block": self._ids[node.block]})

    def _edge(self, edge: Edge) -> Edge:
        return Edge(source=self._end(edge.source), target=self._end(edge.target))

    def _end(self, end: Endpoint) -> Endpoint:
        return Endpoint(node=self._ids[end.node], port=end.port)

    def _bottom(self) -> Position:
        """Return the free place below this network."""
        own = [
            place for key in self._edit.scope.nodes if (place := self._edit.place(key)) is not None
        ]
        if not own:
            return Position(x=0, y=0)
        return Position(x=min(place.x for place in own), y=max(place.y for place in own) + _GAP_PX)

    def _places(self) -> dict[str, Position]:
        """Return where the other's layers go: below this network, as they stood to each other."""
        theirs = {
            key: place
            for key, place in self._other.view.positions.items()
            if key in self._other.graph.nodes
        }
        if not theirs:
            return {}
        left = min(place.x for place in theirs.values())
        top = min(place.y for place in theirs.values())
        bottom = self._bottom()
        return {
            key: Position(x=place.x - left + bottom.x, y=place.y - top + bottom.y)
            for key, place in theirs.items()
        }


ACTS = (MergeNetworks(),)
