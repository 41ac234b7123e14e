"""Layers of Keras that lay tensors out anew or bring several together."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING

from netloom.formats.keras.sheet import NoLayer, Sheet, Value

if TYPE_CHECKING:
    from netloom.formats.keras.layers import Use

_AXES = {1: "F", 2: "TF", 3: "HWC", 4: "DHWC"}
"""What the axes behind the batch are called when only their number is known, as Keras has them."""


def flatten(use: Use) -> Value:
    """Draw Flatten, remembering in which order Keras would have the numbers."""
    value, sheet = use.value, use.sheet
    if value.rank == 1:
        return value
    value = sheet.as_sequence(value) if not sheet.is_channels_first else value
    laid_out = sheet.add("Flatten", value)
    if "C" not in value.axes or sheet.is_channels_first:
        return laid_out
    sizes = tuple(value.size(axis) for axis in value.axes[1:])
    if sizes[0] == 1 or prod(sizes[1:]) == 1:
        return laid_out
    return Value(laid_out.tap, laid_out.shape, sizes)


def _channels_last(sheet: Sheet, value: Value) -> Value:
    """Return a tensor whose numbers lie in memory as Keras has them."""
    value = sheet.in_order(value)
    if value.rank > 1 and "C" in value.axes and not sheet.is_channels_first:
        order = [0, *range(2, value.rank + 1), 1]
        return sheet.add("Permute", value, suffix="channels_last", order=order)
    return value


def reshape(use: Use) -> Value:
    """Draw Reshape: to the order of Keras, to the new sizes, and channels first again."""
    sheet = use.sheet
    given = [int(size) for size in use.settings.numbers("target_shape")]
    if not 1 <= len(given) <= 4 or given.count(-1) > 1 or any(size < -1 for size in given):
        raise NoLayer(f"it makes the shape {given[:8]}")
    value = _channels_last(sheet, use.value)
    letters = _AXES[len(given)]
    words = [
        f"{axis}={'?' if size == -1 else size}" for axis, size in zip(letters, given, strict=True)
    ]
    if len(given) < 3 or sheet.is_channels_first:
        if sheet.is_channels_first and len(given) > 2:
            letters = f"C{letters[:-1]}"
            words = [
                f"{axis}={'?' if size == -1 else size}"
                for axis, size in zip(letters, given, strict=True)
            ]
        return sheet.add("Reshape", value, shape=", ".join(words))
    laid = sheet.add("Reshape", value, shape=", ".join(words))
    count = len(given)
    return sheet.add("Permute", laid, suffix="channels_first", order=[0, count, *range(1, count)])


def permute(use: Use) -> Value:
    """Draw Permute where the result has channels or features where ours have them."""
    sheet, value = use.sheet, use.value
    order = [int(each) for each in use.settings.numbers("dims")]
    if sorted(order) != list(range(1, value.rank + 1)):
        raise NoLayer(f"it orders the axes {order}")
    if order == sorted(order):
        return value
    if value.rank == 2:
        turned = sheet.add("Permute", sheet.as_sequence(value), order=[0, 2, 1])
        # What were steps are features now: in Keras's eyes a sequence like any other.
        return _renamed(sheet, turned)
    raise NoLayer("it turns axes of an image")


def _renamed(sheet: Sheet, value: Value) -> Value:
    """Give a (B, C, T) that Keras sees as steps of features the name of such a thing."""
    words = f"T={value.size('C')}, F={value.size('T')}"
    return sheet.add("Reshape", value, suffix="as_sequence", shape=words)


def repeat(use: Use) -> Value:
    """Draw RepeatVector: features become steps that are all alike."""
    sheet = use.sheet
    value = sheet.in_order(use.value)
    count = use.settings.whole("n")
    if not 1 <= count <= 100_000:
        raise NoLayer(f"it repeats {count} times")
    one = sheet.add("Reshape", value, suffix="as_signal", shape=f"C={value.size('F')}, T=1")
    longer = sheet.add("Upsample", one, scale_factor=count)
    return sheet.as_sequence(longer)


def masking(use: Use) -> Value:
    """A mask is not followed: what comes behind sees all steps."""
    use.sheet.say("Steps that Keras leaves out (Masking) take part here.")
    return use.value


def concatenate(use: Use) -> Value:
    """Draw Concatenate along the axis that Keras counts."""
    inputs = _alike(use.sheet, use.inputs)
    if len(inputs) == 1:
        return inputs[0]
    axis = use.settings.numbers("axis")[0] if use.settings.has("axis") else -1
    letter = use.sheet.axis_of(inputs[0], int(axis))
    return use.sheet.add("Concatenate", *inputs, num_inputs=len(inputs), axis=letter)


def combining(type_name: str) -> Callable[[Use], Value]:
    """Return what draws a layer that combines tensors number by number."""

    def draw(use: Use) -> Value:
        inputs = _alike(use.sheet, use.inputs)
        if len(inputs) == 1:
            return inputs[0]
        return use.sheet.add(type_name, *inputs, num_inputs=len(inputs))

    return draw


def _alike(sheet: Sheet, inputs: list[Value]) -> list[Value]:
    """Bring tensors that meet into one order."""
    if not inputs:
        raise NoLayer("it takes nothing")
    if any(value.flattened != inputs[0].flattened for value in inputs) or (
        len(inputs) > 1 and inputs[0].flattened is not None
    ):
        inputs = [sheet.in_order(value) for value in inputs]
    if len({value.axes for value in inputs}) > 1 and {value.rank for value in inputs} == {2}:
        return [sheet.as_sequence(value) for value in inputs]
    return inputs
