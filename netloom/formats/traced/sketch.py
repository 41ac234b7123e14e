"""Drawing with shapes: a layer is drawn only if it gives the sizes that were recorded.

Whatever a mapping thinks a call means, the shape rule of the layer it proposes is asked first. So
an imported network never claims a shape that it does not have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from netloom.formats.drawing import Drawing, Tap
from netloom.formats.traced.calls import Stored
from netloom.formats.traced.merging import Held, Result
from netloom.graph.document import ParamValue
from netloom.layers.base import ShapeProblem
from netloom.layers.expect import infer_layer
from netloom.layers.operators import arguments_text
from netloom.layers.operators.naming import has_batch, kind_of
from netloom.layers.parse import parse_params
from netloom.layers.registry import get_layer
from netloom.layers.shapes import Dim, Shape, axes_of, holds_numbers
from netloom.layers.sizes import Size

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Params = Mapping[str, ParamValue]
_USUAL_AXES: Mapping[int, Sequence[str]] = {
    2: ("BF",),
    3: ("BTF", "BCT"),
    4: ("BCHW", "BHWF"),
    5: ("BCDHW", "BDHWF"),
}


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor of the drawing and its shape."""

    tap: Tap
    shape: Shape

    @property
    def sizes(self) -> tuple[Size, ...]:
        return tuple(dim.size for dim in self.shape)


@dataclass(slots=True)
class Sketch:
    """A drawing that knows the shape of every tensor.

    Attributes:
        known: Parameters and buffers of the module that is traced, by name.
        drawn: Ids of nodes, in the order in which they were drawn.
        notes: What a person should know.
    """

    known: Mapping[str, Tensor]
    drawing: Drawing = field(default_factory=Drawing)
    drawn: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    _tensors: dict[object, Value] = field(default_factory=dict[object, Value])

    def add(
        self,
        type_name: str,
        inputs: Sequence[Value],
        wanted: Sequence[Sequence[Size]],
        *,
        params: Params | None = None,
        name: str = "",
        path: str = "",
        weights: Mapping[str, Tensor] | None = None,
        is_frozen: bool = False,
    ) -> list[Value] | None:
        """Draw a layer if its outputs have these sizes; None where it has not.

        An input whose axes are called otherwise than the layer needs gets other names, if it is
        that alone.
        """
        raw = {key: value for key, value in (params or {}).items() if value is not None}
        shapes = self._outputs(type_name, raw, [value.shape for value in inputs], wanted, weights)
        if shapes is None:
            renamed = self._renamed(type_name, raw, inputs, wanted, weights, path)
            if renamed is None:
                return None
            inputs, shapes = renamed
        drawn = self.drawing.add(
            type_name,
            [value.tap for value in inputs],
            params=raw,
            name=name,
            module_path=path,
            weights={key: tensor.detach() for key, tensor in (weights or {}).items()},
            is_frozen=is_frozen,
        )
        self.drawn.append(drawn.node_id)
        return [Value(tap, shape) for tap, shape in zip(drawn.outputs, shapes, strict=True)]

    def operator(
        self,
        op: str,
        inputs: Sequence[Value],
        wanted: Sequence[Sequence[Size]],
        *,
        name: str = "",
        path: str = "",
        **arguments: object,
    ) -> list[Value] | None:
        """Draw an operator if its outputs have these sizes."""
        kept = {key: value for key, value in arguments.items() if value is not None}
        params: dict[str, ParamValue] = {"op": op}
        if kept:
            params["arguments"] = arguments_text(kept)
        return self.add(
            "Operator", inputs, wanted, params=params, name=name or _within(path, op), path=path
        )

    @staticmethod
    def _outputs(
        type_name: str,
        params: Params,
        shapes: Sequence[Shape],
        wanted: Sequence[Sequence[Size]],
        weights: Mapping[str, Tensor] | None,
    ) -> list[Shape] | None:
        layer = get_layer(type_name)
        parsed = None if layer is None else parse_params(layer, params)
        if layer is None or parsed is None or parsed.params is None or parsed.unknown:
            return None
        ports = layer.input_ports(parsed.params)
        if len(ports) != len(shapes):
            return None
        inputs = {port.name: shape for port, shape in zip(ports, shapes, strict=True)}
        found = infer_layer(layer, parsed.params, inputs)
        if isinstance(found, ShapeProblem):
            return None
        outputs = [found.outputs[port.name] for port in layer.output_ports(parsed.params)]
        sizes = [tuple(dim.size for dim in shape) for shape in outputs]
        tensors = {**found.parameters, **found.buffers}
        fits = all(
            name in tensors and tuple(tensor.shape) == tensors[name]
            for name, tensor in (weights or {}).items()
        )
        return outputs if sizes == [tuple(each) for each in wanted] and fits else None

    def _renamed(
        self,
        type_name: str,
        params: Params,
        inputs: Sequence[Value],
        wanted: Sequence[Sequence[Size]],
        weights: Mapping[str, Tensor] | None,
        path: str,
    ) -> tuple[list[Value], list[Shape]] | None:
        if len(inputs) != 1 or type_name == "Operator" or not holds_numbers(inputs[0].shape):
            return None
        [value] = inputs
        for axes in _USUAL_AXES.get(len(value.shape), ()):
            if axes == axes_of(value.shape) or value.shape[0].axis != "B":
                continue
            shape = tuple(Dim(axis, dim.size) for axis, dim in zip(axes, value.shape, strict=True))
            found = self._outputs(type_name, params, [shape], wanted, weights)
            if found is None:
                continue
            named = self.operator("name_axes", [value], [value.sizes], path=path, axes=axes)
            if named is not None:
                return named, found
        return None

    def tensor(self, held: Held, like: Value | None, path: str = "") -> Value | None:
        """Return a tensor that does not depend on the input, drawn where it is not there yet.

        Args:
            like: Something with the batch, for a tensor that was repeated to it.
        """
        tensor, sizes = held.stored.tensor, held.sizes
        with_batch = [index for index, size in enumerate(sizes) if has_batch(size)]
        if with_batch:
            if with_batch != [0] or like is None or not _is_repeated(tensor):
                return None
            one = Held(_first_row(held, self.known), (1, *sizes[1:]))
            value = self.tensor(one, None, path)
            shape: list[int] = [1, *(-1 for _ in sizes[1:])]
            if value is None:
                return None
            found = self.operator(
                "expand", [value, like], [sizes], path=path, shape=shape, to_batch=True
            )
            return None if found is None else found[0]
        key: object = held.stored.name or (
            path,
            tuple(tensor.shape),
            tensor.dtype,
            tensor_bytes(tensor),
        )
        if key not in self._tensors:
            value = self._drawn_tensor(held, path)
            if value is None:
                return None
            self._tensors[key] = value
        return self._tensors[key]

    def _drawn_tensor(self, held: Held, path: str) -> Value | None:
        stored = held.stored
        if stored.tensor.ndim == 0 or stored.tensor.ndim > 8 or 0 in stored.tensor.shape:
            return None
        name = stored.name or "_".join((*(stored.made_of[:1] or [path]), "computed"))
        if not stored.name and stored.is_learned:
            self.notes.append(
                f"{' and '.join(stored.made_of)} are learned through what is computed of them; the "
                f"result was drawn as one learned tensor of {list(stored.tensor.shape)}."
            )
        where = stored.name.rpartition(".")[0] if stored.name else path
        sizes: list[ParamValue] = [*stored.tensor.shape]
        params: dict[str, ParamValue] = {"shape": cast("ParamValue", sizes)}
        tensor = stored.tensor
        if stored.is_learned and tensor.is_floating_point():
            found = self.add(
                "Parameter", [], [held.sizes], params=params, name=name, path=where,
                weights={"weight": tensor},
            )  # fmt: skip
        else:
            kind, values = _constant(tensor)
            if kind != "number":
                params["kind"] = kind
            found = self.add(
                "Constant", [], [held.sizes], params=params, name=name, path=where,
                weights={"values": values},
            )  # fmt: skip
        return None if found is None else found[0]

    def result_values(
        self, outputs: Sequence[Result], values: Sequence[Value]
    ) -> dict[int, Value] | None:
        """Return drawn tensors by number, where each holds the kind that was recorded.

        Args:
            values: Of the first outputs; further ones are those that nobody takes.
        """
        for output, value in zip(outputs, values, strict=False):
            if len(value.shape) > 1 and kind_of_type(output.dtype) != kind_of(value.shape):
                return None
        return {output.number: value for output, value in zip(outputs, values, strict=False)}


def kind_of_type(dtype: torch.dtype) -> str:
    """Return what numbers of a type are."""
    if dtype.is_floating_point:
        return "number"
    return "boolean" if str(dtype) == "torch.bool" else "integer"


def _constant(tensor: Tensor) -> tuple[str, Tensor]:
    """Return what a constant holds, and its values in the type they are saved in."""
    kind = kind_of_type(tensor.dtype)
    if kind == "number":
        return kind, tensor.float()
    return kind, tensor if kind == "boolean" else tensor.long()


def tensor_bytes(tensor: Tensor) -> bytes:
    """Return the values of a tensor, to find the same again."""
    return tensor.contiguous().cpu().reshape(-1).numpy().tobytes()


def _is_repeated(tensor: Tensor) -> bool:
    return bool((tensor == tensor[:1]).all())


def _first_row(held: Held, known: Mapping[str, Tensor]) -> Stored:
    """Return what was repeated for every sample: a parameter itself where it is one."""
    stored = held.stored
    row = stored.tensor[:1]
    if len(stored.made_of) == 1:
        source = known.get(stored.made_of[0])
        if source is not None and source.shape == row.shape and bool((source == row).all()):
            return replace(stored, tensor=source.detach(), name=stored.made_of[0])
    return replace(stored, tensor=row.clone(), name="")


def _within(path: str, op: str) -> str:
    """Return what an operator of a module is called."""
    return f"{path.replace('.', '_')}_{op}" if path else op
