"""Networks through the API: make, list, rename, bin, duplicate, analyse, read as code."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.designer.conftest import save
from tests.client import ApiClient

pytestmark = pytest.mark.django_db

Json = dict[str, Any]


def test_layers_and_templates_are_described(api: ApiClient) -> None:
    layers = {layer["type"]: layer for layer in api.get("/api/layers").json()["layers"]}
    assert {"Conv2d", "Linear", "ImageInput", "Output"} <= layers.keys()
    templates = {each["id"]: each for each in api.get("/api/templates").json()}
    assert {"mlp", "small_cnn", "lenet5", "resnet18", "unet", "seq2seq"} <= templates.keys()
    assert templates["resnet18"]["can_train"]
    assert templates["resnet18"]["note"] == ""
    assert templates["unet"]["family"] == "Image segmentation"
    assert not templates["unet"]["can_train"]
    assert "cannot train image segmentation yet" in templates["unet"]["note"]


def test_blocks_of_the_library_bring_all_they_need(api: ApiClient) -> None:
    blocks = {each["id"]: each for each in api.get("/api/blocks").json()}
    down = blocks["unet_down"]
    assert down["block_id"] in down["blocks"]
    assert {block["name"] for block in down["blocks"].values()} == {"UNetDown", "DoubleConv"}
    residual = blocks["residual"]
    exposed = residual["blocks"][residual["block_id"]]["exposed"]["filters"]
    assert len(exposed["also"]) == 1
    assert residual["follows"] == ["filters"]


def test_a_template_is_looked_at_before_it_is_made(api: ApiClient) -> None:
    preview = api.get("/api/templates/resnet18").json()
    assert preview["input_text"] == "B × 3 × 64 × 64"
    assert preview["output_text"] == "B × 10"
    assert preview["totals"]["parameters"] > 11_000_000
    assert preview["document"]["graph"]["name"] == "ResNet18"
    assert api.get("/api/templates/gpt").status_code == 422


def test_every_template_is_ready_to_train(
    api: ApiClient, make_network: Callable[..., Json]
) -> None:
    for template in api.get("/api/templates").json():
        network = make_network(template["title"], template=template["id"])
        assert network["analysis"]["is_trainable"], network["analysis"]["diagnostics"]
        assert network["document"]["schema"] == 1
        assert network["can_edit"]
        source = api.get(f"/api/networks/{network['id']}/code").json()
        ast.parse(source["source"])
        assert source["file_name"].endswith(".py")
        assert api.post("/api/code", {"document": network["document"]}).json() == source


def test_a_project_counts_its_networks_outside_the_bin(
    api: ApiClient, project: Any, make_network: Callable[..., Json]
) -> None:
    binned, _kept = make_network("Binned"), make_network("Kept")
    api.delete(f"/api/networks/{binned['id']}")
    assert api.get(f"/api/projects/{project.id}").json()["num_networks"] == 1


def test_an_unknown_template_is_refused(api: ApiClient, project: Any) -> None:
    body = {"name": "Net", "template": "gpt"}
    answer = api.post(f"/api/projects/{project.id}/networks", body)
    assert answer.status_code == 422
    assert "small_cnn" in answer.json()["next_step"]


def test_the_list_summarises_without_reading_documents(
    api: ApiClient,
    project: Any,
    make_network: Callable[..., Json],
    django_assert_max_num_queries: Any,
) -> None:
    for number in range(5):
        make_network(f"Net {number}", template="mlp")
    make_network("Empty")
    with django_assert_max_num_queries(5):
        listed = api.get(f"/api/projects/{project.id}/networks").json()
    assert [each["name"] for each in listed] == ["Empty", *(f"Net {n}" for n in (4, 3, 2, 1, 0))]
    assert listed[0]["problems"]["errors"] > 0
    assert listed[0]["parameters"] is None
    assert listed[1]["parameters"] > 0
    assert listed[1]["template"] == "mlp"


def test_rename_bin_restore_duplicate(
    api: ApiClient, project: Any, make_network: Callable[..., Json]
) -> None:
    network = make_network("First", template="mlp")
    path = f"/api/networks/{network['id']}"
    assert api.patch(path, {"name": "Second"}).json()["name"] == "Second"
    copy = api.post(f"{path}/duplicate").json()
    assert copy["name"] == "Second copy"
    assert copy["document"] == network["document"]
    assert copy["id"] != network["id"]
    assert api.post(f"{path}/duplicate").json()["name"] == "Second copy 2"

    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
    binned = api.get(f"/api/projects/{project.id}/networks?is_deleted=true").json()
    assert [each["id"] for each in binned] == [network["id"]]
    assert api.post(f"{path}/restore").json()["name"] == "Second"
    assert api.get(path).status_code == 200


def test_analysis_of_a_document_that_is_not_saved(
    api: ApiClient, make_network: Callable[..., Json]
) -> None:
    document = make_network(template="small_cnn")["document"]
    analysis = api.post("/api/analysis", {"document": document}).json()
    assert analysis["is_trainable"]
    edge_id = next(iter(document["graph"]["edges"]))
    del document["graph"]["edges"][edge_id]
    analysis = api.post("/api/analysis", {"document": document}).json()
    assert not analysis["is_trainable"]
    assert "unconnected_input" in {each["code"] for each in analysis["diagnostics"]}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"format": "netloom.network", "schema": 99},
        {"format": "netloom.network", "schema": 1, "graph": {"nodes": {"a b": {}}}},
        {"format": "netloom.network", "schema": 1, "surprise": True},
    ],
)
def test_what_is_no_document_is_a_problem(api: ApiClient, project: Any, document: Json) -> None:
    for path in ("/api/analysis", "/api/migrations", "/api/code"):
        answer = api.post(path, {"document": document})
        assert answer.status_code == 422, path
        assert answer.json()["code"] == "document_invalid"
    body = {"name": "Net", "document": document}
    assert api.post(f"/api/projects/{project.id}/networks", body).status_code == 422


def test_deep_json_is_a_problem_not_a_crash(api: ApiClient) -> None:
    deep = '{"document": ' + '{"graph":' * 5000 + "1" + "}" * 5000 + "}"
    answer = api.client.generic("POST", "/api/analysis", deep, content_type="application/json")
    assert 400 <= answer.status_code < 500, answer.content
    shallow = json.loads("[" * 300 + "]" * 300)
    answer = api.post("/api/analysis", {"document": {"format": shallow}})
    assert answer.status_code == 422


def test_migration_returns_a_document_of_today(
    api: ApiClient, make_network: Callable[..., Json]
) -> None:
    document = make_network(template="mlp")["document"]
    assert api.post("/api/migrations", {"document": document}).json() == document


def test_a_budget_is_set_by_an_operation_and_its_use_told(
    api: ApiClient, make_network: Callable[..., Json]
) -> None:
    network = make_network(template="mlp")
    budget = {"op": "set_budget", "budget": "parameters", "limit": 1000}
    saved = save(api, network, [budget]).json()
    (use,) = saved["analysis"]["budgets"]
    assert not use["is_kept"]
    assert use["used"] == saved["analysis"]["totals"]["parameters"]
    assert use["offenders"]
    assert "over_budget" in {each["code"] for each in saved["analysis"]["diagnostics"]}
    again = api.get(f"/api/networks/{network['id']}").json()
    assert again["document"]["view"]["budgets"] == {"parameters": 1000}
    assert again["analysis"]["budgets"] == [use]
    refused = save(api, {**network, "revision": 1}, [{**budget, "limit": -1}])
    assert refused.status_code == 422
