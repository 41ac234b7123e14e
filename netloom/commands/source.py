"""`read` and `notebook`: networks from PyTorch source, and as a notebook. No torch."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from netloom.commands.networks import read_network
from netloom.commands.output import complain, say, say_json
from netloom.commands.problem import CommandError
from netloom.formats.notebook import NotebookError, make_notebook
from netloom.graph.document import Document
from netloom.readback import read_source

_MAX_BYTES = 4 * 2**20


def read_file(options: Namespace) -> int:
    """Write the network that a Python file describes; the exit status is 1 when lines are lost."""
    path: Path = options.source
    try:
        with path.open("rb") as file:
            source = file.read(_MAX_BYTES).decode("utf-8")
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is no text in UTF-8.") from error
    reading = read_source(source, Document())
    for problem in reading.problems:
        place = f"{path}:{problem.line}:{problem.column}"
        complain(f"{place}: {problem.severity}: {problem.message}")
    if not reading.is_complete:
        raise CommandError("The file was not read, so nothing was written. Mend the lines above.")
    _write(options.out, reading.document.model_dump_json(indent=2))
    nodes = len(reading.document.graph.nodes)
    if options.json:
        problems = [problem.model_dump(mode="json") for problem in reading.problems]
        say_json({"network": str(options.out), "num_nodes": nodes, "problems": problems})
    else:
        say(f"{reading.document.graph.name}: {nodes} nodes, written to {options.out}")
    return 0


def write_notebook(options: Namespace) -> int:
    """Write a notebook that rebuilds, trains and evaluates a network."""
    document, _ = read_network(options.network)
    try:
        content = make_notebook(document)
    except NotebookError as error:
        raise CommandError(f"{error} {error.next_step}") from error
    _write(options.out, content)
    if options.json:
        say_json({"notebook": str(options.out)})
    else:
        say(f"{document.graph.name}: written to {options.out}")
    return 0


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(f"{text.rstrip()}\n", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror or error}.") from error
