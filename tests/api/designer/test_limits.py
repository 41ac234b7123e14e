"""Documents beyond the node limit are refused before anything is done with them."""

from __future__ import annotations

from typing import Any

import pytest

from netloom.graph.limits import MAX_NODES
from tests.client import ApiClient

pytestmark = pytest.mark.django_db


def _document(num_nodes: int, *, in_block: bool) -> dict[str, Any]:
    # A node without a type: whoever reads on before counting answers `document_invalid`.
    nodes = {f"n{index}": {} for index in range(num_nodes)}
    graph = {"blocks": {"b": {"nodes": nodes}}} if in_block else {"nodes": nodes}
    return {"format": "netloom.network", "schema": 1, "graph": graph}


@pytest.mark.parametrize("path", ["/api/code", "/api/migrations"])
@pytest.mark.parametrize("in_block", [False, True])
def test_too_many_nodes_are_counted_first(api: ApiClient, path: str, in_block: bool) -> None:
    answer = api.post(path, {"document": _document(MAX_NODES + 1, in_block=in_block)})
    assert (answer.status_code, answer.json()["code"]) == (422, "too_large")
    assert "20,001 nodes; 20,000 are allowed" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/api/code", "/api/migrations"])
@pytest.mark.parametrize(
    "graph", [None, 5, {"nodes": []}, {"blocks": 1}, {"blocks": {"b": 1}}, {"blocks": {"b": {}}}]
)
def test_counting_stumbles_over_nothing(api: ApiClient, path: str, graph: object) -> None:
    document = {"format": "netloom.network", "schema": 1, "graph": graph}
    assert api.post(path, {"document": document}).status_code in (200, 422)
