"""Read a network document of any schema: capped, migrated, validated.

Each schema step is one pure function in a module of its own, `step_1_to_2.migrate`, that loses
nothing. `STEPS` names them by the schema they start from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from pydantic import ValidationError
from pydantic_core import from_json

from netloom.graph.document import FORMAT, SCHEMA, Document
from netloom.graph.limits import MAX_DOCUMENT_BYTES, MAX_JSON_DEPTH

Json = dict[str, object]

STEPS: Mapping[int, Callable[[Json], Json]] = {}


class DocumentError(ValueError):
    """This is not a network document that can be read; the text says why."""


def load_document(data: bytes | str | Mapping[str, object]) -> Document:
    """Read a document from JSON text or parsed JSON.

    Positions of nodes that do not exist are dropped; nothing else is.

    Raises:
        DocumentError: Not JSON, not a network, too large, too deep, or of a newer schema.
    """
    parsed = _parse(data) if isinstance(data, bytes | str) else dict(data)
    if _is_too_deep(parsed):
        raise DocumentError(f"The file is nested more than {MAX_JSON_DEPTH} levels deep.")
    if parsed.get("format") != FORMAT:
        raise DocumentError(f"This is not a Netloom network: “format” should be “{FORMAT}”.")
    try:
        document = Document.model_validate(_migrate(parsed))
    except ValidationError as error:
        raise DocumentError(_describe(error)) from error
    return _without_orphan_positions(document)


def _parse(data: bytes | str) -> Json:
    if len(data) > MAX_DOCUMENT_BYTES:
        raise DocumentError(
            f"The file has {len(data) / 2**20:.1f} MB; a network has at most "
            f"{MAX_DOCUMENT_BYTES // 2**20} MB."
        )
    try:
        parsed: object = from_json(data, allow_inf_nan=False)
    except ValueError as error:
        raise DocumentError(f"The file is not readable JSON: {error}.") from error
    if not isinstance(parsed, dict):
        raise DocumentError("This is not a Netloom network: the file holds no JSON object.")
    return cast("Json", parsed)


def _is_too_deep(parsed: Json) -> bool:
    level: list[object] = [parsed]
    for _ in range(MAX_JSON_DEPTH):
        # Most values are no containers: only those are looked into.
        level = [
            inner
            for value in level
            for inner in (
                value.values() if isinstance(value, dict) else cast("list[object]", value)
            )
            if isinstance(inner, dict | list | tuple) and inner
        ]
        if not level:
            return False
    return True


def _migrate(parsed: Json) -> Json:
    schema = parsed.get("schema")
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise DocumentError("The network does not say its “schema”, a number from 1.")
    if schema > SCHEMA:
        raise DocumentError(
            f"The network was saved by a newer Netloom (schema {schema}; this one reads up to "
            f"{SCHEMA}). Update Netloom to open it."
        )
    for step in range(schema, SCHEMA):
        parsed = STEPS[step](parsed)
    return parsed


def _describe(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])[:200]
    more = error.error_count() - 1
    rest = f" ({more} more of this kind)" if more else ""
    return f"The network is not valid at {place or 'its top'}: {first['msg']}{rest}."


def _without_orphan_positions(document: Document) -> Document:
    known = set(document.graph.nodes)
    for block in document.graph.blocks.values():
        known.update(block.nodes)
    positions = document.view.positions
    kept = {node_id: place for node_id, place in positions.items() if node_id in known}
    if len(kept) == len(positions):
        return document
    view = document.view.model_copy(update={"positions": kept})
    return document.model_copy(update={"view": view})
