"""Drawing an imported network: importers add nodes in the order of computing, names, ports, places
and weight keys follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netloom.blocks.bands import placed
from netloom.graph.document import (
    Document,
    Edge,
    Endpoint,
    Graph,
    Node,
    ParamValue,
    View,
    new_id,
)
from netloom.graph.names import UsedNames, repaired_name
from netloom.layers.parse import parse_params
from netloom.layers.registry import get_layer

if TYPE_CHECKING:
    from torch import Tensor

_STATISTICS = frozenset({"running_mean", "running_var", "num_batches_tracked"})


@dataclass(frozen=True, slots=True)
class Tap:
    """A tensor of the drawing: what leaves an output port of a node."""

    node_id: str
    port: str = "output"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A node that was drawn.

    Attributes:
        outputs: Its tensors, in port order.
    """

    node_id: str
    outputs: tuple[Tap, ...]

    @property
    def output(self) -> Tap:
        """The first tensor that leaves it."""
        return self.outputs[0]


@dataclass(slots=True)
class Drawing:
    """Collects nodes, edges and weights of one network.

    Attributes:
        weights: By weight key.
    """

    weights: dict[str, Tensor] = field(default_factory=dict[str, "Tensor"])
    _nodes: dict[str, Node] = field(default_factory=dict[str, Node])
    _edges: dict[str, Edge] = field(default_factory=dict[str, Edge])
    _names: UsedNames = field(default_factory=UsedNames)

    def add(
        self,
        type_name: str,
        inputs: Sequence[Tap] = (),
        *,
        params: Mapping[str, ParamValue] | None = None,
        name: str = "",
        module_path: str = "",
        weights: Mapping[str, Tensor] | None = None,
        is_frozen: bool = False,
        weights_of: str = "",
    ) -> Drawn:
        """Draw a layer.

        Args:
            inputs: What arrives at its ports, in port order.
            name: What the file calls it; becomes an identifier that is free. Empty takes the
                layer's usual name.
            weights_of: A node whose weights it uses in place of its own.
            weights: By name of the tensor in the layer's module, in torch's layout.

        Raises:
            KeyError: No such layer type.
            ValueError: Parameters it does not take, or another number of inputs than of ports.
        """
        layer = get_layer(type_name)
        if layer is None:
            raise KeyError(type_name)
        values = dict(params or {})
        parsed = parse_params(layer, values)
        if parsed.params is None or parsed.unknown:
            reasons = [error.message for error in parsed.errors] or list(parsed.unknown)
            raise ValueError(f"{type_name}: {reasons[0]}")
        ports = layer.input_ports(parsed.params)
        if len(ports) != len(inputs):
            raise ValueError(f"{type_name} takes {len(ports)} inputs, not {len(inputs)}")
        node_id = new_id()
        self._nodes[node_id] = Node(
            type=type_name,
            name=self._names.give(name or layer.name_stem),
            params=values,
            module_path=module_path[:512],
            is_frozen=is_frozen,
            weights_of=weights_of,
        )
        for port, tap in zip(ports, inputs, strict=True):
            self._edges[new_id()] = Edge(
                source=Endpoint(node=tap.node_id, port=tap.port),
                target=Endpoint(node=node_id, port=port.name),
            )
        for tensor_name, tensor in (weights or {}).items():
            self.weights[f"{node_id}:{tensor_name}"] = tensor
        outputs = tuple(Tap(node_id, port.name) for port in layer.output_ports(parsed.params))
        return Drawn(node_id, outputs)

    def share(self, node_id: str, owner: str) -> bool:
        """Have a node use the weights of one that was drawn before.

        Statistics, as of batch normalisation, stay each node's own.

        Returns:
            Whether it does: not where the weights differ, as when one of them reads its input in
            another order.
        """
        import torch

        if self._nodes[node_id].type != self._nodes[owner].type:
            return False
        own = {
            key: key.partition(":")[2]
            for key in self.weights
            if key.partition(":")[0] == node_id and key.partition(":")[2] not in _STATISTICS
        }
        for key, name in own.items():
            other = self.weights.get(f"{owner}:{name}")
            if other is None or not torch.equal(self.weights[key], other):
                return False
        for key in own:
            del self.weights[key]
        self._nodes[node_id] = self._nodes[node_id].model_copy(update={"weights_of": owner})
        return True

    def remove(self, node_ids: Sequence[str]) -> None:
        """Take nodes out again that nothing has been drawn behind."""
        gone = set(node_ids)
        for node_id in gone:
            del self._nodes[node_id]
        for edge_id in [key for key, edge in self._edges.items() if edge.target.node in gone]:
            del self._edges[edge_id]
        for key in [key for key in self.weights if key.partition(":")[0] in gone]:
            del self.weights[key]

    def type_of(self, node_id: str) -> str:
        """Return the layer type of a node that was drawn."""
        return self._nodes[node_id].type

    def name_of(self, node_id: str) -> str:
        """Return what a node that was drawn is called."""
        return self._nodes[node_id].name

    def finish(self, name: str) -> Document:
        """Return the document, nodes placed by how far they are from the inputs."""
        graph = Graph(
            name=repaired_name(name, ()),
            nodes=self._nodes,
            edges=self._edges,
        )
        return Document(graph=graph, view=View(positions=placed(self._nodes, self._edges.values())))
