"""One trial of one layer: declared is what torch does, and code says it too.

Imports torch.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import cast

import torch
from torch import Tensor, nn

from netloom.compile import generate_source
from netloom.compile.own_classes import carried
from netloom.graph.document import Document
from netloom.layer_checks.examples import example
from netloom.layer_checks.flaws import Flaw, Found, Trial, stage
from netloom.layer_checks.surroundings import network_around
from netloom.layers.base import AnyLayer, Inference, ShapeProblem
from netloom.layers.expect import kind_problem
from netloom.layers.params import LayerParams
from netloom.layers.parse import parse_params
from netloom.layers.shapes import concrete, holds_numbers
from netloom.readback import read_source

SIZES = ((2, 23), (3, 31), (1, 40))
"""Samples and time steps of the three inputs of each trial."""
Run = Callable[..., object]


def check_trial(layer: AnyLayer, trial: Trial, *, reads_back: bool = True) -> list[Flaw]:
    """Return what is wrong with a layer in one use; nothing where all is as declared.

    Args:
        trial: Parameters and shapes that the layer accepts.
        reads_back: Also draw a network around it, write its code and read that again.
    """
    flaws: list[Flaw] = []
    try:
        for flaw in _flaws(layer, trial, reads_back=reads_back):
            flaws.append(flaw)  # noqa: PERF402 - what was found before a failure is kept
    except Found as found:
        flaws.append(found.flaw)
    return flaws


@dataclass(frozen=True, slots=True)
class _Use:
    """A layer with readable parameters, and what it says follows."""

    layer: AnyLayer
    params: LayerParams
    trial: Trial
    found: Inference

    @property
    def ports(self) -> list[str]:
        return [port.name for port in self.layer.output_ports(self.params)]


def _flaws(layer: AnyLayer, trial: Trial, *, reads_back: bool) -> Iterator[Flaw]:
    use = _declared(layer, trial)
    yield from _disagreements(use)
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType] - half typed in torch
    with stage("module", "Its module cannot be made"):
        module = layer.make_module(use.params, trial.inputs).eval()
    yield from _tensor_flaws(use, module)
    with stage("code", "Its code does not make the module again"):
        again = _from_source(use, module)
    for num_samples, time in SIZES:
        yield from _run_flaws(use, module, again, num_samples, time)
    if reads_back:
        with stage("reading back", "A network of it cannot be written as code and read again"):
            yield from _reading_flaws(use)


def _declared(layer: AnyLayer, trial: Trial) -> _Use:
    parsed = parse_params(layer, trial.params)
    if parsed.params is None:
        raise Found(Flaw("parameters", " ".join(error.message for error in parsed.errors)))
    with stage("shapes", "infer fails"):
        problem = kind_problem(layer, parsed.params, trial.inputs)
        found = problem or layer.infer(parsed.params, trial.inputs)
    if isinstance(found, ShapeProblem):
        raise Found(Flaw("shapes", f"infer refuses what was to be tried: {found.message}"))
    if not isinstance(found, Inference):  # pyright: ignore[reportUnnecessaryIsInstance] - others'
        raise Found(Flaw("shapes", "infer has to return an Inference or a ShapeProblem."))
    return _Use(layer, parsed.params, trial, found)


def _disagreements(use: _Use) -> Iterator[Flaw]:
    """Compare what `infer` gives with what the declaration lists."""
    if list(use.found.outputs) != use.ports:
        given = ", ".join(use.found.outputs) or "none"
        raise Found(
            Flaw("shapes", f"infer gives outputs {given}; the ports are {', '.join(use.ports)}.")
        )
    if set(use.found.inferred) != set(use.layer.inferred):
        given, listed = sorted(use.found.inferred), sorted(use.layer.inferred)
        yield Flaw("shapes", f"infer finds the values {given}, but `inferred` lists {listed}.")


def _tensor_flaws(use: _Use, module: nn.Module) -> Iterator[Flaw]:
    """Compare the tensors that are declared with those that the module holds."""
    for word, declared, real in (
        ("parameters", use.found.parameters, module.named_parameters()),
        ("buffers", use.found.buffers, module.named_buffers()),
    ):
        held = {name: tuple(tensor.shape) for name, tensor in real}
        if dict(declared) != held:
            differing = [
                f"{name}: {_shape(declared.get(name))} declared, {_shape(held.get(name))} there"
                for name in (*declared, *(name for name in held if name not in declared))
                if declared.get(name) != held.get(name)
            ]
            yield Flaw("tensors", f"Its {word} differ from the module's: {'; '.join(differing)}.")


def _shape(sizes: tuple[int, ...] | None) -> str:
    return "none" if sizes is None else " × ".join(map(str, sizes)) or "a number"


def _run_flaws(
    use: _Use, module: nn.Module, again: Run, num_samples: int, time: int
) -> Iterator[Flaw]:
    """Run forward and backward once, and once more what the code makes."""
    tensors = [example(shape, num_samples, time) for shape in use.trial.inputs.values()]
    # Copies arrive, as what is computed of parameters may not be changed at all.
    arriving = [tensor.clone() for tensor in tensors]
    sizes = ", ".join(f"{tuple(tensor.shape)}" for tensor in tensors)
    with stage("forward", f"Its module fails on {sizes}"):
        results = _as_tuple(module(*arriving))
    for port, tensor, copy in zip(use.trial.inputs, tensors, arriving, strict=True):
        if not torch.equal(tensor, copy):
            raise Found(Flaw("in place", f"It changes what arrives at {port}, in place.", port))
    yield from _result_flaws(use, results, num_samples, time, sizes)
    with stage("gradient", f"No gradient can be found behind {sizes}"):
        computed = [result for result in results if result.requires_grad]
        if computed:
            sum((result.square().sum() for result in computed), torch.zeros(())).backward()  # pyright: ignore[reportUnknownMemberType]
    gives_numbers = any(map(holds_numbers, use.found.outputs.values()))
    for port, tensor in zip(use.trial.inputs, tensors, strict=True):
        if not tensor.is_floating_point() or not gives_numbers:
            continue
        if tensor.grad is None:
            yield Flaw("gradient", f"No gradient flows back to {port}.", port)
        elif not torch.isfinite(tensor.grad).all():
            yield Flaw("gradient", f"The gradient at {port} is not finite.", port)
    with stage("code", f"What its code makes fails on {sizes}"):
        repeated = _as_tuple(again(*tensors))
    for port, result, other in zip(use.ports, results, repeated, strict=True):
        if result.shape != other.shape or not torch.allclose(result, other):
            raise Found(Flaw("code", f"What its code makes gives other numbers at {port}."))


def _result_flaws(
    use: _Use, results: Sequence[Tensor], num_samples: int, time: int, sizes: str
) -> Iterator[Flaw]:
    if len(results) != len(use.ports):
        words = f"{len(use.ports)} outputs are declared, but its module returns {len(results)}."
        raise Found(Flaw("forward", words))
    for port, result in zip(use.ports, results, strict=True):
        declared = use.found.outputs[port]
        expected = concrete(declared, B=num_samples, T=time, S=time + 2)
        if tuple(result.shape) != expected:
            raise Found(
                Flaw(
                    "shapes",
                    f"For {sizes} it declares {expected} at {port}, but gives "
                    f"{tuple(result.shape)}.",
                )
            )
        if holds_numbers(declared) != result.is_floating_point():
            kind = "numbers" if holds_numbers(declared) else "no numbers"
            given = str(result.dtype).removeprefix("torch.")
            yield Flaw("shapes", f"It declares {kind} at {port}, but gives {given}.")


def _as_tuple(given: object) -> tuple[Tensor, ...]:
    results = cast("tuple[object, ...]", given) if isinstance(given, tuple) else (given,)
    tensors = tuple(each for each in results if isinstance(each, Tensor))
    if len(tensors) < len(results):
        raise TypeError("a module returns a tensor, or a tuple of them")
    return tensors


def _from_source(use: _Use, module: nn.Module) -> Run:
    """Make the layer again from its generated code, with the same weights."""
    layer, params, inputs = use.layer, use.params, use.trial.inputs
    names = [f"x{index}" for index in range(len(inputs))]
    scope: dict[str, object] = {"nn": nn, "torch": torch}
    expression = layer.call_source(params, inputs, names)
    if expression is not None:
        return cast("Run", eval(f"lambda {', '.join(names)}: {expression}", scope))  # noqa: S307 - as generated code would run
    target = layer.constructor(params, inputs).target
    place = target.rpartition(".")[0]
    if place and place != "nn":
        import_module(place)
        top = place.partition(".")[0]
        scope[top] = sys.modules[top]
    for own in carried([target]):
        exec(own.text, scope)  # noqa: S102 - the text of netloom.layers.modules
    made = cast("nn.Module", eval(layer.source(params, inputs), scope))  # noqa: S307 - as above
    made.load_state_dict(module.state_dict())
    return made.eval()


def _reading_flaws(use: _Use) -> Iterator[Flaw]:
    """Draw a network, serialise it, write its code, and read that again."""
    raw: Mapping[str, object] = use.trial.params
    document = network_around(use.layer, use.params, dict(use.trial.params), use.trial.inputs)
    text = document.model_dump_json(by_alias=True)
    if Document.model_validate_json(text) != document:
        yield Flaw("parameters", f"The parameters {dict(raw)} are not the same after saving.")
    source = generate_source(document)
    again = read_source(source, document)
    opened = read_source(source, Document())
    for reading in (again, opened):
        if reading.problems:
            words = f"Its code is not read: {reading.problems[0].message}"
            raise Found(Flaw("reading back", words))
    if again.operations:
        changed = again.operations[0].model_dump_json()[:300]
        yield Flaw("reading back", f"Its code is read as another network: {changed}.")
    elif generate_source(opened.document) != source:
        yield Flaw("reading back", "Its code, read and written again, is other code.")
