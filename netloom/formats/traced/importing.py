"""From a module of PyTorch to a network: run, written down, drawn."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from netloom.formats.bundle import make_meta
from netloom.formats.imported import FormatError, ImportedNetwork, ImportedPiece, ImportReport
from netloom.formats.traced.arithmetic import ARITHMETIC
from netloom.formats.traced.assigning import ASSIGNING
from netloom.formats.traced.calls import Ref
from netloom.formats.traced.context import CannotMap, Context, Drawn, node_name
from netloom.formats.traced.detectors import OriginalDetector, rebuilt_detector
from netloom.formats.traced.inputs import InputFacts, input_layer
from netloom.formats.traced.kept import KeptModule, about_module
from netloom.formats.traced.merging import BATCHES, Held, Program, Step, leaves, merged
from netloom.formats.traced.modules import is_declared, is_leaf, map_module
from netloom.formats.traced.parity import checked, named_results
from netloom.formats.traced.record import DecidesByNumbers, named_modules, record
from netloom.formats.traced.recurrent import draw_recurrent, is_recurrent
from netloom.formats.traced.reshaping import RESHAPING
from netloom.formats.traced.sketch import Sketch, Value
from netloom.formats.traced.taking import TAKING
from netloom.formats.traced.weighted import WEIGHTED
from netloom.graph.document import ParamValue
from netloom.layers.operators.naming import settled
from netloom.layers.placeholder import write_shapes

if TYPE_CHECKING:
    from collections.abc import Callable

FUNCTIONS: Mapping[str, Callable[[Context, Step], Drawn]] = {
    **ARITHMETIC,
    **ASSIGNING,
    **RESHAPING,
    **TAKING,
    **WEIGHTED,
}
"""Drawers of functions by their plain name."""

_OTHER_NAMES = {
    "truediv": "div", "rtruediv": "rdiv", "divide": "div", "true_divide": "div",
    "multiply": "mul", "subtract": "sub", "absolute": "abs", "negative": "neg",
    "and": "logical_and", "or": "logical_or", "invert": "logical_not", "concat": "cat",
    "conj": "contiguous", "greater": "gt", "less": "lt", "_softmax": "softmax",
}  # fmt: skip


def from_module(
    module: nn.Module,
    example: Tensor | Sequence[Tensor],
    *,
    name: str = "",
    fold: bool = False,
    check: bool = True,
) -> ImportedNetwork:
    """Open a module of PyTorch as an editable network with its weights.

    The module is run in evaluation mode on the example at two batch sizes, and what it computes is
    drawn: layers where there are such, operators for the rest, placeholders for what neither says.
    A detector of torchvision takes images (B, C, H, W) of 0..1 and gives tensors of detections.
    The module itself is left as it was.

    Args:
        example: What `forward` takes, samples along the first axis; the values do not matter.
        name: Of the network; the module's class without it.
        check: Compare with the module on random input; the report says the difference.
        fold: Put the nodes of a submodule into a block, equal submodules into one definition.

    Raises:
        FormatError: It cannot be run on the example, decides by the numbers of its input, or treats
            samples differently.
    """
    tensors = [example] if isinstance(example, Tensor) else list(example)
    if (parts := rebuilt_detector(module)) is not None:
        named = name or type(module).__name__
        found = from_module(parts, tensors, name=named, fold=fold, check=False)
        original = OriginalDetector(module, parts).eval()
        names = [n.name for n in found.document.graph.nodes.values() if n.type == "Output"]
        return checked(original, found, tensors, names) if check else found
    inner_modules = named_modules(module)
    was_training = {path for path, inner in inner_modules if inner.training}
    module.eval()
    try:
        process = Import(module, _recorded(module, tensors), tensors)
        imported = process.run(name or type(module).__name__)
        if check:
            imported = checked(module, imported, tensors, process.output_names)
    finally:
        for path, inner in inner_modules:
            inner.training = path in was_training
    if not fold:
        return imported
    from netloom.formats.folding import fold_by_module

    class_names = {path: type(inner).__name__ for path, inner in inner_modules}
    return fold_by_module(imported, class_names)


def _recorded(module: nn.Module, tensors: Sequence[Tensor]) -> Program:
    """Record a module; the smallest modules within it that are no graph are one call each.

    Raises:
        DecidesByNumbers: It is the module itself that is no graph.
    """
    whole: dict[str, str] = {}
    while True:
        try:
            runs = [record(module, _resized(tensors, batch), is_leaf, whole) for batch in BATCHES]
        except DecidesByNumbers as found:
            if found.path == "" or found.path in whole:
                raise
            whole[found.path] = found.line
        else:
            return merged(runs[0], runs[1])


def _resized(tensors: Sequence[Tensor], batch: int) -> list[Tensor]:
    """Return the example with as many samples: its first one, again and again, a little varied."""
    found: list[Tensor] = []
    for tensor in tensors:
        if tensor.ndim == 0 or 0 in tensor.shape:
            raise FormatError("An example needs a first axis of samples, and at least one of them.")
        repeated = tensor[:1].detach().repeat(batch, *[1] * (tensor.ndim - 1))
        found.append(repeated.contiguous())
    return found


class Import:
    """One import: steps one after the other."""

    def __init__(
        self,
        module: nn.Module,
        program: Program,
        example: Sequence[Tensor],
        *,
        facts: InputFacts | None = None,
        title: str = "PyTorch module",
        producer: str = f"torch {torch.__version__}",
    ) -> None:
        self.facts = facts or InputFacts.of(module)
        self.title = title
        self.producer = producer
        self.program = program
        told = [
            program.result,
            *(each for step in program.steps for each in (step.args, step.kwargs)),
        ]
        self.used = {leaf.number for leaf in leaves(told) if isinstance(leaf, Ref)}
        self.known = {
            **{path: tensor.detach() for path, tensor in module.named_parameters()},
            **dict(module.named_buffers()),
        }
        self.sketch = Sketch(self.known)
        self.context = Context(self.sketch)
        self.example = example
        self.pieces: list[ImportedPiece] = []
        self.notes: list[str] = []
        self.owners: dict[str, str] = {}
        self.output_names: list[str] = []
        self.kept: dict[str, nn.Module] = {}
        self.kept_paths: set[str] = set()

    def run(self, name: str) -> ImportedNetwork:
        """Draw everything and return it with the report."""
        for index, result in enumerate(self.program.inputs):
            value = input_layer(self.sketch, self.facts, result, index, self.example[index])
            self.context.values[result.number] = value
        for step in self.program.steps:
            self._draw(step)
        self._draw_outputs()
        drawing = self.sketch.drawing
        document = drawing.finish(name)
        report = ImportReport(
            format=self.title,
            producer=self.producer,
            pieces=self.pieces,
            notes=[*self.notes, *self.sketch.notes],
        )
        weights = {key: tensor.detach().cpu().contiguous() for key, tensor in
                   drawing.weights.items()}  # fmt: skip
        return ImportedNetwork(document, report, weights, make_meta(document), self.kept)

    def _draw(self, step: Step) -> None:
        before = len(self.sketch.drawn)
        message = ""
        try:
            values = self._mapped(step)
            if values is None:
                message = "no layer gives these sizes"
        except CannotMap as reason:
            values, message = None, str(reason)
        results = None if values is None else self.sketch.result_values(step.outputs, values)
        if results is None:
            message = message or "it holds another kind of number"
            results = self._placeholder(step)
        self.context.values |= results
        self._report(step, self.sketch.drawn[before:], message)

    def _mapped(self, step: Step) -> Drawn:
        if not step.is_known:
            raise CannotMap("there is neither layer nor operator for it")
        if step.module is not None:
            return self._module(step, step.module)
        name = _canonical(step.name)
        draw = FUNCTIONS.get(name)
        if draw is None:
            raise CannotMap("there is neither layer nor operator for it")
        return draw(self.context, replace(step, name=name))

    def _module(self, step: Step, module: nn.Module) -> Drawn:
        if step.decides_at:
            raise CannotMap(
                f"it is kept as a whole: what it computes depends on the numbers of its input, at "
                f"{step.decides_at}"
            )
        mapped = map_module(module)
        if mapped is None and not is_recurrent(module):
            raise CannotMap("there is no layer for it")
        given = [*step.args, *(value for value in step.kwargs.values() if isinstance(value, Ref))]
        inputs = [self.context.flow(value) for value in given if isinstance(value, Ref)]
        if any(isinstance(value, Held) for value in given):
            raise CannotMap("a stored tensor is among its inputs")
        if mapped is None:
            return draw_recurrent(self.context, step, module, inputs, self.used)
        if mapped.type_name == "SelfAttention":
            if len(inputs) != 3 or len({value.tap for value in inputs}) != 1:
                raise CannotMap("queries, keys and values differ")
            if any(step.kwargs.get(key) is not None for key in ("attn_mask", "key_padding_mask")):
                raise CannotMap("it is called with a mask")
        taken = inputs if is_declared(module) else inputs[:1]
        drawn = self.context.layer(step, mapped.type_name, taken, mapped.params, mapped.weights)
        if drawn is not None and mapped.weights:
            self._share(step.path, self.sketch.drawn[-1])
        return drawn

    def _share(self, path: str, node_id: str) -> None:
        """Let every call of a module after the first use the weights of that one."""
        owner = self.owners.setdefault(path, node_id)
        if owner != node_id and self.sketch.drawing.share(node_id, owner):
            note = f"{path} is called more than once: all its uses share one set of weights."
            if note not in self.notes:
                self.notes.append(note)

    def _placeholder(self, step: Step) -> dict[int, Value]:
        """Keep a call that cannot be mapped, with everything it was called with."""
        inputs: list[Value] = []
        for leaf in leaves([step.args, step.kwargs]):
            if isinstance(leaf, Ref) and leaf.number in self.context.values:
                inputs.append(self.context.values[leaf.number])
            elif isinstance(leaf, Held):
                value = self.sketch.tensor(leaf, self.context.batch_of(step), step.path)
                if value is not None:
                    inputs.append(value)
        outputs = [f"output_{index + 1}" for index in range(len(step.outputs))]
        shapes = {
            port: settled((None, size) for size in output.sizes)
            for port, output in zip(outputs, step.outputs, strict=True)
        }
        params: dict[str, ParamValue] = {
            "op": step.name,
            "domain": "torch" if step.module is None else type(step.module).__module__,
            "attributes": json.dumps(
                {
                    "args": _words(step.args),
                    "kwargs": _words(step.kwargs),
                    **({} if step.module is None else about_module(step.module)),
                }
            ),
            "inputs": ",".join(f"input_{index + 1}" for index in range(len(inputs))),
            "outputs": ",".join(outputs),
            "shapes": write_shapes(shapes),
        }
        drawn = self.sketch.drawing.add(
            "Placeholder",
            [value.tap for value in inputs],
            params=params,
            name=node_name(step),
            module_path=step.path,
            weights=self._weights(step),
        )
        self.sketch.drawn.append(drawn.node_id)
        if step.module is not None and KeptModule.can_call(step.args, step.kwargs):
            self.kept[drawn.node_id] = KeptModule(step.module, step.args, step.kwargs)
        return {
            output.number: Value(tap, shapes[tap.port])
            for output, tap in zip(step.outputs, drawn.outputs, strict=True)
        }

    def _weights(self, step: Step) -> dict[str, Tensor]:
        """Return the tensors of a module that is kept: once, where it is called several times."""
        if step.module is None or step.path in self.kept_paths:
            return {}
        self.kept_paths.add(step.path)
        return dict(step.module.state_dict())

    def _report(self, step: Step, node_ids: Sequence[str], message: str) -> None:
        outcome = "folded"
        types = [self.sketch.drawing.type_of(node_id) for node_id in node_ids]
        if "Placeholder" in types:
            outcome = "placeholder"
        elif types:
            outcome = "operator" if types[-1] == "Operator" else "layer"
        where = step.path or step.line
        self.pieces.append(
            ImportedPiece(
                source=f"{step.name} {where}".strip()[:2000],
                outcome=outcome,
                nodes=list(node_ids),
                message=f"{message} ({step.line})" if message and step.line else message,
            )
        )

    def _draw_outputs(self) -> None:
        named = named_results(self.program.result)
        if not named:
            raise FormatError("The module returns nothing that depends on its input.")
        for name, found in named:
            value: Value | None = None
            if isinstance(found, Ref):
                value = self.context.values.get(found.number)
            elif isinstance(found, Held):
                self.notes.append(f"The output {name} does not depend on the input.")
                value = self.sketch.tensor(found, None)
            if value is not None:
                drawn = self.sketch.drawing.add("Output", [value.tap], name=name)
                self.output_names.append(self.sketch.drawing.name_of(drawn.node_id))


def _canonical(name: str) -> str:
    """Return `add` for `__add__`, `add_` and `__iadd__`, `radd` for `__radd__`."""
    plain = name.strip("_")
    if name.startswith("__") and plain.startswith("i") and plain[1:] in _IN_PLACE:
        plain = plain[1:]
    return _OTHER_NAMES.get(plain, plain)


_IN_PLACE = frozenset({"add", "sub", "mul", "truediv", "div", "pow", "matmul"})


def _words(value: object) -> object:
    """Return arguments as JSON: numbers as they are, tensors and others in words."""
    match value:
        case bool() | int() | float() | str() | None:
            return value
        case list() | tuple():
            return [_words(item) for item in cast("Sequence[object]", value)]
        case dict():
            return {str(k): _words(v) for k, v in cast("dict[object, object]", value).items()}
        case Ref():
            return "<tensor>"
        case Held():
            return f"<{value.stored.name or 'tensor'} {list(value.stored.tensor.shape)}>"
        case _:
            return str(value)[:200]
