"""The throwaway process that opens a file: `python -m netloom.formats.reading FILE FOLDER`.

It writes a bundle as a folder (network.json, weights.safetensors, meta.json) and report.json, and
says how far it is as JSON lines. Memory, time and what it writes are limited by the system; it
leaves the network where the system lets it. Whoever started it reads the folder as hostile: a file
that takes this process over has gained a folder, and nothing else.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from netloom.formats.apart import apart
from netloom.formats.bundle import META, NETWORK, WEIGHTS, make_meta
from netloom.formats.confining import MEMORY_BYTES, WRITTEN_BYTES, leave_network, limit, live_apart
from netloom.formats.imported import FormatError, ImportedNetwork
from netloom.formats.recognise import PYTHON, SAFETENSORS, recognise
from netloom.formats.telling import refuse, tell, tell_through
from netloom.formats.weight_report import with_weight_report
from netloom.graph.names import repaired_name

if TYPE_CHECKING:
    from netloom.formats.weight_file import WeightFacts

REPORT = "report.json"
FACTS = "tensors.json"
"""Written instead of a network for a file that holds weights alone."""
_NO_MEMORY = "can't allocate memory"
"""What torch says; on the CPU it has no error of its own for it."""
_NOT_ALONE = (
    "Files of Python are run only without network and apart from other processes, and this system "
    "does not let a process be alone so. Its operator has to allow user namespaces, or to turn "
    "NETLOOM_IMPORT_PYTHON off."
)


def main(arguments: list[str]) -> int:
    """Read the file and write the folder; the exit status is 1 when it cannot be done."""
    parser = argparse.ArgumentParser(prog="netloom.formats.reading")
    parser.add_argument("file", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--name", default="", help="what the file is called for people")
    parser.add_argument("--beside", type=Path, action="append", default=[], metavar="FILE",
                        help="another file of the same network")  # fmt: skip
    parser.add_argument(
        "--run-python", action="store_true", help="run files of Python that cannot be read"
    )
    add_limits(parser)
    options = parser.parse_args(arguments)
    file: Path = options.file

    def read() -> None:
        from netloom.formats.weight_file import holds_weights_alone

        if not options.beside and holds_weights_alone(file):
            _write_weights(file, options.folder)
        else:
            write_network(_named(_read(file, options), file, options.name), options.folder)

    return guarded(
        read, options, file_name=file.name, shown=options.name or file.name,
        runs_code=options.run_python,
    )  # fmt: skip


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Let the caller say what the process may take."""
    parser.add_argument("--memory-bytes", type=int, default=MEMORY_BYTES)
    parser.add_argument("--written-bytes", type=int, default=WRITTEN_BYTES)
    parser.add_argument("--seconds", type=int, default=1800)
    parser.add_argument("--tell", type=int, metavar="DESCRIPTOR",
                        help="pipe for what is told; the standard output without")  # fmt: skip


def guarded(
    read: Callable[[], None],
    options: argparse.Namespace,
    *,
    file_name: str,
    shown: str,
    runs_code: bool = False,
) -> int:
    """Do the work within limits and tell how it ended; returns the exit status.

    Args:
        file_name: What the file is called here, which people have never seen.
        shown: What they call it.
        runs_code: The file may be run, so that whatever it starts has to end with this process.
    """
    tell_through(options.tell)
    limit(options.memory_bytes, options.written_bytes, options.seconds)
    if runs_code:
        options.is_alone = live_apart()
    else:
        leave_network()
    try:
        read()
    except FormatError as error:
        text = str(error).replace(file_name, shown) if file_name else str(error)
        return refuse("import_failed", text)
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError | RecursionError) and _NO_MEMORY not in str(error):
            raise
        what = "nested calls" if isinstance(error, RecursionError) else "memory"
        return refuse("out_of_memory", f"Reading {shown} needs more {what} than allowed.")
    return 0


def _read(file: Path, options: argparse.Namespace) -> ImportedNetwork:
    if options.run_python and recognise(file) == PYTHON:
        if not options.is_alone:
            raise FormatError(_NOT_ALONE)
        from netloom.formats.python.run import run_python_file

        return run_python_file(file, tell)
    from netloom.formats.read import read_network

    return read_network(file, side_files=options.beside, progress=tell, compares_at_length=True)


def _named(imported: ImportedNetwork, file: Path, shown: str) -> ImportedNetwork:
    """Call a network whose file has no name for it as people call the file, not as it lies here."""
    graph = imported.document.graph
    if not shown or graph.name != repaired_name(file.stem, ()):
        return imported
    named = graph.model_copy(update={"name": repaired_name(Path(shown).stem, ())})
    return replace(imported, document=imported.document.model_copy(update={"graph": named}))


def write_network(imported: ImportedNetwork, folder: Path) -> None:
    """Write what was read as a bundle in a folder, with the report beside it."""
    from safetensors.torch import save_file  # pyright: ignore[reportUnknownVariableType]

    imported = with_weight_report(imported)
    tell(0.9, "Writing the network")
    folder.mkdir(parents=True, exist_ok=True)
    meta = imported.meta
    if not meta.created:
        made = make_meta(imported.document, classes=meta.classes, licence=meta.licence)
        meta = made.model_copy(update={"description": meta.description, "metrics": meta.metrics})
    (folder / NETWORK).write_text(imported.document.model_dump_json(by_alias=True))
    (folder / META).write_text(meta.model_dump_json(by_alias=True))
    (folder / REPORT).write_text(imported.report.model_dump_json())
    save_file(apart(imported.weights), folder / WEIGHTS)
    tell(1.0, "Read")


def _write_weights(file: Path, folder: Path) -> None:
    """Write tensors under the names of the file, and what they are."""
    from netloom.formats.weight_file import copy_safetensors

    folder.mkdir(parents=True, exist_ok=True)
    if recognise(file) == SAFETENSORS:
        tell(0.1, "Copying the weights")
        facts = copy_safetensors(file, folder / WEIGHTS)
    else:
        facts = _converted(file, folder / WEIGHTS)
    (folder / FACTS).write_text(facts.model_dump_json())
    tell(1.0, "Read")


def _converted(file: Path, to: Path) -> WeightFacts:
    """Write weights of another kind as safetensors."""
    from safetensors.torch import save_file  # pyright: ignore[reportUnknownVariableType]

    from netloom.formats.weight_file import WeightFacts, read_weight_file

    found = read_weight_file(file, progress=tell)
    tell(0.9, "Writing the weights")
    save_file(apart(found.tensors), to)
    return WeightFacts(format=found.format, tensors=list(found.facts))


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)  # nothing of the file's making gets another turn
