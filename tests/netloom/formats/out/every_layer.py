"""Every layer as a network of its own, and many of these side by side as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from netloom.formats.error_gaps import error_gaps
from netloom.graph.document import Document, Edge, Endpoint, Graph, Node
from netloom.layer_checks.surroundings import network_around
from netloom.layers import all_layers
from netloom.layers.parse import parse_params
from tests.netloom.layers.cases import CASES, Case


@dataclass(frozen=True, slots=True)
class Trial:
    """One use of one layer.

    Attributes:
        name: Type of the layer and number of the case: `Conv2d-3`.
        kind: Type, of operators with the operation: those are tried one by one.
        document: A network around it.
    """

    name: str
    kind: str
    document: Document


def trials() -> Iterator[Trial]:
    """Yield every case of every layer whose tensors an input of a network can give."""
    return (trial for trial in _drawn() if not error_gaps(trial.document))


def _drawn() -> Iterator[Trial]:
    for layer in all_layers():
        if layer.role != "layer":
            continue
        for index, case in enumerate(CASES[layer.type_name]):
            params = parse_params(layer, case.params).params
            assert params is not None
            document = network_around(layer, params, case.params, case.inputs(layer, params))
            yield Trial(f"{layer.type_name}-{index}", _kind(layer.type_name, case), document)


def _kind(type_name: str, case: Case) -> str:
    return f"{type_name} {case.params['op']}" if "op" in case.params else type_name


def out_of_reach() -> set[str]:
    """Return the kinds of which no case is among the trials."""
    return {trial.kind for trial in _drawn()} - {trial.kind for trial in trials()}


def first_of_each() -> list[Trial]:
    """Return one trial of each kind."""
    found: dict[str, Trial] = {}
    for trial in trials():
        found.setdefault(trial.kind, trial)
    return list(found.values())


def side_by_side(given: Sequence[Trial]) -> Document:
    """Return one network of many, which share nothing: one export costs less than many."""
    nodes: dict[str, Node] = {}
    edges: dict[str, Edge] = {}
    for number, trial in enumerate(given):
        graph = trial.document.graph
        for key, node in graph.nodes.items():
            name = f"{node.name}_{number}"
            nodes[f"{key}_{number}"] = node.model_copy(update={"name": name})
        for key, edge in graph.edges.items():
            edges[f"{key}_{number}"] = Edge(
                source=_moved(edge.source, number), target=_moved(edge.target, number)
            )
    return Document(graph=Graph(name="Net", nodes=nodes, edges=edges))


def _moved(end: Endpoint, number: int) -> Endpoint:
    return Endpoint(node=f"{end.node}_{number}", port=end.port)
