"""Schemas of the library's contracts, for the committed files in `schema/`."""

from __future__ import annotations

from pydantic import TypeAdapter

from netloom.analyze import Analysis
from netloom.graph.document import Document
from netloom.graph.operations import Operation
from netloom.layers import describe_layers


def document_schema() -> dict[str, object]:
    """JSON Schema of the document; `$defs` also has `Operation` and `Analysis`."""
    schema = Document.model_json_schema()
    definitions: dict[str, object] = schema.setdefault("$defs", {})
    operations: TypeAdapter[object] = TypeAdapter(Operation)
    for name, extra in (
        ("Operation", operations.json_schema()),
        ("Analysis", Analysis.model_json_schema(mode="serialization")),
    ):
        definitions.update(extra.pop("$defs", {}))
        definitions[name] = extra
    return schema


def layers_schema() -> list[dict[str, object]]:
    """Every installed layer type, as the palette and the property form see it."""
    return [description.model_dump(mode="json") for description in describe_layers()]
