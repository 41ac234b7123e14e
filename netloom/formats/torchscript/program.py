"""A TorchScript file as a module that computes what its code says, and can be recorded."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn

from netloom.formats.imported import FormatError
from netloom.formats.pt2.program import register
from netloom.formats.pt2.tape import CannotCompute, Stock, Tape, leaves, tensors_in
from netloom.formats.torchscript.archive import Archive
from netloom.formats.torchscript.expressions import Record
from netloom.formats.torchscript.machine import Machine
from netloom.formats.torchscript.objects import AGAIN, Thing
from netloom.formats.torchscript.operators import Operators
from netloom.formats.torchscript.source import Code
from netloom.formats.traced.calls import CHANGED, Call, Recording

MAX_MODULES = 100_000
MAX_LEVELS = 40
MAX_INPUTS = 16
MAX_OUTPUTS = 1000


@dataclass(frozen=True, slots=True)
class Part:
    """A module in the file, by its place."""

    path: str
    thing: Thing


class Program(nn.Module):
    """The module in a file.

    Attributes:
        class_names: Class of each module, by its path.
        input_names: Of the tensors that it takes.
        notes: What a person should know of how it was run.
    """

    def __init__(self, archive: Archive) -> None:
        super().__init__()
        self._archive = archive
        self._code = Code(archive.sources)
        self.notes: list[str] = []
        self.class_names: dict[str, str] = {}
        self._paths: dict[int, str] = {}
        tensors: dict[str, Tensor] = {}
        learned: set[str] = set()
        for part in _parts(archive.root):
            self._take(part, tensors, learned)
        for number, each in enumerate(archive.constants):
            if isinstance(each, Tensor):
                tensors[f"constant_{number}"] = each
        names: dict[int, str] = {}
        for name, tensor in tensors.items():
            if names.setdefault(id(tensor), name) == name:
                register(self, name, tensor, is_learned=name in learned)
        self._stock = Stock({name: tensors[name] for name in names.values()}, learned)
        self.input_names = self._inputs()

    def forward(self, *inputs: Tensor) -> object:
        """Compute what the code does.

        Args:
            inputs: In the order of the code, samples first.

        Returns:
            A tensor, a tuple or a mapping, as the code gives it.
        """
        return self._run(inputs)[1]

    def record(self, inputs: Sequence[Tensor]) -> Recording:
        """Compute, and return every call."""
        return self._run(inputs)[0]

    @torch.no_grad()
    def probe(self, inputs: Sequence[Tensor], sought: Collection[int]) -> None:
        """Compute until one of some inputs comes to weights.

        Args:
            sought: Which inputs.

        Raises:
            Met: One has come to them.
            FormatError: The code does not take such inputs.
        """
        tape = Tape(self._stock)
        own = [each.clone() for each in inputs]
        for each in own:
            tape.follow(each)
        operators = Operators(tape, sought={id(own[at]): at for at in sought})
        self._machine(operators, ignores_refusals=True).run(self._archive.root, "forward", own)

    def _machine(self, operators: Operators, *, ignores_refusals: bool = False) -> Machine:
        return Machine(
            self._code, self._archive.constants, self._paths, operators,
            operators.tape.is_followed, ignores_refusals=ignores_refusals,
        )  # fmt: skip

    @torch.no_grad()
    def _run(self, inputs: Sequence[Tensor]) -> tuple[Recording, object]:
        tape = Tape(self._stock)
        operators = Operators(tape)
        own = [each.clone() for each in inputs]
        outs = tuple(tape.follow(each) for each in own)
        found = self._machine(operators).run(self._archive.root, "forward", own)
        result = _result(found)
        self.notes = operators.notes
        for each in tensors_in(result):
            if not each.numel():
                raise CannotCompute("It gives a tensor without numbers.")
        told = (
            {key: tape.replaced(each) for key, each in cast("dict[str, object]", result).items()}
            if isinstance(result, dict)
            else tape.replaced(result)
        )
        if any(each is CHANGED for each in leaves(told)):
            raise FormatError(
                "The code gives a tensor that it has changed through another view of it, which a "
                f"graph cannot say. {AGAIN}"
            )
        return Recording(outs, _labelled(tape.calls), told), cast("object", result)

    def _take(self, part: Part, tensors: dict[str, Tensor], learned: set[str]) -> None:
        thing, path = part.thing, part.path
        if id(thing) in self._paths:
            return
        self._paths[id(thing)] = path
        if "training" in thing.attributes:
            thing.attributes["training"] = False
        own = self._code.class_of(thing.type_name)
        self.class_names[path] = own.short_name[:60]
        for key, value in thing.attributes.items():
            if isinstance(value, Tensor):
                name = f"{path}.{key}" if path else key
                tensors[name] = value
                if key in own.learned:
                    learned.add(name)

    def _inputs(self) -> list[str]:
        method = self._code.class_of(self._archive.root.type_name).methods.get("forward")
        if method is None:
            raise FormatError(f"It has no method forward: nothing says what it computes. {AGAIN}")
        told = method.syntax.args
        needed = told.args[1 : len(told.args) - len(told.defaults)]
        for each in needed:
            kind = ast.unparse(each.annotation) if each.annotation is not None else "Tensor"
            if kind != "Tensor":
                raise FormatError(
                    f"It takes {each.arg[:100]}, which is no tensor but {kind[:100]}. {AGAIN}"
                )
        if not 0 < len(needed) <= MAX_INPUTS:
            raise FormatError(
                f"It takes {len(needed)} tensors, which no network here does. {AGAIN}"
            )
        return [each.arg for each in needed]


def _parts(root: Thing) -> Iterator[Part]:
    """Give every module, the root first, each at the first place it is found."""
    seen: set[int] = set()
    waiting = [Part("", root)]
    while waiting:
        part = waiting.pop()
        if id(part.thing) in seen:
            continue
        seen.add(id(part.thing))
        if len(seen) > MAX_MODULES or part.path.count(".") >= MAX_LEVELS:
            raise FormatError(f"It holds more modules in modules than are read. {AGAIN}")
        yield part
        for key, value in reversed(part.thing.attributes.items()):
            if isinstance(value, Thing):
                waiting.append(Part(f"{part.path}.{key}" if part.path else key, value))


def _result(found: object) -> object:
    """Return what leaves the network: tensors, in tuples or by name."""
    _check_depth(found, 4)
    if isinstance(found, Record):
        return dict(zip(found.names, found.items, strict=True))
    if isinstance(found, dict):
        return {str(key): each for key, each in cast("dict[object, object]", found).items()}
    return found


def _check_depth(value: object, levels: int, left: int = MAX_OUTPUTS) -> int:
    """Return how many values may still leave the network beside these."""
    left -= 1
    if isinstance(value, Record):
        value = value.items
    elif isinstance(value, dict):
        value = list(cast("dict[object, object]", value).values())
    if isinstance(value, list | tuple):
        items = cast("Sequence[object]", value)
        if not levels or len(items) > left:
            raise FormatError(f"It gives lists of lists of tensors, which no network does. {AGAIN}")
        for each in items:
            left = _check_depth(each, levels - 1, left)
    return left


def _labelled(calls: Sequence[Call]) -> list[Call]:
    """Call the node of a module that computes one thing as the module is called."""
    counts = Counter(each.path for each in calls)
    return [
        replace(each, label=each.path.replace(".", "_"))
        if each.path and counts[each.path] == 1
        else each
        for each in calls
    ]
