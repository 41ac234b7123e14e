"""Planning what is drawn: every layer is asked for its shapes first, and nothing is final.

A mapping that fails half way is taken back to where it began; what nobody needs in the end is left
out. Then the plan becomes a drawing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from netloom.formats.drawing import Drawing, Tap
from netloom.formats.imported import FormatError
from netloom.formats.onnx.values import Array, CannotMap, Flow, Wire, kind_of_array
from netloom.graph.document import ParamValue
from netloom.layers.base import ShapeProblem
from netloom.layers.expect import infer_layer
from netloom.layers.operators import OPERATORS, arguments_text
from netloom.layers.operators.naming import Kind, as_kind, kind_of
from netloom.layers.parse import parse_params
from netloom.layers.placeholder import PLACEHOLDER
from netloom.layers.registry import get_layer
from netloom.layers.shapes import Shape, axes_of

if TYPE_CHECKING:
    from torch import Tensor

Params = Mapping[str, ParamValue]
MAX_PLANNED = 20_000
MAX_REPEATED = 2**23
"""Numbers of all tensors whose rows are one and the same in memory until they are drawn."""
AXIS_ORDERS: Mapping[int, str] = {2: "BF", 3: "BCT", 4: "BCHW", 5: "BCDHW"}
"""What convolutions, pools and normalisations call their axes, by how many there are."""
FEATURES_LAST: Mapping[int, str] = {2: "BF", 3: "BTF", 4: "BHWF", 5: "BDHWF"}
"""What layers over the last axis call their axes, by how many there are."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A node that may be drawn."""

    type_name: str
    inputs: tuple[Wire, ...]
    params: Params
    name: str
    path: str
    weights: Mapping[str, Array]
    is_frozen: bool = False
    weights_of: int | None = None


@dataclass(slots=True)
class Board:
    """What is planned so far."""

    planned: list[Planned] = field(default_factory=list[Planned])
    name: str = ""
    path: str = ""
    num_repeated: int = 0

    def add(
        self,
        type_name: str,
        inputs: Sequence[Flow],
        params: Params | None = None,
        *,
        weights: Mapping[str, Array] | None = None,
        name: str = "",
        kinds: Sequence[Kind] = (),
        is_frozen: bool = False,
        weights_of: int | None = None,
    ) -> list[Flow]:
        """Plan a layer.

        Args:
            weights_of: The planned node whose weights it uses.
            kinds: What the outputs hold, the last for all further ones; as the first input without.

        Raises:
            CannotMap: It does not take such parameters, inputs or weights.
        """
        layer = get_layer(type_name)
        if layer is None:
            raise CannotMap(f"there is no layer {type_name}")
        values = {key: value for key, value in (params or {}).items() if value is not None}
        parsed = parse_params(layer, values)
        if parsed.params is None or parsed.unknown:
            reasons = [error.message for error in parsed.errors] or list(parsed.unknown)
            raise CannotMap(f"{type_name}: {reasons[0]}")
        if len(self.planned) >= MAX_PLANNED:
            raise CannotMap("the network has too many nodes")
        ports = layer.input_ports(parsed.params)
        if len(ports) != len(inputs):
            raise CannotMap(f"{type_name} takes {len(ports)} inputs, not {len(inputs)}")
        shapes = {port.name: _shape(flow) for port, flow in zip(ports, inputs, strict=True)}
        found = infer_layer(layer, parsed.params, shapes)
        if isinstance(found, ShapeProblem):
            raise CannotMap(found.message)
        tensors = {**found.parameters, **found.buffers}
        for key, array in (weights or {}).items():
            if tensors.get(key) != array.shape:
                raise CannotMap(f"{type_name} has no {key} of {list(array.shape)}")
        index = len(self.planned)
        self.planned.append(
            Planned(
                type_name, tuple(flow.wire for flow in inputs), values, name or self.name,
                self.path, weights or {}, is_frozen, weights_of,
            )
        )  # fmt: skip
        usual = kinds or ((inputs[0].kind,) if inputs else ("number",))
        return [
            Flow(
                Wire(index, port.name), found.outputs.get(port.name), usual[min(at, len(usual) - 1)]
            )
            for at, port in enumerate(layer.output_ports(parsed.params))
        ]

    def operator(
        self, op: str, inputs: Sequence[Flow], *, kinds: Sequence[Kind] = (), **arguments: object
    ) -> list[Flow]:
        """Plan an operator; what arrives is declared to hold what the operator takes.

        Raises:
            CannotMap: It cannot work on what arrives.
        """
        operator = OPERATORS[op]
        kept = {key: value for key, value in arguments.items() if value is not None}
        params: dict[str, ParamValue] = {"op": op}
        if kept:
            params["arguments"] = arguments_text(kept)
        fitting = [
            self._as(flow, _NEEDED.get(operator.taken(index))) for index, flow in enumerate(inputs)
        ]
        name = f"{self.name}_{op}" if self.name else op
        return self.add("Operator", fitting, params, name=name, kinds=kinds)

    def _as(self, flow: Flow, kind: Kind | None) -> Flow:
        shape = _shape(flow)
        if kind is None or not shape or kind_of(shape) == kind or axes_of(shape) == "B":
            return flow
        return self.declared(flow, axes_of(as_kind(shape, "number")), kind)

    def number(self, flow: Flow) -> Flow:
        """Return a flow of which layers think that it holds numbers."""
        return self._as(flow, "number")

    def declared(self, flow: Flow, axes: str, kind: Kind | None = None) -> Flow:
        """Return a flow whose axes are called so.

        Raises:
            CannotMap: It has another number of axes.
        """
        shape = _shape(flow)
        told = kind or kind_of(shape)
        if axes_of(as_kind(shape, "number")) == axes and kind_of(shape) == told:
            return flow
        arguments: dict[str, object] = {"axes": axes, "kind": told}
        params: dict[str, ParamValue] = {"op": "declare", "arguments": arguments_text(arguments)}
        [found] = self.add(
            "Operator", [flow], params, name=f"{self.name}_axes" if self.name else "axes"
        )
        return found

    def usual(self, flow: Flow) -> Flow:
        """Return a flow of numbers whose axes are called as layers expect."""
        order = AXIS_ORDERS.get(len(_shape(flow)))
        if order is None:
            raise CannotMap(f"no layer takes {len(_shape(flow))} axes")
        return self.declared(flow, order, "number")

    def constant(self, array: Array, *, name: str = "", is_learned: bool = False) -> Flow:
        """Plan a tensor that the network holds itself.

        Raises:
            CannotMap: It is empty, or holds no numbers.
        """
        kind = kind_of_array(array)
        if array.size == 0:
            raise CannotMap("a tensor without numbers cannot be drawn")
        if array.ndim > 8:
            raise CannotMap(f"a tensor of {array.ndim} axes cannot be drawn")
        if 0 in array.strides:
            self.num_repeated += array.size
            if self.num_repeated > MAX_REPEATED:
                raise CannotMap("a tensor that is repeated so often cannot be drawn")
        saved = array.astype(_SAVED[kind]).reshape(array.shape or (1,))
        params: dict[str, ParamValue] = {"shape": [*saved.shape]}
        called = name or (f"{self.name}_constant" if self.name else "constant")
        if is_learned and kind == "number":
            found = self.add("Parameter", [], params, weights={"weight": saved}, name=called)
        else:
            if kind != "number":
                params["kind"] = kind
            found = self.add(
                "Constant", [], params, weights={"values": saved}, name=called, kinds=(kind,)
            )
        if array.ndim == 0:
            return self.operator("view", found, shape=[])[0]
        return found[0]

    def placeholder(
        self,
        inputs: Sequence[Flow],
        params: Params,
        *,
        shapes: Sequence[Shape | None],
    ) -> list[Flow]:
        """Plan a placeholder; raises FormatError where it cannot be named."""
        layer = get_layer(PLACEHOLDER)
        parsed = None if layer is None else parse_params(layer, params)
        if layer is None or parsed is None or parsed.params is None:
            errors = [] if parsed is None else [error.message for error in parsed.errors]
            raise FormatError(
                f"{str(params.get('op'))[:100]} of the file cannot be kept: "
                f"{' '.join(errors)[:300] or 'there is no layer for it.'}"
            )
        index = len(self.planned)
        wires = tuple(flow.wire for flow in inputs)
        self.planned.append(Planned(PLACEHOLDER, wires, params, self.name, self.path, {}))
        ports = layer.output_ports(parsed.params)
        return [
            Flow(Wire(index, port.name), shape) for port, shape in zip(ports, shapes, strict=True)
        ]

    def take_back(self, count: int) -> None:
        """Forget what was planned after the first so many nodes."""
        del self.planned[count:]

    def replace(self, index: int, *, params: Params, weights: Mapping[str, Array]) -> None:
        """Give a planned layer other parameters and weights, of which it gives the same shapes."""
        self.planned[index] = replace(self.planned[index], params=params, weights=weights)

    def rename(self, index: int, name: str) -> None:
        """Give a planned node another name."""
        self.planned[index] = replace(self.planned[index], name=name)

    def needed(self) -> set[int]:
        """Return the nodes that outputs need, and inputs and placeholders."""
        found: set[int] = set()
        stack = [
            index
            for index, node in enumerate(self.planned)
            if node.type_name in ("Output", PLACEHOLDER) or node.type_name.endswith("Input")
        ]
        while stack:
            index = stack.pop()
            if index not in found:
                found.add(index)
                stack += [wire.node for wire in self.planned[index].inputs]
        return found

    def draw(self, drawing: Drawing) -> dict[int, str]:
        """Draw what is needed; returns the id of each node by its number in the plan."""
        ids: dict[int, str] = {}
        needed = self.needed()
        owners: dict[int, int] = {}
        for index, node in enumerate(self.planned):
            if index not in needed:
                continue
            # Weights are kept once, by the first that is drawn of those that use them.
            owner = owners.setdefault(index if node.weights_of is None else node.weights_of, index)
            drawn = drawing.add(
                node.type_name,
                [Tap(ids[wire.node], wire.port) for wire in node.inputs],
                params=node.params,
                name=node.name,
                module_path=node.path,
                weights={key: to_tensor(array) for key, array in node.weights.items()}
                if owner == index
                else {},
                is_frozen=node.is_frozen,
                weights_of=ids.get(owner, ""),
            )
            ids[index] = drawn.node_id
        return ids


_NEEDED: Mapping[str, Kind] = {"numbers": "number", "integers": "integer", "booleans": "boolean"}
_SAVED = {"number": np.float32, "integer": np.int64, "boolean": np.bool_}


def _shape(flow: Flow) -> Shape:
    if flow.shape is None:
        raise CannotMap("the shape of what arrives is not known")
    return flow.shape


def to_tensor(array: Array) -> Tensor:
    """Return an array as a tensor of its own; numbers as float32."""
    import torch

    dtype = None if array.dtype.kind in "iub" else np.float32
    return torch.from_numpy(np.array(array, dtype, order="C"))  # pyright: ignore[reportUnknownMemberType]
