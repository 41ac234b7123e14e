"""Einsum and Rearrange: whatever a short pattern says about axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self

from pydantic import model_validator

from netloom.layers.base import (
    Constructor,
    Inference,
    Inputs,
    LayerType,
    SetParams,
    ShapeProblem,
)
from netloom.layers.combine import Combine, CombineParams, describe_inputs
from netloom.layers.params import LayerParams, param
from netloom.layers.patterns import (
    MAX_BETWEEN,
    Groups,
    Rearrangement,
    most_between,
    read_einsum,
    read_rearrangement,
    read_sizes,
)
from netloom.layers.reach import EVERYTHING, Reach
from netloom.layers.reshape import named_anew
from netloom.layers.shapes import BATCH, Dim, Shape, named_shape_text
from netloom.layers.sizes import Expr, Size, exact_divide, product

if TYPE_CHECKING:
    from torch import nn

_USUAL_AXES = {2: "F", 3: "TF", 4: "CHW", 5: "CDHW"}


def _named(axes: Sequence[str], sizes: Sequence[Size]) -> Shape:
    """Return a shape of these axes, of the usual ones where a name would be there twice."""
    if len(set(axes)) < len(axes):
        axes = _USUAL_AXES[len(axes) + 1]
    dims = (Dim(axis, size) for axis, size in zip(axes, sizes, strict=True))
    return named_anew((BATCH, *dims))


class EinsumParams(CombineParams):
    """Which axes are multiplied and summed."""

    pattern: str = param(
        "btf,bsf->bts",
        "Pattern",
        "Letters for the axes of every input and of the output; a letter that is missing behind "
        "the arrow is summed over.",
        on_card=True,
    )

    @model_validator(mode="after")
    def _is_readable(self) -> Self:
        read_einsum(self.pattern)
        return self


class Einsum(Combine[EinsumParams]):
    type_name = "Einsum"
    name_stem = "einsum"
    title = "Einsum"
    summary = "Multiplies tensors and sums over axes, as a pattern of letters says."
    docs = (
        "btf,bsf->bts compares every step with every other, bchw->bc sums each channel. The batch "
        "comes first everywhere; the same letter means the same size."
    )
    aliases = ("einstein sum", "contraction", "tensor product", "attention", "matmul")
    icon = "sum"
    Params = EinsumParams

    def infer(self, params: EinsumParams, inputs: Inputs) -> Inference | ShapeProblem:
        operands, output = read_einsum(params.pattern)
        if len(operands) != len(inputs):
            count = min(max(2, len(operands)), 64)
            return ShapeProblem(
                f"The pattern {params.pattern} is for {len(operands)} inputs, but there are "
                f"{len(inputs)}.",
                param="pattern",
                suggestions=(SetParams(f"Use {count} inputs", {"num_inputs": count}),),
            )
        sizes: dict[str, Size] = {}
        axes: dict[str, str] = {}
        for operand, (port, shape) in zip(operands, inputs.items(), strict=True):
            if len(operand) != len(shape) or any(
                sizes.setdefault(letter, dim.size) != dim.size
                for letter, dim in zip(operand, shape, strict=True)
            ):
                return ShapeProblem(
                    f"The pattern {params.pattern} does not fit {describe_inputs(inputs)}: every "
                    "input needs a letter for each axis, and a letter one size.",
                    port=port,
                    param="pattern",
                )
            for letter, dim in zip(operand, shape, strict=True):
                axes.setdefault(letter, dim.axis)
        if most_between(operands, output, sizes) > MAX_BETWEEN:
            return ShapeProblem(
                f"The pattern {params.pattern} multiplies out to more than {MAX_BETWEEN:,} numbers "
                "on the way. Multiply two tensors at a time, and sum in between.",
                param="pattern",
            )
        kept = output[1:]
        found = _named([axes[letter] for letter in kept], [sizes[letter] for letter in kept])
        steps = product(size for letter, size in sizes.items() if letter != output[0])
        return Inference({"output": found}, flops=steps * len(operands))

    def reach(self, params: EinsumParams, inputs: Inputs) -> Reach:
        return EVERYTHING

    def constructor(self, params: EinsumParams, inputs: Inputs) -> Constructor:
        raise NotImplementedError("Einsum is an expression, not a class of torch.nn")

    def source(self, params: EinsumParams, inputs: Inputs) -> str:
        return "nn.Identity()"

    def make_module(self, params: EinsumParams, inputs: Inputs) -> nn.Module:
        from netloom.layers import modules

        return modules.Einsum(_packed(params))

    def call_source(self, params: EinsumParams, inputs: Inputs, arguments: Sequence[str]) -> str:
        return f'torch.einsum("{_packed(params)}", {", ".join(arguments)})'


def _packed(params: EinsumParams) -> str:
    """Return the pattern as it was read, so that nothing else of the text becomes code."""
    operands, output = read_einsum(params.pattern)
    return f"{','.join(operands)}->{output}"


class RearrangeParams(LayerParams):
    """How axes are split, ordered and put together."""

    pattern: str = param(
        "b c (h p) (w q) -> b (h w) (p q c)",
        "Pattern",
        "Names for the axes that arrive and for those that leave; names in parentheses share one "
        "axis.",
        on_card=True,
    )
    sizes: str = param(
        "p=4, q=4", "Sizes", "Sizes that do not follow from the input, such as p=4, q=4."
    )

    @model_validator(mode="after")
    def _is_readable(self) -> Self:
        names = {name for group in read_rearrangement(self.pattern).before for name in group}
        unknown = read_sizes(self.sizes).keys() - names
        if unknown:
            raise ValueError(f"the pattern has no name {min(unknown)}")
        return self


class Rearrange(LayerType[RearrangeParams]):
    type_name = "Rearrange"
    name_stem = "rearrange"
    title = "Rearrange"
    category = "Shape"
    summary = "Splits, reorders and joins axes, as a pattern says."
    docs = (
        "b c (h p) (w q) -> b (h w) (p q c) cuts an image into patches and lines them up, as a "
        "vision transformer takes them. Patterns are written as einops writes them."
    )
    aliases = ("einops", "reshape", "permute", "patches", "patchify", "heads", "transpose")
    icon = "transform"
    Params = RearrangeParams

    def infer(self, params: RearrangeParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        pattern = read_rearrangement(params.pattern)
        sizes = _solved(pattern, read_sizes(params.sizes), shape)
        if sizes is None:
            return ShapeProblem(
                f"The pattern {params.pattern} with sizes {params.sizes or 'of the input'} does "
                f"not fit {named_shape_text(shape)}: it needs as many axes, and splits that come "
                "out even.",
                port="input",
                param="pattern",
            )
        merged = [product(sizes[name] for name in group) for group in pattern.after[1:]]
        split = [sizes[name] for name in _names(pattern.before)]
        if any(sum(isinstance(size, Expr) for size in each) > 1 for each in (split, merged)):
            return ShapeProblem(
                f"Rearrange works with one length that depends on the data, but "
                f"{named_shape_text(shape)} gives several.",
                port="input",
            )
        came_from = {
            name: dim.axis
            for group, dim in zip(pattern.before, shape, strict=True)
            for name in group
        }
        axes = [_axis([came_from[name] for name in group]) for group in pattern.after[1:]]
        return Inference({"output": _named(axes, merged)})

    def constructor(self, params: RearrangeParams, inputs: Inputs) -> Constructor:
        pattern = read_rearrangement(params.pattern)
        sizes = _solved(pattern, read_sizes(params.sizes), inputs["input"]) or {}
        names = _names(pattern.before)
        split = [_number(sizes[name]) for name in names]
        order = [1 + names.index(name) for name in _names(pattern.after)]
        merge = [_number(product(sizes[name] for name in group)) for group in pattern.after[1:]]
        return Constructor("Rearrange", (split, order, merge))


def _names(groups: Groups) -> list[str]:
    return [name for group in groups[1:] for name in group]


def _number(size: Size) -> int:
    return size if isinstance(size, int) else -1


def _solved(
    pattern: Rearrangement, given: Mapping[str, int], shape: Shape
) -> dict[str, Size] | None:
    """Return the size of every name; None where they do not make up the shape."""
    if len(pattern.before) != len(shape):
        return None
    sizes: dict[str, Size] = {}
    for group, dim in zip(pattern.before[1:], shape[1:], strict=True):
        open_names = [name for name in group if name not in given]
        known = 1
        for name in group:
            known *= given.get(name, 1)
        rest = exact_divide(dim.size, known)
        if rest is None or len(open_names) > 1 or (not open_names and rest != 1):
            return None
        sizes |= {name: given.get(name, rest) for name in group}
    return sizes


def _axis(axes: Sequence[str]) -> str:
    """Return what an axis is called that several went into."""
    if any(axis in ("C", "F") for axis in axes):
        return "C"
    return axes[0] if len(set(axes)) == 1 else "T"


LAYERS = (Einsum(), Rearrange())
