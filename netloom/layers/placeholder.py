"""What an imported network contains and Netloom cannot run: kept as it was, to be replaced."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Self, cast

from pydantic import model_validator

from netloom.layers.base import Constructor, Inference, Inputs, LayerType, Port
from netloom.layers.params import LayerParams, param
from netloom.layers.reach import EVERYTHING, Reach
from netloom.layers.shapes import BATCH, Dim, Shape

PLACEHOLDER = "Placeholder"
_PORT = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\Z")
MAX_PORTS = 256
_MOST_AXES = 8


class PlaceholderParams(LayerParams):
    """What it was, word for word."""

    op: str = param("unknown", "Operation", "What the file calls it.", on_card=True)
    domain: str = param("", "Domain", "Where the operation is defined, such as ai.onnx.ml.")
    reason: str = param("", "Reason", "Why it could not be read as layers.")
    attributes: str = param("{}", "Attributes", "What the file says of it, as a JSON object.")
    inputs: str = param("input", "Inputs", "Names of what arrives, with commas between.")
    outputs: str = param("output", "Outputs", "Names of what leaves, with commas between.")
    shapes: str = param(
        "{}",
        "Shapes",
        'Shape of each output as far as it is known, such as {"output": [["B", "B"], ["F", 10]]}.',
        is_advanced=True,
    )

    @model_validator(mode="after")
    def _is_readable(self) -> Self:
        for text in (self.inputs, self.outputs):
            names = port_names(text)
            if len(names) > MAX_PORTS or len(set(names)) < len(names):
                raise ValueError(f"ports need different names, at most {MAX_PORTS}")
            if not all(_PORT.match(name) for name in names):
                raise ValueError("ports are called by letters, digits and underscores")
        try:
            attributes = json.loads(self.attributes)
        except (ValueError, RecursionError):
            raise ValueError("the attributes are no JSON") from None
        if not isinstance(attributes, dict):
            raise ValueError("the attributes are no JSON object")
        read_shapes(self.shapes)
        return self


def port_names(text: str) -> list[str]:
    """Return the names of ports, which are written with commas between."""
    return [name for name in text.split(",") if name]


def read_shapes(text: str) -> dict[str, Shape]:
    """Read the shapes of outputs.

    Raises:
        ValueError: They are written otherwise.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("the shapes are no JSON") from None
    if not isinstance(found, dict):
        raise ValueError("the shapes are no JSON object")
    given = cast("dict[str, object]", found)
    return {port: tuple(_dims(dims)) for port, dims in given.items()}


def write_shapes(shapes: Mapping[str, Shape]) -> str:
    """Write shapes for `read_shapes`, but those without axes, or with empty or unknown ones."""
    found = {port: _said(shape) for port, shape in shapes.items()}
    return json.dumps({port: dims for port, dims in found.items() if dims is not None})


def _said(shape: Shape) -> list[list[str | int]] | None:
    dims: list[list[str | int]] = []
    for dim in shape:
        if dim == BATCH:
            dims.append(["B", "B"])
        elif isinstance(dim.size, int) and _is_axis(dim.axis, dim.size):
            dims.append([dim.axis, dim.size])
        else:
            return None
    return dims if 1 <= len(dims) <= _MOST_AXES else None


def _is_axis(axis: str, size: int) -> bool:
    return 1 <= len(axis) <= 8 and 1 <= size <= 10**9


def _dims(given: object) -> Sequence[Dim]:
    if not isinstance(given, list) or not 1 <= len(cast("list[object]", given)) <= _MOST_AXES:
        raise ValueError("a shape is a list of axes with sizes")
    dims: list[Dim] = []
    for each in cast("list[object]", given):
        match each:
            case ["B", "B"]:
                dims.append(BATCH)
            case [str(axis), int(size)] if _is_axis(axis, size):
                dims.append(Dim(axis, size))
            case _:
                raise ValueError('an axis is written ["F", 10], the batch ["B", "B"]')
    return dims


class Placeholder(LayerType[PlaceholderParams]):
    type_name = PLACEHOLDER
    name_stem = "placeholder"
    title = "Placeholder"
    category = "Operators"
    summary = "Stands for an operation of an imported network that Netloom cannot run."
    docs = (
        "Keeps what the file says, so that nothing is lost. Replace it by layers that compute the "
        "same, or remove it, before the network can run."
    )
    aliases = ("unknown", "unsupported", "imported")
    icon = "help-hexagon"
    role = "placeholder"
    has_weights = False
    names_ports = ("inputs", "outputs")
    Params = PlaceholderParams

    def input_ports(self, params: PlaceholderParams) -> Sequence[Port]:
        return [Port(name, name, takes_any=True) for name in port_names(params.inputs)]

    def output_ports(self, params: PlaceholderParams) -> Sequence[Port]:
        return [Port(name, name) for name in port_names(params.outputs)]

    def infer(self, params: PlaceholderParams, inputs: Inputs) -> Inference:
        known = read_shapes(params.shapes)
        return Inference(
            {name: known[name] for name in port_names(params.outputs) if name in known}
        )

    def reach(self, params: PlaceholderParams, inputs: Inputs) -> Reach:
        return EVERYTHING

    def constructor(self, params: PlaceholderParams, inputs: Inputs) -> Constructor:
        raise NotImplementedError("a placeholder cannot run")

    def message(self, name: str, params: PlaceholderParams) -> str:
        """Return what is wrong and what to do."""
        of = f" of {params.domain}" if params.domain else ""
        why = f": {params.reason[:300].rstrip('.')}" if params.reason else ""
        return (
            f"{name} stands for {params.op[:100]}{of[:100]}, which Netloom cannot compute{why}. "
            "Replace it by layers that do the same, or remove it if the network can do without."
        )


LAYERS = (Placeholder(),)
