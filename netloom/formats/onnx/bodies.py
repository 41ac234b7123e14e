"""Functions and branches that are read in the place of their call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from onnx import FunctionProto, GraphProto, ModelProto, NodeProto

from netloom.formats.onnx.load import subgraphs
from netloom.formats.onnx.values import CannotMap, Known, Value

MAX_CALLS_DEEP = 100


def given_back(
    names: Sequence[str], wanted: Sequence[str], scope: Mapping[str, Value]
) -> list[Value]:
    """Return what a body gives for the outputs of a node; those nobody wants may be missing."""
    found: list[Value] = []
    for name, target in zip(names, wanted, strict=False):
        if target and name not in scope:
            raise CannotMap(f"the body does not compute {name[:50]}")
        found.append(scope.get(name, Known(np.zeros(0))))
    return found


def without_inputs(function: FunctionProto, left_out: set[str]) -> FunctionProto:
    """Return a function in which inputs that are not given are left out of every call."""
    found = FunctionProto()
    found.CopyFrom(function)
    for node in found.node:
        for index, name in enumerate(node.input):
            if name in left_out:
                node.input[index] = ""
    return found


def count_uses(graph: GraphProto | FunctionProto) -> Counter[str]:
    """Count how often each tensor is taken: by nodes, by graphs inside them, as an output."""
    if isinstance(graph, GraphProto):
        uses = Counter[str](info.name for info in graph.output)
    else:
        uses = Counter[str](graph.output)
    waiting = list(graph.node)
    while waiting:
        node = waiting.pop()
        uses.update(node.input)
        for inner in subgraphs(node):
            uses.update(info.name for info in inner.output)
            waiting.extend(inner.node)
    return uses


def count_nodes(model: ModelProto) -> int:
    """Count the nodes of a graph and of the functions beside it; those of branches count not."""
    return len(model.graph.node) + sum(len(function.node) for function in model.functions)


def has_more_inlined(model: ModelProto, most: int) -> bool:
    """Say whether a model has more nodes than `most` once every call of a function is written out.

    Nodes of branches count; functions that call themselves have no end.
    """
    functions = {(each.domain, each.name): each for each in model.functions}
    counts: dict[tuple[str, str], int] = {}
    under_way: set[tuple[str, str]] = set()

    def count(nodes: Iterable[NodeProto]) -> int:
        total = 0
        for node in nodes:
            total += 1
            key = (node.domain, node.op_type)
            if key in functions:
                if key in under_way or len(under_way) > MAX_CALLS_DEEP:
                    return most + 1
                if key not in counts:
                    under_way.add(key)
                    counts[key] = count(functions[key].node)
                    under_way.discard(key)
                total += counts[key]
            total += sum(count(inner.node) for inner in subgraphs(node))
            if total > most:
                return most + 1
        return total

    return count(model.graph.node) > most
