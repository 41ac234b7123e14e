"""Runs the graph of an exported program, operator by operator, and writes down what it called.

Only operators of ATen that compute tensors of tensors are run, each called by its name; whatever
else a file may name becomes a placeholder of the size that the file states.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import Tensor, nn

from netloom.formats.damage import reason_of
from netloom.formats.imported import FormatError
from netloom.formats.pt2.archive import AGAIN
from netloom.formats.pt2.batch import Choices, other_batch
from netloom.formats.pt2.forms import FORMS, MAKERS, Form, NoForm, plain_form
from netloom.formats.pt2.graph import Graph, Name, Node, Unknown
from netloom.formats.traced.calls import Call, Out, Recording, Ref, Stored
from netloom.formats.traced.importing import FUNCTIONS

MAX_NUMBERS = 2**28
"""Most numbers of one tensor while the program runs."""

_WHOLE: Mapping[str, Callable[[int, int], int]] = {
    "_operator.add": lambda one, other: one + other,
    "_operator.sub": lambda one, other: one - other,
    "_operator.mul": lambda one, other: one * other,
    "_operator.floordiv": lambda one, other: one // other,
    "_operator.mod": lambda one, other: one % other,
    "torch.sym_max": max,
    "torch.sym_min": min,
}
"""What programs compute of sizes."""

_MOST = 2**62
_RENAMED = {"mm": "matmul", "_to_copy": "to"}
_CHECKS = frozenset(("aten._assert_scalar", "aten._assert_async", "aten._assert_tensor_metadata",
                     "aten.sym_constrain_range_for_size"))  # fmt: skip


@dataclass(slots=True)
class _State:
    """What is computed so far in one run."""

    batch: int
    choices: Choices
    values: dict[str, object] = field(default_factory=dict[str, object])
    numbers: dict[int, int] = field(default_factory=dict[int, int])
    sources: dict[int, tuple[str, ...]] = field(default_factory=dict[int, "tuple[str, ...]"])
    calls: list[Call] = field(default_factory=list[Call])
    kept: list[Tensor] = field(default_factory=list[Tensor])
    count: int = 0

    def new(self, tensor: Tensor) -> Out:
        """Take a tensor that depends on the input."""
        number, self.count = self.count, self.count + 1
        self.numbers[id(tensor)] = number
        self.kept.append(tensor)  # so that no other tensor gets its id
        return Out(number, tuple(tensor.shape), tensor.dtype)


class Program(nn.Module):
    """An exported program as a module."""

    def __init__(self, graph: Graph, tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.graph = graph
        self.tensors = {source: tensors[source] for source in graph.stored.values()}
        self.choices: list[int] = []
        self.counts: list[int] = []
        self._names = {id(tensor): name for name, tensor in self.tensors.items()}
        for name, tensor in self.tensors.items():
            _register(self, name, tensor, is_learned=name in graph.learned)
        self._calls_of = Counter(node.path for node in graph.nodes if node.path)

    @property
    def file_batch(self) -> int:
        """How many samples it was exported with."""
        return self.graph.inputs[0].sizes[0]

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Compute the outputs.

        Args:
            inputs: In the order of the program, samples first.
        """
        return self._run(inputs)[1]

    def record(self, inputs: Sequence[Tensor]) -> Recording:
        """Compute, and return every call."""
        return self._run(inputs)[0]

    @torch.no_grad()
    def _run(self, inputs: Sequence[Tensor]) -> tuple[Recording, tuple[Tensor, ...]]:
        graph = self.graph
        state = _State(inputs[0].shape[0], Choices(self.choices))
        try:
            for name, source in graph.stored.items():
                state.values[name] = self.tensors[source]
            outs: list[Out] = []
            for given, tensor in zip(graph.inputs, inputs, strict=True):
                own = tensor.clone()
                state.values[given.name] = own
                outs.append(state.new(own))
            for node in graph.nodes:
                self._node(state, node)
            results = [state.values.get(name) for name in graph.outputs]
            found = tuple(each for each in results if isinstance(each, Tensor))
            if len(found) < len(results):
                raise FormatError("The program gives something that it does not compute.")
            return Recording(tuple(outs), state.calls, self._replaced(state, list(found))), found
        finally:
            self.choices = state.choices.made
            self.counts = state.choices.counts

    def _node(self, state: _State, node: Node) -> None:
        args = {key: self._resolved(state, value) for key, value in node.args.items()}
        if node.target in _WHOLE:
            self._size(state, node, [*args.values()])
            return
        room, _, rest = node.target.partition(".")
        base, _, overload_name = rest.partition(".")
        if f"{room}.{base}" in _CHECKS:
            return
        if base == "sym_size" and room == "aten":
            state.values[node.outputs[0]] = _axis_size(args.get("self"), args.get("dim"))
            return
        inner = _tensors(args)
        is_followed = any(id(each) in state.numbers for each in inner)
        can_run = room == "aten" and (base.rstrip("_") in _ALLOWED or base in _ALLOWED)
        if not can_run or any(isinstance(each, Unknown) for each in _leaves(args)):
            self._unknown(state, node, args, f"{base or node.target}")
            return
        overload = getattr(getattr(torch.ops.aten, base, None), overload_name or "default", None)
        if overload is None:
            self._unknown(state, node, args, base)
            return
        if base.endswith("_") and not is_followed:
            raise FormatError("The program changes its own weights while it computes.")
        if state.batch != self.file_batch and not self.graph.has_open_batch:
            args = other_batch(base, node, args, self.graph, state.batch, state.choices)
        _check_size(base, args)
        results = _computed(overload, args)
        if not is_followed:
            names = tuple(dict.fromkeys(name for each in inner for name in self._made_of(each)))
            for each in results:
                state.sources[id(each)] = names
        else:
            self._call(state, node, base, overload, args, results)
        for name, each in zip(node.outputs, results, strict=False):
            state.values[name] = each

    def _size(self, state: _State, node: Node, given: Sequence[object]) -> None:
        numbers = [each for each in given if isinstance(each, int) and abs(each) < _MOST]
        if len(numbers) != 2 or len(given) != 2 or len(node.outputs) != 1:
            raise FormatError(f"The program computes sizes of what is no size ({node.target}).")
        try:
            state.values[node.outputs[0]] = _WHOLE[node.target](*numbers)
        except ZeroDivisionError:
            raise FormatError("The program divides a size by zero.") from None

    def _call(
        self,
        state: _State,
        node: Node,
        base: str,
        overload: object,
        args: Mapping[str, object],
        results: Sequence[Tensor],
    ) -> None:
        followed = {id(each) for each in _tensors(args) if id(each) in state.numbers}
        plain = base.rstrip("_") if not base.startswith("__") else base
        make = FORMS.get(base) or FORMS.get(plain)
        try:
            form = make(args, results) if make is not None else plain_form(plain, overload, args)
            told = {id(each) for each in _tensors([*form.args, *form.kwargs.values()])}
            if not followed <= told:
                raise NoForm("it is called otherwise")
        except NoForm:
            form = plain_form(plain, overload, args)
        given = self._replaced(state, list(form.args))
        kwargs = {key: self._replaced(state, value) for key, value in form.kwargs.items()}
        outs = [state.new(each) for each in results]
        for each in results:
            state.kept.append(each)
        state.calls.append(
            Call(
                _RENAMED.get(form.name, form.name),
                form.module,
                node.path,
                cast("Sequence[object]", given),
                cast("Mapping[str, object]", kwargs),
                tuple(outs[: form.num_outputs]),
                "",
                label=self._label(node, form),
            )
        )

    def _label(self, node: Node, form: Form) -> str:
        """Return what the node is called where it is all that its module computes."""
        is_all = self._calls_of[node.path] == 1 or form.module is not None
        return node.path.replace(".", "_") if is_all else ""

    def _unknown(self, state: _State, node: Node, args: Mapping[str, object], name: str) -> None:
        """Take tensors of the stated sizes for what cannot be run."""
        given = self._replaced(state, [each for each in args.values() if not _is_unknown(each)])
        results: list[Tensor] = []
        for output in node.outputs:
            sizes = [*self.graph.sizes.get(output, ())]
            if sizes and sizes[0] == self.file_batch:
                sizes[0] = state.batch
            if math.prod(sizes) > MAX_NUMBERS:
                raise FormatError(f"{output[:100]} declares {math.prod(sizes):,} numbers.")
            tensor = torch.zeros(sizes, dtype=self.graph.dtypes.get(output, torch.float32))
            results.append(tensor)
            state.values[output] = tensor
        outs = tuple(state.new(each) for each in results)
        state.calls.append(
            Call(
                name, None, node.path, cast("Sequence[object]", given), {}, outs, "", is_known=False
            )
        )

    def _resolved(self, state: _State, value: object) -> object:
        if isinstance(value, Name):
            if value.name not in state.values:
                raise FormatError(
                    f"The program takes {value.name[:100]!r}, which is not computed before it: "
                    "the file is damaged. Export it again."
                )
            return state.values[value.name]
        if isinstance(value, list):
            return [self._resolved(state, each) for each in cast("list[object]", value)]
        return value

    def _replaced(self, state: _State, value: object) -> object:
        """Return arguments with what a recording has in the place of tensors."""
        match value:
            case Tensor():
                number = state.numbers.get(id(value))
                return Ref(number) if number is not None else self._stored(state, value)
            case list():
                return [self._replaced(state, each) for each in cast("list[object]", value)]
            case tuple():
                items = cast("tuple[object, ...]", value)
                return tuple(self._replaced(state, each) for each in items)
            case _:
                return value

    def _stored(self, state: _State, tensor: Tensor) -> Stored:
        own = self._names.get(id(tensor))
        if own is not None:
            return Stored(tensor, own, (own,), own in self.graph.learned)
        made_of = state.sources.get(id(tensor), ())
        return Stored(tensor, "", made_of, any(name in self.graph.learned for name in made_of))

    def _made_of(self, tensor: Tensor) -> tuple[str, ...]:
        own = self._names.get(id(tensor))
        return () if own is None else (own,)


_ALLOWED = frozenset((*FUNCTIONS, *FORMS, *MAKERS, "conv1d", "conv2d", "conv3d", "linear", "rsub"))
"""Operators that are run: those that a function of a module would be drawn for."""


def _register(root: nn.Module, name: str, tensor: Tensor, *, is_learned: bool) -> None:
    """Put a tensor where the exported module had it."""
    *path, last = name.split(".")
    holder = root
    for part in path:
        inner = holder._modules.get(part)  # pyright: ignore[reportPrivateUsage]
        if inner is None:
            inner = nn.Module()
            holder._modules[part] = inner  # pyright: ignore[reportPrivateUsage]
        holder = inner
    if is_learned and (tensor.is_floating_point() or tensor.is_complex()):
        holder._parameters[last] = nn.Parameter(tensor)  # pyright: ignore[reportPrivateUsage]
    else:
        holder._buffers[last] = tensor  # pyright: ignore[reportPrivateUsage]


def _axis_size(tensor: object, dim: object) -> int:
    if not isinstance(tensor, Tensor) or not isinstance(dim, int):
        raise FormatError("The program takes a size of what has none.")
    if not -tensor.ndim <= dim < tensor.ndim:
        raise FormatError("The program takes the size of an axis that is not there.")
    return tensor.shape[dim]


def _tensors(value: object) -> list[Tensor]:
    return [each for each in _leaves(value) if isinstance(each, Tensor)]


def _leaves(value: object) -> list[object]:
    match value:
        case dict():
            return [item for each in cast("dict[str, object]", value).values()
                    for item in _leaves(each)]  # fmt: skip
        case list() | tuple():
            return [item for each in cast("Sequence[object]", value) for item in _leaves(each)]
        case _:
            return [value]


def _is_unknown(value: object) -> bool:
    return any(isinstance(each, Unknown) for each in _leaves(value))


def _computed(overload: Any, args: Mapping[str, object]) -> list[Tensor]:
    try:
        found: object = overload(**args)
    except Exception as error:  # torch raises what it likes
        reason = reason_of(error, "its settings do not fit")
        raise FormatError(
            f"{overload} cannot compute with what it is given: {reason}. {AGAIN}"
        ) from error
    items = cast("Sequence[object]", found) if isinstance(found, list | tuple) else [found]
    return [each for each in items if isinstance(each, Tensor)]


def _check_size(name: str, args: Mapping[str, object]) -> None:
    """Refuse what would make a tensor that is too large, before any memory is taken.

    Only sizes that a file can write out are looked at; the others follow from those of its weights.
    """
    count = 1
    for key, value in args.items():
        numbers = [each for each in _leaves(value) if isinstance(each, int | float)]
        if key in ("size", "shape", "output_size", "repeats", "dims"):
            count *= math.prod(max(1, abs(each)) for each in numbers)
        elif key in ("pad", "padding", "scale_factors") or name in MAKERS:
            count *= max([1, *(abs(each) for each in numbers)])
    if "repeats" in args or "pad" in args:
        count *= max([1, *(each.numel() for each in _tensors(args))])
    if count > MAX_NUMBERS:
        raise FormatError(
            f"{name} would make a tensor of {count:,.0f} numbers; {MAX_NUMBERS:,} are allowed."
        )
