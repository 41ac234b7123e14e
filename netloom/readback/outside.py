"""Inputs of a class that says nothing about them, as somebody else wrote it."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from netloom.graph.document import Node, ParamValue
from netloom.graph.names import repaired_name
from netloom.layers.parse import parse_params
from netloom.layers.registry import get_layer
from netloom.layers.shapes import Shape
from netloom.readback.interpret import Reader
from netloom.readback.model import SourceProblem
from netloom.readback.records import Record
from netloom.readback.syntax import CannotRead
from netloom.readback.wanted import WantedCall

_SIDES = (32, 28, 64, 224, 96, 128, 256, 299, 227, 48, 512, 16, 8)


def guessed_inputs(
    reader: Reader, network: ast.ClassDef, names: Sequence[str]
) -> tuple[list[Node], Record]:
    """Find inputs that suit the first layers, and an image size at which all layers fit.

    Raises:
        CannotRead: Nothing says what arrives.
    """
    before = dict(reader.problems)
    blind = reader.use_class(network.name, {}, [None] * len(names), {}, network)
    reader.problems, reader.num_nodes = before, 0
    best: tuple[int, list[Node], Record, dict[SourceProblem, None]] | None = None
    for side in _SIDES:
        inputs = [_input(blind, index, name, side, network) for index, name in enumerate(names)]
        reader.problems = dict(before)
        shapes = [_shape(node) for node in inputs]
        record = reader.use_class(network.name, {}, shapes, {}, network)
        reader.num_nodes = 0
        cost = len(reader.problems)
        if best is None or cost < best[0]:
            best = (cost, inputs, record, dict(reader.problems))
        if cost == len(before) or all("height" not in node.params for node in inputs):
            break
    if best is None:
        raise CannotRead(network, "Nothing says what arrives.")
    reader.problems = best[3]
    words = "; ".join(
        f"{node.name} is taken to be {node.type}"
        f"({', '.join(f'{key}={value}' for key, value in node.params.items())})"
        for node in best[1]
    )
    reader.add_problem(network, f"The source does not say what arrives: {words}. Change it on the "
                       "canvas.", is_note=True)  # fmt: skip
    return best[1], best[2]


def _input(blind: Record, index: int, name: str, side: int, network: ast.ClassDef) -> Node:
    """Return the input that suits the first layer which takes it."""
    call = _first_call(blind, -1 - index)
    if call is None:
        raise CannotRead(network, f"Nothing says what {name[:64]} is. Write it in the docstring "
                         "under Inputs: as image: ImageInput(channels=3).")  # fmt: skip
    type_name, params = _suiting(call, side)
    stem = name.rstrip("_")
    layer = get_layer(type_name)
    if stem in ("x", "input", "inputs") and layer is not None:
        stem = layer.name_stem
    return Node(type=type_name, name=repaired_name(stem, ()), params=params)


def _suiting(call: WantedCall, side: int) -> tuple[str, dict[str, ParamValue]]:
    given = call.arguments
    kind = call.target.removeprefix("nn.")
    channels = next(
        (
            value
            for name in (
                "in_channels",
                "num_features",
                "in_features",
                "input_size",
                "num_embeddings",
            )
            if isinstance(value := given.get(name), int)
        ),
        1,
    )
    if kind.endswith("2d") or kind == "PatchEmbedding":
        return "ImageInput", {"channels": channels, "height": side, "width": side}
    if kind.endswith("3d"):
        return "VolumeInput", {"channels": channels, "depth": side, "height": side, "width": side}
    if kind == "Embedding":
        return "TokenInput", {"vocabulary": channels}
    if kind in ("LSTM", "GRU", "RNN"):
        return "SequenceInput", {"num_features": channels}
    if kind.endswith("1d"):
        return "SignalInput", {"channels": channels}
    return "FeatureInput", {"num_features": channels}


def _first_call(record: Record, wanted: int) -> WantedCall | None:
    """Return the first layer with weights that a tensor reaches."""
    reached = {wanted}
    for index, node in enumerate(record.nodes):
        ports = [port for port, flow in node.inputs.items() if flow.node in reached]
        if not ports:
            continue
        if node.records:
            place = list(node.inputs).index(ports[0])
            found = _first_call(node.records[0], -1 - place)
            if found is not None:
                return found
        elif isinstance(node.wanted, WantedCall) and any(
            name in node.wanted.arguments
            for name in (
                "in_channels",
                "in_features",
                "input_size",
                "num_embeddings",
                "num_features",
            )
        ):
            return node.wanted
        reached.add(index)
    return None


def _shape(node: Node) -> Shape | None:
    layer = get_layer(node.type)
    params = None if layer is None else parse_params(layer, node.params).params
    if layer is None or params is None:
        return None
    return next(iter(getattr(layer.infer(params, {}), "outputs", {}).values()), None)
