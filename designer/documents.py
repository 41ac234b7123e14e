"""From what a client or the database holds to a document, its analysis and its code."""

from __future__ import annotations

from typing import Any

from common.errors import Code, Problem
from datasets.models import Dataset
from datasets.services import binding_of
from designer.schemas import Code as SourceCode
from designer.schemas import Notebook, SourceReading
from netloom.analyze import Analysis, Binding, analyze
from netloom.analyze.counts import count_layers
from netloom.graph.document import Document, Graph
from netloom.graph.limits import MAX_NODES
from netloom.graph.migrations import DocumentError, load_document

MAX_PARAMETERS_STORED = 2**63 - 1
MAX_LAYERS_STORED = 2**31 - 1


def read_document(raw: dict[str, Any]) -> Document:
    """Take a document from a client: migrate, check, apply the limits; else a problem."""
    try:
        return load_document(raw)
    except DocumentError as error:
        raise Problem(
            Code.DOCUMENT_INVALID,
            str(error),
            "Correct the document, or start from a template.",
        ) from error


def read_small_document(raw: dict[str, Any]) -> Document:
    """Take a document like `read_document`; one beyond the node limit is refused by its count."""
    num_nodes = _num_drawn(raw)
    if num_nodes > MAX_NODES:
        raise Problem(
            Code.TOO_LARGE,
            f"The network has {num_nodes:,} nodes; {MAX_NODES:,} are allowed.",
            "Remove layers, or draw what repeats as a block.",
        )
    return read_document(raw)


def _num_drawn(raw: dict[str, Any]) -> int:
    """Nodes of a document that nothing has checked yet, those inside its blocks counted once."""
    graph = _entries(raw.get("graph"))
    scopes = [graph, *map(_entries, _entries(graph.get("blocks")).values())]
    return sum(len(_entries(scope.get("nodes"))) for scope in scopes)


def _entries(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def stored_document(stored: dict[str, Any]) -> Document:
    """Read a document from the database; one of an older schema is migrated."""
    return load_document(stored)


def as_stored(document: Document) -> dict[str, Any]:
    """The document as plain JSON."""
    return document.model_dump(mode="json", by_alias=True)


def analyze_document(document: Document, dataset: Dataset | None) -> Analysis:
    """Shapes, costs and problems, with the classes and channels of the bound data."""
    return analyze(document, _binding(dataset))


def source_code(document: Document) -> SourceCode:
    """The document as PyTorch source, in a file named after the network."""
    from netloom.compile.errors import CompileError
    from netloom.compile.source import generate_source

    try:
        source = generate_source(document)
    except CompileError as error:
        raise Problem(
            Code.DOCUMENT_INVALID, str(error), "Mend what the problems list names."
        ) from None
    return SourceCode(source=source, file_name=f"{file_stem(document.graph.name)}.py")


def read_code(document: Document, source: str) -> SourceReading:
    """What edited source says about the document, as data."""
    from netloom.readback import read_source

    reading = read_source(source, document)
    return SourceReading(
        operations=list(reading.operations),
        problems=list(reading.problems),
        places=list(reading.places),
        is_complete=reading.is_complete,
    )


def notebook(document: Document) -> Notebook:
    """A Jupyter notebook that rebuilds, trains and evaluates the network."""
    from netloom.formats.notebook import NotebookError, make_notebook

    try:
        content = make_notebook(document)
    except NotebookError as error:
        raise Problem(Code.DOCUMENT_INVALID, str(error), error.next_step) from None
    return Notebook(content=content, file_name=f"{file_stem(document.graph.name)}.ipynb")


def file_stem(name: str) -> str:
    """A module name out of a network's name: `Small CNN` becomes `small_cnn`."""
    words = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in name)
    return "_".join(words.lower().split()) or "network"


def with_class_name(document: Document, name: str) -> Document:
    """Name the network's class after the network: `digits cnn` becomes `DigitsCnn`."""
    words = file_stem(name).split("_")
    class_name = "".join(word[:1].upper() + word[1:] for word in words)[:64]
    if not class_name.isidentifier():
        return document
    graph = Graph.model_validate({**dict(document.graph), "name": class_name})
    return document.model_copy(update={"graph": graph})


def summary_fields(document: Document, analysis: Analysis) -> dict[str, Any]:
    """What lists show of a network, stored with every save."""
    severities = [diagnostic.severity for diagnostic in analysis.diagnostics]
    parameters = analysis.totals.parameters
    has_count = analysis.is_trainable and 0 <= parameters <= MAX_PARAMETERS_STORED
    return {
        "num_layers": min(count_layers(document.graph), MAX_LAYERS_STORED),
        "parameters": parameters if has_count else None,
        "num_errors": severities.count("error"),
        "num_warnings": severities.count("warning"),
    }


def _binding(dataset: Dataset | None) -> Binding | None:
    return None if dataset is None else binding_of(dataset)
