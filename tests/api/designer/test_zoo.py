"""The zoo through the API: browsed without torch, opened by the worker's child."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from designer import zoo
from designer.models import WeightSet
from jobs.models import Job, JobState
from netloom.compile import build_module, state_weights
from netloom.formats.bundle import make_meta, write_bundle
from netloom.formats.zoo.torchvision_zoo import build
from netloom.graph.migrations import load_document
from tests.api.studio import tiny_network
from tests.client import ApiClient

pytestmark = pytest.mark.django_db(transaction=True)
LISTED_WITHIN_S = 240
CLASSES = [f"digit {number}" for number in range(10)]


@pytest.fixture(scope="session")
def zoo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of weights files of which torch knows."""
    return tmp_path_factory.mktemp("torch")


@pytest.fixture(autouse=True)
def own_weights(zoo_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(zoo_home))
    folder = zoo_home / "hub" / "checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def shelf() -> Any:
    """The installation's folder of bundles, empty before and after."""
    folder = zoo.zoo_folder()
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.zip"):
        path.unlink()
    yield folder
    for path in folder.glob("*.zip"):
        path.unlink()


def listed(api: ApiClient, query: str = "") -> dict[str, Any]:
    """The zoo, when packages have been looked into."""
    end = time.monotonic() + LISTED_WITHIN_S
    while True:
        answer = api.get(f"/api/zoo{query}")
        assert answer.status_code == 200, answer.content
        found = answer.json()
        if found["is_complete"]:
            return found
        assert time.monotonic() < end
        time.sleep(0.2)


def put_bundle(folder: Path) -> None:
    document = load_document(tiny_network())
    meta = make_meta(document, classes=CLASSES, metrics={"accuracy": 0.5}, licence="MIT")
    weights = state_weights(build_module(document, seed=7))
    write_bundle(folder / "Small digits.zip", document, weights, meta)


def test_networks_are_sorted_searched_and_paged(api: ApiClient) -> None:
    first = listed(api, "?task=classification&sort=accuracy&is_descending=true&limit=5")
    accuracies = [row["accuracy"] for row in first["items"]]
    assert accuracies == sorted(accuracies, reverse=True)
    assert accuracies[0] > 88
    second = listed(api, "?task=classification&sort=accuracy&is_descending=true&limit=5&offset=5")
    assert not {row["name"] for row in first["items"]} & {row["name"] for row in second["items"]}
    found = listed(api, "?search=SqueezeNet")
    assert {row["name"] for row in found["items"]} == {"squeezenet1_0", "squeezenet1_1"}
    [row] = [row for row in found["items"] if row["name"] == "squeezenet1_1"]
    assert (row["parameters"], row["measure"]) == (1235496, "ImageNet-1K acc@1")
    assert {task["task"]: task["count"] for task in found["tasks"]} == {"classification": 2}


def test_one_network_says_what_its_weights_are_and_which_are_here(
    api: ApiClient, own_weights: Path
) -> None:
    listed(api)
    found = api.get("/api/zoo/torchvision/squeezenet1_1").json()
    [weights] = found["weights"]
    assert weights["input"]["mean"] == [0.485, 0.456, 0.406]
    assert weights["file"] == "squeezenet1_1-b8a52dc0.pth"
    assert not weights["is_here"]
    file = own_weights / weights["file"]
    file.write_bytes(b"here")
    try:
        assert api.get("/api/zoo/torchvision/squeezenet1_1").json()["row"]["is_here"]
    finally:
        file.unlink()
    assert api.get("/api/zoo/torchvision/squeezenet9").status_code == 404


def test_a_bundle_of_the_folder_opens_as_a_network(
    api: ApiClient, project: Any, shelf: Path, run_jobs: Callable[..., Any], clean_files: None
) -> None:
    put_bundle(shelf)
    rows = api.get("/api/zoo?search=bundles").json()["items"]
    assert [(row["name"], row["task"], row["accuracy"]) for row in rows] == [
        ("Small digits", "classification", 50.0)
    ]
    result = opened(api, project, run_jobs, "bundles/Small digits")
    network = api.get(f"/api/networks/{result['network_id']}").json()
    assert network["name"] == "Small digits"
    assert WeightSet.objects.get(pk=result["weight_set_id"]).classes == CLASSES


def test_without_weights_a_network_opens_with_random_ones_and_says_so(
    api: ApiClient, project: Any, run_jobs: Callable[..., Any], clean_files: None
) -> None:
    listed(api)
    result = opened(api, project, run_jobs, "torchvision/squeezenet1_1")
    whole = api.get(f"/api/weights/{result['weight_set_id']}").json()
    assert whole["num_tensors"] == 0
    assert "not on this machine" in whole["report"]["notes"][0]
    assert "squeezenet1_1-b8a52dc0.pth" in whole["report"]["notes"][0]


def test_an_uploaded_weights_file_becomes_the_networks(
    api: ApiClient,
    project: Any,
    run_jobs: Callable[..., Any],
    clean_files: None,
    tmp_path: Path,
) -> None:
    listed(api)
    file = tmp_path / "squeezenet1_1-b8a52dc0.pth"
    torch.save(build("squeezenet1_1").state_dict(), file)
    upload_id = api.upload(project, file.name, file.read_bytes())
    result = opened(api, project, run_jobs, "torchvision/squeezenet1_1", upload_id=upload_id)
    found = api.get(f"/api/weights/{result['weight_set_id']}").json()
    assert found["num_tensors"] == 52
    assert found["source"] == f"squeezenet1_1, {file.name}"
    assert found["classes"][0] == "tench"
    assert found["classes"][0] == "tench"
    assert found["report"]["parity"]["max_abs_diff"] < 1e-4


def test_what_cannot_be_opened_is_refused_at_once(api: ApiClient, project: Any) -> None:
    listed(api)
    answer = api.post("/api/zoo/torchvision/quantized_resnet18/open", {"project_id": project.id})
    assert answer.status_code == 422
    assert "Quantised networks cannot be opened" in answer.json()["detail"]


def opened(
    api: ApiClient, project: Any, run_jobs: Callable[..., Any], path: str, **fields: Any
) -> dict[str, Any]:
    answer = api.post(f"/api/zoo/{path}/open", {"project_id": project.id, **fields})
    assert answer.status_code == 202, answer.content
    run_jobs("bulk")
    job = Job.objects.get(pk=answer.json()["id"])
    assert job.state == JobState.SUCCEEDED, job.problem
    assert job.result is not None
    return job.result
