"""`convert`: a file of one kind to another, with proof."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from netloom.commands.output import complain, say, say_json
from netloom.commands.problem import CommandError
from netloom.formats.exported import ExportError, ExportReport
from netloom.formats.imported import FormatError, ImportedNetwork, ImportReport, ParityCheck
from netloom.formats.read import read_network
from netloom.formats.recognise import PYTHON, recognise
from netloom.formats.verify import verify_file
from netloom.formats.weight_report import with_weight_report
from netloom.formats.write import get_writer, write_network, writer_for

_MOST_SHOWN = 10


def convert(options: Namespace) -> int:
    """Read a file, write another, and tell what became of each layer.

    With `--check` the exit status is 1 where the numbers of the two differ, or nothing could
    compare them.
    """
    source: Path = options.source
    target: Path = options.target
    try:
        writer = get_writer(options.format) if options.format else writer_for(target)
        imported = with_weight_report(_read(source, options.beside, options))
        exported = write_network(imported, target, writer.name, _chosen(options))
    except (FormatError, ExportError) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{target} cannot be written: {error.strerror or error}.") from error
    if options.check and exported.parity is None:
        exported = exported.model_copy(update={"parity": _verified(target)})
    if options.json:
        answer = {
            "written": str(target),
            "report": imported.report.model_dump(mode="json"),
            "export": exported.model_dump(mode="json"),
        }
        say_json(answer)
    else:
        _tell_import(imported.report)
        _tell_export(exported, target)
    return 1 if options.check and not _are_equal(imported.report, exported) else 0


def _read(source: Path, beside: Sequence[Path], options: Namespace) -> ImportedNetwork:
    if not options.run_code or recognise(source) != PYTHON:
        return read_network(source, side_files=beside, compares_at_length=options.check)
    from netloom.formats.python.run import run_python_file

    return run_python_file(source)


def _verified(target: Path) -> ParityCheck:
    try:
        return verify_file(target)
    except FormatError as error:
        raise CommandError(f"{target} was written but could not be checked: {error}") from error


def _are_equal(read: ImportReport, written: ExportReport) -> bool:
    """Say whether both comparisons went well, and tell which one did not."""
    sides = {"What was read": read.parity, "What was written": written.parity}
    for side, parity in sides.items():
        if parity is not None and not parity.is_equal:
            complain(f"{side} is not what it should be: {parity_text(parity)}")
            return False
    return True


def _chosen(options: Namespace) -> dict[str, object]:
    """Return the options of the format: `--set NAME=VALUE`, and those with a flag of their own."""
    chosen: dict[str, object] = {}
    for text in options.set:
        name, equals, value = text.partition("=")
        if not equals:
            raise CommandError(f"--set takes NAME=VALUE, not {text!r}.")
        try:
            chosen[name] = json.loads(value)
        except ValueError:
            chosen[name] = value
    if options.opset is not None:
        chosen["opset"] = options.opset
    return chosen


def _tell_import(report: ImportReport) -> None:
    say(f"{report.origin}: {report.summary}")
    for piece in [piece for piece in report.pieces if piece.message][:_MOST_SHOWN]:
        say(f"  {piece.source}: {piece.message}")
    for note in report.notes:
        say(note)
    if report.parity is not None:
        say(f"Read as the file computes: {parity_text(report.parity)}")
    for num, what in (
        (report.num_unused_weights, "of the file are not used"),
        (report.num_missing_weights, "are missing and start at random"),
    ):
        if num:
            complain(f"{num:,} weights {what}.")


def _tell_export(report: ExportReport, target: Path) -> None:
    size = sum(file.size_bytes for file in report.files) / 1e6
    files = "1 file" if len(report.files) == 1 else f"{len(report.files)} files"
    say(f"{report.title}: written to {target} ({size:,.1f} MB, {files})")
    for note in report.notes:
        say(note)
    if report.parity is not None:
        say(f"Computes what the network computes: {parity_text(report.parity)}")


def parity_text(parity: ParityCheck) -> str:
    """Return a comparison in one line."""
    return (
        f"largest difference {parity.max_abs_diff:.2g} of {parity.max_abs_value:.3g}, "
        f"against {parity.oracle}, input {parity.inputs}"
    )
