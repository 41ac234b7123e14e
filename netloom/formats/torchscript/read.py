"""From a TorchScript file to a network: its code is interpreted at two numbers of samples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from netloom.formats.folding import fold_by_module
from netloom.formats.imported import FormatError, ImportedNetwork
from netloom.formats.pt2.tape import CannotCompute
from netloom.formats.read_progress import Progress, tell_nobody
from netloom.formats.scaling import with_scaling_note
from netloom.formats.torchscript.archive import read_archive
from netloom.formats.torchscript.inputs import guess_inputs
from netloom.formats.torchscript.objects import AGAIN
from netloom.formats.torchscript.program import Program
from netloom.formats.traced.importing import Import
from netloom.formats.traced.inputs import InputFacts
from netloom.formats.traced.merging import BATCHES, merged
from netloom.formats.traced.parity import checked, named_results

_READ_SO = (
    "Its code was read and interpreted line by line here; torch.jit.load, which would run it, was "
    "not called. The network was compared with the operators that the code calls."
)


def read_torchscript(path: Path, progress: Progress = tell_nobody) -> ImportedNetwork:
    """Open a traced or scripted module, and compare the network with what its operators compute.

    Decisions and loops are followed as far as they depend on sizes and settings. What the network
    takes is guessed, since no file says it; the report tells what was assumed.

    Raises:
        FormatError: It is damaged, holds other things than TorchScript writes, decides by the
            numbers of its input, calls what is not known here, or takes what cannot be guessed.
    """
    progress(0.1, "Reading the code")
    program = Program(read_archive(path)).eval()
    progress(0.3, "Finding out what it takes")
    guess = guess_inputs(program)
    notes = list(program.notes)
    progress(0.4, "Following the code")
    few, many = BATCHES
    try:
        more = [each[:1].repeat(many, *[1] * (each.ndim - 1)) for each in guess.examples]
        second = program.record(more)
    except CannotCompute as error:
        raise FormatError(
            f"It takes {few} samples but not {many}: {str(error)[:300]} {AGAIN}"
        ) from error
    steps = merged(guess.recording, second)
    process = Import(
        program,
        steps,
        guess.examples,
        facts=InputFacts(guess.tables, guess.is_signal),
        title="TorchScript",
        producer="torch.jit.save",
    )
    imported = process.run(path.stem)
    if len(process.output_names) < len(named_results(steps.result)):
        raise FormatError(f"It gives tensors that nothing computes, which cannot be drawn. {AGAIN}")
    progress(0.6, "Comparing with its operators")
    imported = checked(program, imported, guess.examples, process.output_names)
    assumed = (
        f"The file does not say what the network takes: inputs of {guess.words} a sample were "
        "tried, and fit. Change the sizes at the input if others are meant."
    )
    report = imported.report
    told = [assumed, _READ_SO, *notes, *report.notes]
    imported = replace(imported, report=report.model_copy(update={"notes": told}))
    return fold_by_module(with_scaling_note(imported), program.class_names)
