"""From a `.pt2` file to a network: the graph is run at two numbers of samples, and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from netloom.formats.folding import fold_by_module
from netloom.formats.imported import FormatError, ImportedNetwork
from netloom.formats.pt2.archive import AGAIN, Archive, read_archive
from netloom.formats.pt2.batch import next_choices
from netloom.formats.pt2.graph import Given, Graph, Name, read_graph
from netloom.formats.pt2.program import Program
from netloom.formats.pt2.tape import MAX_NUMBERS, CannotCompute
from netloom.formats.read_progress import Progress, tell_nobody
from netloom.formats.scaling import with_scaling_note
from netloom.formats.traced.importing import Import
from netloom.formats.traced.inputs import InputFacts
from netloom.formats.traced.merging import BATCHES, merged
from netloom.formats.traced.parity import checked

MAX_TRIES = 64
_CLOSE = 1e-3


def read_pt2(path: Path, progress: Progress = tell_nobody) -> ImportedNetwork:
    """Open an exported program, and compare the network with what its operators compute.

    Operators of ATen are run one by one; nothing else of the file is, and no pickle is opened.

    Raises:
        FormatError: It is damaged, holds pickles or objects, or treats samples differently.
    """
    progress(0.1, "Reading the program")
    return open_archive(read_archive(path), path.stem, progress)


def open_archive(archive: Archive, name: str, progress: Progress = tell_nobody) -> ImportedNetwork:
    """Open a program that is read already; raises FormatError."""
    graph = read_graph(archive, name)
    missing = [each for each in graph.stored.values() if each not in archive.tensors]
    if missing:
        raise FormatError(f"{missing[0][:100]} is not in the file. {AGAIN}")
    for given in graph.inputs:
        _check_input(given, graph)
    program = Program(graph, archive.tensors).eval()
    example = [_example(each, graph) for each in graph.inputs]
    progress(0.3, "Running its operators")
    try:
        if not graph.has_open_batch:
            _settle_batch(program, example)
        runs = [program.record(_repeated(example, batch)) for batch in BATCHES]
    except CannotCompute as error:
        raise FormatError(f"{error} {AGAIN}") from error
    process = Import(
        program,
        merged(runs[0], runs[1]),
        example,
        facts=_facts(graph, program),
        title="PyTorch exported program (.pt2)",
        producer=f"torch {archive.model.get('torch_version', '')}"[:200].strip(),
    )
    imported = process.run(name)
    progress(0.6, "Comparing with its operators")
    imported = checked(program, imported, example, process.output_names)
    return fold_by_module(with_scaling_note(imported), graph.class_names)


def _check_input(given: Given, graph: Graph) -> None:
    count = 1
    for size in given.sizes[1:]:
        count *= size
    if not given.sizes or min(given.sizes) < 1 or count > MAX_NUMBERS // 8:
        raise FormatError(f"The input {given.name[:100]} declares sizes {list(given.sizes)[:8]}.")
    if given.sizes[0] != graph.inputs[0].sizes[0]:
        raise FormatError("The inputs have different numbers of samples as their first size.")


def _example(given: Given, graph: Graph) -> Tensor:
    """Return an input with the sizes of the export; of tokens, with the last one of the table."""
    if given.dtype.is_floating_point:
        generator = torch.Generator().manual_seed(0)
        return torch.rand(given.sizes, generator=generator).to(given.dtype)
    found = torch.zeros(given.sizes, dtype=given.dtype)
    rows = _rows(given, graph)
    if rows:
        found.view(-1)[-1] = rows - 1
    return found


def _rows(given: Given, graph: Graph) -> int:
    for node in graph.nodes:
        indices, weight = node.args.get("indices"), node.args.get("weight")
        is_looked_up = node.target == "aten.embedding.default" and indices == Name(given.name)
        if is_looked_up and isinstance(weight, Name):
            return graph.sizes.get(weight.name, (0,))[0]
    return 0


def _facts(graph: Graph, program: Program) -> InputFacts:
    del program
    rows = [_rows(each, graph) for each in graph.inputs]
    takers = [
        node.target
        for node in graph.nodes
        if any(node.args.get(key) == Name(graph.inputs[0].name) for key in ("input", "self"))
    ]
    is_signal = any(target.startswith(("aten.conv1d", "aten.convolution")) for target in takers)
    return InputFacts([each for each in rows if each], is_signal)


def _repeated(example: Sequence[Tensor], batch: int) -> list[Tensor]:
    return [tensor[:1].repeat(batch, *[1] * (tensor.ndim - 1)) for tensor in example]


def _settle_batch(program: Program, example: Sequence[Tensor]) -> None:
    """Find where the number of samples is in the sizes that the program writes out.

    Raises:
        FormatError: It does not compute samples alike wherever they are taken to be.
    """
    problem = ""
    batch = program.file_batch
    generator = torch.Generator().manual_seed(1)
    samples = [
        torch.rand((2 * batch, *each.shape[1:]), generator=generator).to(each.dtype)
        if each.is_floating_point()
        else torch.randint(0, 2, (2 * batch, *each.shape[1:]), generator=generator).to(each.dtype)
        for each in example
    ]
    halves = [program(*(each[:batch] for each in samples)),
              program(*(each[batch:] for each in samples))]  # fmt: skip
    expected = [torch.cat(pair) if pair[0].ndim else pair[0] for pair in zip(*halves, strict=True)]
    program.choices = []
    for _ in range(MAX_TRIES):
        try:
            found = program(*samples)
            if all(_is_close(one, other) for one, other in zip(found, expected, strict=True)):
                return
            problem = "its samples influence each other, or their number is written into sizes"
        except FormatError as error:
            problem = str(error)
        following = next_choices(program.choices, program.counts)
        if following is None:
            break
        program.choices = following
    raise FormatError(
        f"The program was exported for {batch} samples alone and cannot be opened for any number "
        f"of them: {problem[:300]}. Export it with an open batch: torch.export.export(model, "
        "(example,), dynamic_shapes=({0: torch.export.Dim('batch')},)), with an example of two "
        "samples."
    )


def _is_close(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape:
        return False
    scale = max(float(other.double().abs().max()) if other.numel() else 0.0, 1e-6)
    difference = (one.double() - other.double()).abs().max() if one.numel() else torch.zeros(())
    return bool(difference <= _CLOSE * scale)
