"""What the mappings of functions share: the tensors drawn so far, and ways to draw more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from netloom.formats.traced.calls import Ref
from netloom.formats.traced.merging import Held, Step, Varying, leaves
from netloom.formats.traced.sketch import Sketch, Value
from netloom.graph.document import ParamValue
from netloom.layers.operators.naming import has_batch
from netloom.layers.sizes import Expr, Size

if TYPE_CHECKING:
    from torch import Tensor

Drawn = list[Value] | None


class CannotMap(Exception):
    """A call that no layer or operator says; it becomes a placeholder."""


@dataclass(slots=True)
class Context:
    """The state of an import.

    Attributes:
        values: Tensors that were drawn, by their number in the recording.
    """

    sketch: Sketch
    values: dict[int, Value] = field(default_factory=dict[int, Value])

    def flow(self, value: object) -> Value:
        """Return a tensor that depends on the input.

        Raises:
            CannotMap: It is something else.
        """
        if isinstance(value, Ref) and value.number in self.values:
            return self.values[value.number]
        raise CannotMap("an argument is no tensor that can be followed")

    def operand(self, value: object, step: Step) -> Value | float:
        """Return a tensor, drawn if it is a stored one, or a number.

        Raises:
            CannotMap: It is neither.
        """
        if isinstance(value, bool) or value is None:
            raise CannotMap("an argument is neither tensor nor number")
        if isinstance(value, int | float):
            return value
        if isinstance(value, Ref):
            return self.flow(value)
        if isinstance(value, Held):
            if value.stored.tensor.ndim == 0 and not value.stored.is_learned:
                return float(value.stored.tensor)
            found = self.sketch.tensor(value, self.batch_of(step), step.path)
            if found is not None:
                return found
        raise CannotMap("an argument is neither tensor nor number")

    def batch_of(self, step: Step) -> Value | None:
        """Return a tensor of a call whose first axis is the batch."""
        for leaf in leaves([step.args, step.kwargs]):
            if isinstance(leaf, Ref) and leaf.number in self.values:
                value = self.values[leaf.number]
                if value.shape and has_batch(value.shape[0].size):
                    return value
        return None

    def layer(
        self,
        step: Step,
        type_name: str,
        inputs: Sequence[Value],
        params: Mapping[str, ParamValue] | None = None,
        weights: Mapping[str, Tensor] | None = None,
    ) -> Drawn:
        """Draw a layer for a call if it gives the recorded sizes."""
        return self.sketch.add(
            type_name,
            inputs,
            [output.sizes for output in step.outputs],
            params=params,
            name=node_name(step),
            path=step.path,
            weights=weights,
        )

    def operator(self, step: Step, op: str, inputs: Sequence[Value], **arguments: object) -> Drawn:
        """Draw an operator for a call if it gives the recorded sizes."""
        return self.sketch.operator(
            op,
            inputs,
            [output.sizes for output in step.outputs],
            name=node_name(step),
            path=step.path,
            **arguments,
        )


def node_name(step: Step) -> str:
    """Return what the node of a call is called: its module, or the function within it."""
    if step.label:
        return step.label
    path = step.path.replace(".", "_")
    if step.module is not None:
        return path or step.name
    function = step.name.strip("_")
    return f"{path}_{function}" if path else function


def bound(step: Step, *names: str, **defaults: object) -> dict[str, object]:
    """Return the arguments of a call by name; those in `defaults` may be left out.

    Raises:
        CannotMap: There are others, or values that nobody can know beforehand.
    """
    order = [*names, *(name for name in defaults if name not in names)]
    if len(step.args) > len(order):
        raise CannotMap("there are more arguments than expected")
    given = dict(zip(order, step.args, strict=False))
    given |= {key: value for key, value in step.kwargs.items() if key in order}
    missing = [name for name in names if name not in given and name not in defaults]
    others = [
        key
        for key, value in step.kwargs.items()
        if key not in order and key not in _HARMLESS and value is not None
    ]
    if missing or others:
        raise CannotMap(f"the arguments {', '.join([*missing, *others])} are not understood")
    found = {**defaults, **given}
    if any(isinstance(leaf, Varying) for leaf in leaves(found)):
        raise CannotMap("an argument cannot be known beforehand, or was changed in place")
    return found


_HARMLESS = frozenset({"inplace", "device", "memory_format", "out", "non_blocking", "copy",
                       "layout", "pin_memory", "requires_grad"})  # fmt: skip


def whole(value: object) -> int:
    """Return a whole number.

    Raises:
        CannotMap: It is something else, or follows from the batch.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise CannotMap("a size depends on the number of samples")
    return value


def wholes(value: object) -> list[int]:
    """Return whole numbers; one for a list of one.

    Raises:
        CannotMap: As `whole`.
    """
    if isinstance(value, list | tuple):
        return [whole(item) for item in cast("Sequence[object]", value)]
    return [whole(value)]


def sizes_of(given: Sequence[object]) -> list[Size]:
    """Return sizes that are passed one by one or as one list; they may follow from the batch.

    Raises:
        CannotMap: They are no numbers.
    """
    items = given
    if len(given) == 1 and isinstance(given[0], list | tuple):
        items = cast("Sequence[object]", given[0])
    sizes: list[Size] = []
    for item in items:
        if isinstance(item, bool) or not isinstance(item, int | Expr):
            raise CannotMap("a size is no whole number")
        sizes.append(item)
    return sizes
