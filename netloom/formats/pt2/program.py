"""Runs the graph of an exported program, operator by operator, and writes down what it called.

Only operators of ATen that compute tensors of tensors are run, each called by its name; whatever
else a file may name becomes a placeholder of the size that the file states.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor, nn

from netloom.formats.imported import FormatError
from netloom.formats.pt2.batch import Choices, other_batch
from netloom.formats.pt2.graph import Graph, Name, Node, Unknown
from netloom.formats.pt2.tape import MAX_NUMBERS, Stock, Tape, is_allowed, leaves
from netloom.formats.traced.calls import Out, Recording

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
_CHECKS = frozenset(("aten._assert_scalar", "aten._assert_async", "aten._assert_tensor_metadata",
                     "aten.sym_constrain_range_for_size"))  # fmt: skip


@dataclass(slots=True)
class _State:
    """What is computed so far in one run."""

    batch: int
    choices: Choices
    tape: Tape
    values: dict[str, object] = field(default_factory=dict[str, object])


class Program(nn.Module):
    """An exported program as a module."""

    def __init__(self, graph: Graph, tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.graph = graph
        self.tensors = {source: tensors[source] for source in graph.stored.values()}
        self.choices: list[int] = []
        self.counts: list[int] = []
        self._stock = Stock(self.tensors, graph.learned)
        for name, tensor in self.tensors.items():
            register(self, name, tensor, is_learned=name in graph.learned)
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
        state = _State(inputs[0].shape[0], Choices(self.choices), Tape(self._stock))
        try:
            for name, source in graph.stored.items():
                state.values[name] = self.tensors[source]
            outs: list[Out] = []
            for given, tensor in zip(graph.inputs, inputs, strict=True):
                own = tensor.clone()
                state.values[given.name] = own
                outs.append(state.tape.follow(own))
            for node in graph.nodes:
                self._node(state, node)
            results = [state.values.get(name) for name in graph.outputs]
            found = tuple(each for each in results if isinstance(each, Tensor))
            if len(found) < len(results):
                raise FormatError("The program gives something that it does not compute.")
            told = state.tape.replaced(list(found))
            return Recording(tuple(outs), state.tape.calls, told), found
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
        if room != "aten" or not is_allowed(base) or _is_unknown(args):
            self._unknown(state, node, args, f"{base or node.target}")
            return
        overload = getattr(getattr(torch.ops.aten, base, None), overload_name or "default", None)
        if overload is None:
            self._unknown(state, node, args, base)
            return
        if state.batch != self.file_batch and not self.graph.has_open_batch:
            args = other_batch(base, node, args, self.graph, state.batch, state.choices)
        is_whole = self._calls_of[node.path] == 1
        results = state.tape.run(base, overload, args, node.path, is_whole=is_whole)
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

    def _unknown(self, state: _State, node: Node, args: Mapping[str, object], name: str) -> None:
        """Take tensors of the stated sizes for what cannot be run."""
        given = [each for each in args.values() if not _is_unknown(each)]
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
        state.tape.unknown(name, given, node.path, results)

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


def register(root: nn.Module, name: str, tensor: Tensor, *, is_learned: bool) -> None:
    """Put a tensor where the module had it, by its name with dots."""
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


def _is_unknown(value: object) -> bool:
    return any(isinstance(each, Unknown) for each in leaves(value))
