"""Every use of every layer of a network, blocks expanded, with the tensors it keeps. No torch.

Unlike the compiler this goes as far as it can in a network with mistakes: what surgery is for is
often a network that does not fit yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from netloom.graph.document import Document, ExposedParam, Graph, Node
from netloom.graph.limits import MAX_NODES, measure_expansion
from netloom.graph.sharing import Sharing, sharing_of
from netloom.graph.topology import Scope, block_ports, instance_nodes, topological_order
from netloom.layers.base import AnyLayer, Inference, ShapeProblem
from netloom.layers.block import BLOCK
from netloom.layers.expect import infer_layer
from netloom.layers.params import LayerParams
from netloom.layers.parse import parse_params
from netloom.layers.registry import get_layer
from netloom.layers.shapes import Shape


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor that flows: the use and port it leaves, and its shape."""

    path: str
    port: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Holder:
    """Where a parameter is written: on the node itself, or as an override of an instance.

    Attributes:
        is_override: `param` is the name of an exposed parameter of the instance's block.
    """

    scope_id: str | None
    node_id: str
    param: str
    is_override: bool = False


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """A tensor that is saved with the network, under the key that checkpoints use."""

    key: str
    name: str
    shape: tuple[int, ...]

    @property
    def num_values(self) -> int:
        total = 1
        for size in self.shape:
            total *= size
        return total


@dataclass(frozen=True, slots=True)
class LayerUse:
    """One use of a layer.

    Attributes:
        path: Node ids with repeat numbers, `instance/0/inner`, as weights are named.
        owner: What its learned weights go by: `path`, unless several uses share them.
        name: Node names, for people: `stage.0.conv`.
        holders: Where parameters that an instance overrides are written, by parameter.
        parameters: Learned tensors; of uses that share them on the first one alone.
        buffers: Tensors that are saved but not learned.
    """

    path: str
    owner: str
    name: str
    scope_id: str | None
    node_id: str
    node: Node
    layer: AnyLayer
    params: LayerParams
    inputs: Mapping[str, Value]
    outputs: Mapping[str, Shape]
    holders: Mapping[str, Holder]
    parameters: tuple[TensorSpec, ...]
    buffers: tuple[TensorSpec, ...]

    @property
    def num_parameters(self) -> int:
        return sum(tensor.num_values for tensor in self.parameters)

    def holder(self, param: str) -> Holder:
        """Return where a parameter of this use is written."""
        return self.holders.get(param) or Holder(self.scope_id, self.node_id, param)


@dataclass(frozen=True, slots=True)
class Expansion:
    """All uses in computing order.

    Attributes:
        is_complete: Every layer was reached with known shapes.
    """

    uses: tuple[LayerUse, ...]
    is_complete: bool

    def of(self, scope_id: str | None, node_id: str) -> list[LayerUse]:
        """Return every use of one node."""
        return [use for use in self.uses if (use.scope_id, use.node_id) == (scope_id, node_id)]


def expand(document: Document) -> Expansion:
    """Return every use of a layer; none of a network that is too large, or without end."""
    measured = measure_expansion(document.graph)
    if measured.problem is not None or measured.recursive:
        return Expansion((), is_complete=False)
    walk = _Walk(document.graph)
    top = _Place()
    walk.scope(document.graph, document.graph.nodes, top, {})
    return Expansion(tuple(walk.uses), walk.is_complete)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a scope is used."""

    scope_id: str | None = None
    path: str = ""
    owner: str = ""
    name: str = ""
    holders: Mapping[tuple[str, str], Holder] = field(default_factory=dict[tuple[str, str], Holder])


_Ports = Mapping[str, Value]
_Question = tuple[int, tuple[tuple[str, Shape], ...]]
"""Identity of a node, and the shapes that arrive at it."""
_Inferred = tuple[AnyLayer, LayerParams, tuple[str, ...], Inference]


@dataclass(slots=True)
class _Walk:
    graph: Graph
    uses: list[LayerUse] = field(default_factory=list[LayerUse])
    is_complete: bool = True
    num_bodies: int = 0
    _owners: set[str] = field(default_factory=set[str])
    _sharings: dict[str | None, Sharing] = field(default_factory=dict[str | None, Sharing])
    _orders: dict[str | None, list[str]] = field(default_factory=dict[str | None, list[str]])
    _inferred: dict[_Question, tuple[Node, _Inferred | None]] = field(
        default_factory=dict[_Question, tuple[Node, _Inferred | None]]
    )

    def scope(
        self, scope: Scope, nodes: Mapping[str, Node], place: _Place, given: _Ports
    ) -> dict[str, Value]:
        """Walk one use of a scope and return what leaves it, by output port."""
        sources = {
            (edge.target.node, edge.target.port): (edge.source.node, edge.source.port)
            for edge in scope.edges.values()
        }
        arriving: dict[str, dict[str, tuple[str, str]]] = {}
        for (node_id, port), source in sources.items():
            arriving.setdefault(node_id, {})[port] = source
        values: dict[tuple[str, str], Value] = {}
        results: dict[str, Value] = {}
        for node_id in self._order(scope, place.scope_id):
            node = nodes[node_id]
            inputs = {
                port: values[source]
                for port, source in arriving.get(node_id, {}).items()
                if source in values
            }
            role = getattr(get_layer(node.type), "role", None)
            if role == "block_input":
                found = {"output": given[node.name]} if node.name in given else {}
            elif role == "block_output":
                results |= {node.name: inputs["input"]} if "input" in inputs else {}
                continue
            elif node.type == BLOCK:
                found = self._instance(node_id, node, place, inputs)
            else:
                found = self._layer(node_id, node, place, inputs)
            self.is_complete = self.is_complete and bool(found or role == "output")
            values.update({(node_id, port): value for port, value in found.items()})
        return results

    def _order(self, scope: Scope, scope_id: str | None) -> list[str]:
        if scope_id not in self._orders:
            order = topological_order(scope.nodes, scope.edges.values())
            self.is_complete = self.is_complete and len(order) == len(scope.nodes)
            self._orders[scope_id] = order
        return self._orders[scope_id]

    def _owner(self, node_id: str, place: _Place) -> str:
        """Return what the weights of a node go by."""
        if place.scope_id not in self._sharings:
            graph, scope_id = self.graph, place.scope_id
            nodes = graph.nodes if scope_id is None else graph.blocks[scope_id].nodes
            self._sharings[scope_id] = sharing_of(nodes)
        return f"{place.owner}{self._sharings[place.scope_id].key(node_id)}"

    def _instance(
        self, node_id: str, node: Node, place: _Place, inputs: _Ports
    ) -> dict[str, Value]:
        block = self.graph.blocks.get(node.block or "")
        if block is None:
            return {}
        ports = block_ports(block)
        holders = dict(_inner_holders(node_id, node, place, block.exposed))
        inner_nodes = instance_nodes(block, node.overrides)
        values: dict[str, Value] = dict(inputs)
        results: dict[str, Value] = {}
        for index in range(node.repeat):
            self.num_bodies += 1
            if self.num_bodies > MAX_NODES:  # Blocks without layers count for nothing elsewhere.
                self.is_complete = False
                return {}
            owned = 0 if node.weights == "shared" else index
            number = "" if node.repeat == 1 else f".{index}"
            inner = _Place(
                scope_id=node.block,
                path=f"{place.path}{node_id}/{index}/",
                owner=f"{self._owner(node_id, place)}/{owned}/",
                name=f"{place.name}{node.name}{number}.",
                holders=holders,
            )
            results = self.scope(block, inner_nodes, inner, values)
            following = zip(ports.inputs, ports.outputs, strict=False)
            values = {taken: results[given] for taken, given in following if given in results}
        return results

    def _layer(self, node_id: str, node: Node, place: _Place, inputs: _Ports) -> dict[str, Value]:
        inferred = self._infer(node, {port: value.shape for port, value in inputs.items()})
        if inferred is None:
            return {}
        layer, params, ports, found = inferred
        path, owner = f"{place.path}{node_id}", self._owner(node_id, place)
        holds = owner not in self._owners
        self._owners.add(owner)
        use = LayerUse(
            path=path,
            owner=owner,
            name=f"{place.name}{node.name}",
            scope_id=place.scope_id,
            node_id=node_id,
            node=node,
            layer=layer,
            params=params,
            inputs={port: inputs[port] for port in ports},
            outputs=found.outputs,
            holders={
                param: holder for (of, param), holder in place.holders.items() if of == node_id
            },
            parameters=tuple(_specs(owner, found.parameters)) if holds else (),
            buffers=tuple(_specs(path, found.buffers)),
        )
        self.uses.append(use)
        return {port: Value(path, port, shape) for port, shape in found.outputs.items()}

    def _infer(self, node: Node, shapes: Mapping[str, Shape]) -> _Inferred | None:
        """Return what follows for a node; the same node with the same inputs is worked out once."""
        key = (id(node), tuple(shapes.items()))
        if key not in self._inferred:
            # The node is kept beside the answer, so that no other can get its identity.
            self._inferred[key] = (node, _inferred(node, shapes))
        return self._inferred[key][1]


def _inferred(node: Node, shapes: Mapping[str, Shape]) -> _Inferred | None:
    layer = get_layer(node.type)
    params = None if layer is None else parse_params(layer, node.params).params
    if layer is None or params is None:
        return None
    ports = tuple(port.name for port in layer.input_ports(params))
    if any(port not in shapes for port in ports):
        return None
    found = infer_layer(layer, params, {port: shapes[port] for port in ports})
    return None if isinstance(found, ShapeProblem) else (layer, params, ports, found)


def _specs(path: str, shapes: Mapping[str, tuple[int, ...]]) -> Iterator[TensorSpec]:
    for name, shape in shapes.items():
        yield TensorSpec(f"{path}:{name}", name, shape)


def _inner_holders(
    node_id: str, node: Node, place: _Place, exposed: Mapping[str, ExposedParam]
) -> Iterator[tuple[tuple[str, str], Holder]]:
    """Yield what the overrides of an instance decide inside: by inner node and parameter."""
    for name in sorted(node.overrides):
        outer = place.holders.get((node_id, name))
        holder = outer or Holder(place.scope_id, node_id, name, is_override=True)
        for target in exposed[name].targets if name in exposed else ():
            yield (target.node, target.param), holder
