"""The formats that `convert` writes, as text: their endings and what can be set of each."""

from __future__ import annotations

from collections.abc import Iterator

from netloom.formats.write import Writer, writers


def format_list() -> str:
    """Return a paragraph for each format."""
    return "\n\n".join("\n".join(_lines(writer)) for writer in writers())


def _lines(writer: Writer) -> Iterator[str]:
    endings = ", ".join(ending or "a folder" for ending in writer.endings)
    yield f"{writer.name} ({endings}): {writer.title}"
    yield f"    {writer.summary}"
    if lacking := writer.lacking():
        yield f"    Not here: {lacking}"
    for name, field in writer.options.model_fields.items():
        usual = "none" if field.default is None else str(field.default).lower()
        yield f"    --set {name}=...  {field.description} (default: {usual})"
