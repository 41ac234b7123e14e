"""A file of Python as a network, without running it."""

from __future__ import annotations

from pathlib import Path

from netloom.formats.bundle import make_meta
from netloom.formats.imported import FormatError, ImportedNetwork, ImportedPiece, ImportReport
from netloom.formats.read_progress import Progress
from netloom.graph.document import Document
from netloom.readback import read_source

MAX_SOURCE_BYTES = 4 * 2**20
_MOST_REASONS = 3
_ADVICE = (
    "It was not run: that would give its author this machine. In the environment that it belongs "
    "to, bring it here with `netloom push FILE --run-code`, or write `torch.onnx.export(model, "
    "...)` and import that file. The owner of an installation may let it run what is imported "
    "(NETLOOM_IMPORT_PYTHON)."
)


def read_python_file(path: Path, progress: Progress) -> ImportedNetwork:
    """Read the layers of a file of Python by its syntax alone.

    Raises:
        FormatError: It is not of the shape that is read so; the text names the first lines.
    """
    del progress
    source = read_text(path)
    reading = read_source(source, Document())
    if not reading.is_complete:
        reasons = [f"line {each.line}: {each.message}" for each in reading.problems]
        named = " ".join(reasons[:_MOST_REASONS]) or "it holds no nn.Module."
        raise FormatError(f"{path.name} cannot be read by its syntax: {named} {_ADVICE}")
    document = reading.document
    pieces = [
        ImportedPiece(source=f"{node.type} {node.name}", outcome="layer", nodes=[node_id])
        for node_id, node in document.graph.nodes.items()
    ]
    report = ImportReport(
        format="PyTorch source",
        pieces=pieces,
        notes=["It was read by its syntax and not run. Source holds no weights: they start new."],
    )
    return ImportedNetwork(document, report, meta=make_meta(document))


def read_text(path: Path) -> str:
    """Return the source; raises FormatError."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SOURCE_BYTES + 1)
        text = content.decode("utf-8")
    except OSError as error:
        raise FormatError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise FormatError(f"{path.name} is no text in UTF-8. Save it as that.") from error
    if len(content) > MAX_SOURCE_BYTES:
        raise FormatError(f"{path.name} is larger than {MAX_SOURCE_BYTES / 2**20:.0f} MB.")
    return text
