"""Code, both ways, through the API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.client import ApiClient

pytestmark = pytest.mark.django_db
EMPTY = {"format": "netloom.network", "schema": 1, "graph": {"name": "Empty"}}


@pytest.fixture
def document(make_network: Any) -> dict[str, Any]:
    return make_network("Net", template="mlp")["document"]


def test_an_edited_argument_becomes_one_operation(api: ApiClient, document: dict[str, Any]) -> None:
    source = api.post("/api/code", {"document": document}).json()["source"]
    unchanged = api.post("/api/code/read", {"document": document, "source": source}).json()
    assert (unchanged["operations"], unchanged["problems"]) == ([], [])
    edited = source.replace("nn.Linear(128, 64)", "nn.Linear(128, 48)")
    answer = api.post("/api/code/read", {"document": document, "source": edited}).json()
    [operation] = answer["operations"]
    assert (operation["op"], operation["param"], operation["value"]) == (
        "set_param", "out_features", 48,
    )  # fmt: skip
    named = document["graph"]["nodes"][operation["node_id"]]
    assert named["name"] == "linear_2"
    line = next(n for n, text in enumerate(edited.split("\n"), 1) if "nn.Linear(128, 48)" in text)
    assert {"line": line, "end_line": line, "node_id": operation["node_id"], "scope": None} in (
        answer["places"]
    )


def test_what_cannot_be_read_is_marked_at_its_line(
    api: ApiClient, document: dict[str, Any]
) -> None:
    source = api.post("/api/code", {"document": document}).json()["source"]
    edited = source.replace("x = self.relu(x)", "x = self.relu(x) ** 2")
    answer = api.post("/api/code/read", {"document": document, "source": edited}).json()
    line = next(n for n, text in enumerate(edited.split("\n"), 1) if "** 2" in text)
    assert not answer["is_complete"]
    assert [problem["line"] for problem in answer["problems"]] == [line]
    assert answer["operations"] == []


@pytest.mark.parametrize(
    "source",
    ["", "(" * 5000, "x = " + "-" * 100_000 + "1", "class A(nn.Module): pass", "a" * 2_000_000],
)
def test_hostile_source_is_a_problem_and_no_crash(api: ApiClient, source: str) -> None:
    answer = api.post("/api/code/read", {"document": EMPTY, "source": source})
    assert answer.status_code == 200, answer.content[:300]
    assert answer.json()["problems"]
    assert answer.json()["operations"] == []


def test_a_notebook_is_made_or_refused_with_words(api: ApiClient, document: dict[str, Any]) -> None:
    answer = api.post("/api/notebook", {"document": document}).json()
    notebook = json.loads(answer["content"])
    assert answer["file_name"] == "net.ipynb"
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    refused = api.post("/api/notebook", {"document": EMPTY})
    assert (refused.status_code, refused.json()["code"]) == (422, "document_invalid")
