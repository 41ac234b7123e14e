"""Reading documents: what is saved comes back, what is not a network is refused in a sentence."""

from __future__ import annotations

import json
import time

import pytest

from netloom.graph.document import Document
from netloom.graph.limits import MAX_DOCUMENT_BYTES
from netloom.graph.migrations import DocumentError, load_document
from netloom.templates import make_template, templates


@pytest.mark.parametrize("template", [info.id for info in templates()])
def test_saved_documents_come_back(template: str) -> None:
    document = make_template(template, channels=3, height=32, width=32, num_classes=10)
    text = document.model_dump_json(by_alias=True)
    assert load_document(text) == document
    assert load_document(text.encode()) == document
    assert load_document(json.loads(text)) == document
    assert load_document(text).model_dump_json(by_alias=True) == text


def test_positions_of_missing_nodes_are_dropped() -> None:
    raw = {
        "format": "netloom.network",
        "schema": 1,
        "view": {"positions": {"gone": {"x": 1, "y": 2}}},
    }
    assert load_document(raw) == Document()


VALID = {"format": "netloom.network", "schema": 1}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not readable JSON"),
        (b"\x80\x04\x95", "not readable JSON"),
        (b'{"format": NaN}', "not readable JSON"),
        (b"[1, 2]", "no JSON object"),
        (b"{}", "not a Netloom network"),
        ({"format": "onnx", "schema": 1}, "not a Netloom network"),
        ({"format": "netloom.network"}, "schema"),
        ({"format": "netloom.network", "schema": True}, "schema"),
        ({"format": "netloom.network", "schema": 0}, "schema"),
        ({"format": "netloom.network", "schema": 99}, "newer Netloom"),
        ({**VALID, "graph": {"nodes": {"bad id!": {}}}}, "graph.nodes"),
        ({**VALID, "graph": {"nodes": {"a": {"type": "ReLU", "name": "x", "new": 1}}}}, "new"),
        ({**VALID, "graph": {"nodes": {"a": {"type": "ReLU"}}}}, "name"),
        ({**VALID, "extra": {}}, "extra"),
    ],
)
def test_what_is_not_a_network_is_refused(data: object, words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        load_document(data)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [40, 1000, 200_000])
@pytest.mark.timed
def test_deep_json_is_refused_at_once(size: int) -> None:
    text = (
        '{"format":"netloom.network","schema":1,"graph":' + '{"a":' * size + "1" + "}" * (size + 1)
    )
    started = time.perf_counter()
    with pytest.raises(DocumentError):
        load_document(text)
    assert time.perf_counter() - started < 1
    deep: dict[str, object] = {}
    for _ in range(size):
        deep = {"a": deep}
    with pytest.raises(DocumentError, match="levels deep"):
        load_document({**VALID, "graph": deep})
    while deep:  # taken apart level by level, as freeing it in one go recurses
        deep = deep["a"]  # type: ignore[assignment]


def test_large_files_are_refused_before_they_are_parsed() -> None:
    with pytest.raises(DocumentError, match="MB"):
        load_document(b" " * (MAX_DOCUMENT_BYTES + 1))
