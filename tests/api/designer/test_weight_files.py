"""Weights alone come in, find their network, and become its weights; then transfer learning."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from designer import weight_files
from designer.models import WeightFile, WeightSet
from jobs.models import Job, JobState
from netloom.analyze import analyze
from netloom.compile import build_module, state_weights
from netloom.formats.bundle import make_meta, write_bundle
from netloom.graph.migrations import load_document
from netloom.templates import make_template
from storage.models import Blob
from storage.services import local_blob
from tests.api.studio import bring_in_digits, draw_network, tiny_network
from tests.client import ApiClient

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bring(
    api: ApiClient, project: Any, run_jobs: Callable[..., Any], clean_files: None
) -> Callable[..., Job]:
    def bring_in(file_name: str, content: bytes) -> Job:
        upload_id = api.upload(project, file_name, content)
        answer = api.post("/api/imports", {"project_id": project.id, "upload_id": upload_id})
        assert answer.status_code == 202, answer.content
        run_jobs("bulk")
        return Job.objects.get(pk=answer.json()["id"])

    return bring_in


def state_dict(tmp_path: Path) -> tuple[bytes, dict[str, torch.Tensor]]:
    """Trained weights of the tiny network, under the names a training script gave them."""
    document = load_document(tiny_network())
    weights = state_weights(build_module(document, seed=11))
    named = {f"module.{key.replace(':', '.')}": tensor for key, tensor in weights.items()}
    path = tmp_path / "tiny.pth"
    torch.save({"state_dict": named, "epoch": 3}, path)
    return path.read_bytes(), weights


def test_weights_alone_say_so_and_find_their_network(
    api: ApiClient, project: Any, bring: Callable[..., Job], run_jobs: Any, tmp_path: Path
) -> None:
    content, weights = state_dict(tmp_path)
    network = draw_network(api, project, None)
    job = bring("tiny.pth", content)
    assert job.state == JobState.SUCCEEDED, job.problem
    assert job.result is not None
    address = f"/api/weight-files/{job.result['weight_file_id']}"
    found = api.get(address).json()
    assert (found["source"], found["num_tensors"]) == ("tiny.pth", 4)
    (fit,) = found["fits"]
    assert (fit["network_id"], fit["share"], fit["num_by_name"]) == (network["id"], 1, 4)
    asked = {"network_id": network["id"], "images": "symmetric"}
    table = api.post(f"{address}/match", asked).json()
    assert {row["how"] for row in table["rows"]} == {"prefix"}
    started = api.post(f"{address}/load", asked)
    assert started.status_code == 202, started.content
    run_jobs("bulk")
    (made,) = api.get(f"/api/networks/{network['id']}/weights").json()
    assert (made["source"], made["num_tensors"]) == ("tiny.pth", 4)
    row = WeightSet.objects.get(pk=made["id"])
    stored = load_file(local_blob(row.blob_id, tmp_path))
    for key, tensor in weights.items():
        torch.testing.assert_close(stored[key], tensor, rtol=0, atol=0)
    now = api.get(f"/api/networks/{network['id']}").json()
    assert now["document"]["graph"]["nodes"]["image"]["params"]["mean"] == [0.5]
    assert not WeightFile.objects.exists()
    assert Blob.objects.count() == 1


def test_equal_shapes_in_a_far_larger_file_are_no_fit(
    api: ApiClient, project: Any, bring: Callable[..., Job], tmp_path: Path
) -> None:
    weights = state_weights(build_module(load_document(tiny_network()), seed=11))
    draw_network(api, project, None)
    modules = sorted({key.rpartition(":")[0] for key in weights})
    by_chance = {
        f"far.{modules.index(module)}.{name}": tensor
        for key, tensor in weights.items()
        for module, _, name in [key.rpartition(":")]
    }
    others = {f"other.{place}": torch.ones(7, place + 1) for place in range(2 * len(weights))}
    torch.save({**by_chance, **others}, tmp_path / "large.pth")
    job = bring("large.pth", (tmp_path / "large.pth").read_bytes())
    assert job.result is not None, job.problem
    assert api.get(f"/api/weight-files/{job.result['weight_file_id']}").json()["fits"] == []


def test_a_long_file_is_compared_with_few_networks(
    api: ApiClient,
    project: Any,
    bring: Callable[..., Job],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content, _ = state_dict(tmp_path)
    networks = [draw_network(api, project, None)["id"] for _ in range(3)]
    job = bring("tiny.pth", content)
    assert job.result is not None, job.problem
    address = f"/api/weight-files/{job.result['weight_file_id']}"
    assert len(api.get(address).json()["fits"]) == 3
    monkeypatch.setattr(weight_files, "MOST_TENSORS_COMPARED", 9)  # twice the four of the file
    fits = api.get(address).json()["fits"]
    assert sorted(fit["network_id"] for fit in fits) == sorted(networks[1:])


def test_few_are_compared_at_a_time(
    api: ApiClient,
    project: Any,
    bring: Callable[..., Job],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content, _ = state_dict(tmp_path)
    network = draw_network(api, project, None)
    job = bring("tiny.pth", content)
    assert job.result is not None, job.problem
    address = f"/api/weight-files/{job.result['weight_file_id']}"
    asked = {"network_id": network["id"]}
    monkeypatch.setattr(weight_files.matching_room, "patience_s", 0.01)
    with ExitStack() as others:
        for _ in range(weight_files.MOST_MATCHING):
            others.enter_context(weight_files.matching_room.entered())
        refused = [
            api.get(address),
            api.post(f"{address}/match", asked),
            api.post(f"{address}/load", asked),
        ]
    assert {answer.status_code for answer in refused} == {503}
    assert all(answer["Retry-After"] for answer in refused)
    assert api.get(address).status_code == 200
    assert api.post(f"{address}/load", asked).status_code == 202


def test_more_tensors_than_any_network_has_are_refused(
    bring: Callable[..., Job], tmp_path: Path
) -> None:
    one = torch.zeros(1)
    save_file(
        {f"layer{n}.weight": one.clone() for n in range(20_001)}, tmp_path / "many.safetensors"
    )
    job = bring("many.safetensors", (tmp_path / "many.safetensors").read_bytes())
    assert job.state == JobState.FAILED
    assert job.problem is not None
    assert "20,001 tensors; 20,000 are allowed" in str(job.problem)


def test_weights_that_fit_nothing_are_refused_and_can_be_thrown_away(
    api: ApiClient, project: Any, bring: Callable[..., Job], tmp_path: Path
) -> None:
    torch.save(torch.nn.Linear(5, 7).state_dict(), tmp_path / "other.pt")
    network = draw_network(api, project, None)
    job = bring("other.pt", (tmp_path / "other.pt").read_bytes())
    assert job.result is not None
    address = f"/api/weight-files/{job.result['weight_file_id']}"
    assert api.get(address).json()["fits"] == []
    refused = api.post(f"{address}/load", {"network_id": network["id"]})
    assert refused.status_code == 422, refused.content
    assert "Nothing in other.pt fits Tiny" in refused.json()["detail"]
    assert api.delete(address).status_code == 204
    assert not Blob.objects.exists()


def test_weights_of_a_template_open_it(
    api: ApiClient, project: Any, bring: Callable[..., Job], run_jobs: Any, tmp_path: Path
) -> None:
    document = make_template("resnet18", channels=1, height=64, width=64, num_classes=7)
    weights = state_weights(build_module(document, seed=5))
    named = {key.replace(":", "."): tensor for key, tensor in weights.items()}
    torch.save(named, tmp_path / "best.pth")
    job = bring("best.pth", (tmp_path / "best.pth").read_bytes())
    assert job.result is not None
    address = f"/api/weight-files/{job.result['weight_file_id']}"
    found = api.get(address).json()
    assert found["fits"] == []
    assert found["num_parameters"] == analyze(document).totals.parameters
    best = found["templates"][0]
    assert (best["template"], best["name"], best["share"]) == ("resnet18", "ResNet-18", 1)
    neither = api.post(f"{address}/match", {})
    both = api.post(f"{address}/match", {"template": "resnet18", "network_id": "a"})
    unknown = api.post(f"{address}/match", {"template": "nothing"})
    assert [each.status_code for each in (neither, both, unknown)] == [422, 422, 422]
    table = api.post(f"{address}/match", {"template": "resnet18"}).json()
    assert table["num_matched"] == best["num_places"]

    started = api.post(f"{address}/load", {"template": "resnet18"})
    assert started.status_code == 202, started.content
    run_jobs("bulk")
    (network,) = api.get(f"/api/projects/{project.id}/networks").json()
    assert network["name"] == "ResNet-18"
    (made,) = api.get(f"/api/networks/{network['id']}/weights").json()
    row = WeightSet.objects.get(pk=made["id"])
    stored = load_file(local_blob(row.blob_id, tmp_path))
    opened = api.get(f"/api/networks/{network['id']}").json()["document"]
    own = state_weights(build_module(load_document(opened), seed=0))
    assert {key: each.shape for key, each in stored.items()} == {
        key: each.shape for key, each in own.items()
    }
    assert not WeightFile.objects.exists()


def test_the_zoo_is_named_by_file_and_by_size(
    bring: Callable[..., Job], api: ApiClient, tmp_path: Path, settings: Any
) -> None:
    document = load_document(tiny_network())
    weights = state_weights(build_module(document, seed=7))
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"zoo": tmp_path})
    write_bundle(tmp_path / "tiny.zip", document, weights, make_meta(document, classes=[]))
    torch.save({key.replace(":", "."): each for key, each in weights.items()}, tmp_path / "a.pth")
    job = bring("a.pth", (tmp_path / "a.pth").read_bytes())
    assert job.result is not None
    found = api.get(f"/api/weight-files/{job.result['weight_file_id']}").json()
    assert found["zoo"] == [{"provider": "bundles", "name": "tiny", "is_same_name": False}]
    here = api.get("/api/zoo?is_here=true").json()
    assert "tiny" in {each["name"] for each in here["items"]}
    elsewhere = api.get("/api/zoo?is_here=false").json()
    assert "tiny" not in {each["name"] for each in elsewhere["items"]}


@pytest.fixture
def trained(bring: Callable[..., Job], tmp_path: Path) -> str:
    """A network that came with weights; its id."""
    document = load_document(tiny_network())
    weights = state_weights(build_module(document, seed=7))
    classes = [f"digit {number}" for number in range(10)]
    write_bundle(tmp_path / "b.zip", document, weights, make_meta(document, classes=classes))
    job = bring("digits.zip", (tmp_path / "b.zip").read_bytes())
    assert job.result is not None
    return job.result["network_id"]


def test_the_canvas_is_told_where_weights_stand(api: ApiClient, trained: str) -> None:
    address = f"/api/networks/{trained}/weight-standing"
    document = tiny_network()
    found = api.post(address, {"document": document}).json()
    brought = api.get(f"/api/networks/{trained}/trained-weights").json()
    assert found["weights"] == brought
    assert (brought["origin"], brought["source"]) == ("file", "digits.zip")
    assert found["nodes"] == {"conv": "pretrained", "linear": "pretrained"}
    document["graph"]["nodes"]["conv"]["params"]["out_channels"] = 12
    document["graph"]["nodes"]["linear"]["params"]["out_features"] = 3
    found = api.post(address, {"document": document}).json()
    assert found["nodes"]["conv"] == "changed"
    assert found["nodes"]["linear"] == "new"


def test_transfer_learning_makes_a_branch_that_is_ready_to_train(
    api: ApiClient, project: Any, trained: str, run_jobs: Any
) -> None:
    dataset = bring_in_digits(api, project, run_jobs)
    (source,) = api.get(f"/api/projects/{project.id}/transfer-sources").json()
    assert source["network_id"] == trained
    asked = {
        "network_id": trained,
        "dataset_id": dataset["id"],
        "options": {"freeze": "backbone", "unfreeze_every_epochs": 2},
    }
    plan = api.post("/api/transfers/plan", asked).json()
    assert plan["refusal"] == ""
    assert plan["frozen"] == ["conv"]
    assert plan["survival"]["num_layers"] == {"kept": 1, "new": 1, "removed": 1}
    assert "netloom.transfer(" in plan["python"]
    assert "unfreeze_every_epochs=2" in plan["python"]
    answer = api.post("/api/transfers", {**asked, "name": "Digits, transferred"})
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert made["start_from"]["type"] == "weights"
    assert made["config"]["unfreeze"]["is_enabled"]
    proposed = api.get(f"/api/networks/{made['network_id']}/run-proposal").json()
    assert {**proposed, "network_id": made["network_id"]} == made
    assert api.get(f"/api/networks/{trained}/run-proposal").json() is None
    branch = api.get(f"/api/networks/{made['network_id']}").json()
    assert branch["dataset_id"] == dataset["id"]
    assert branch["document"]["graph"]["nodes"]["conv"]["is_frozen"]
    assert branch["origin"]["network_id"] == trained
    original = api.get(f"/api/networks/{trained}").json()
    assert not original["document"]["graph"]["nodes"]["conv"].get("is_frozen")
    started = api.post(
        f"/api/networks/{made['network_id']}/runs",
        {"config": made["config"], "start_from": made["start_from"]},
    )
    assert started.status_code == 201, started.content


def test_a_network_without_weights_says_so(api: ApiClient, project: Any, run_jobs: Any) -> None:
    dataset = bring_in_digits(api, project, run_jobs)
    network = draw_network(api, project, dataset)
    asked = {"network_id": network["id"], "dataset_id": dataset["id"]}
    assert "no trained weights" in api.post("/api/transfers/plan", asked).json()["refusal"]
    refused = api.post("/api/transfers", {**asked, "name": "X"})
    assert refused.status_code == 422
    unknown = {**asked, "options": {"freeze": ""}}
    assert api.post("/api/transfers/plan", unknown).status_code == 422


def test_a_network_of_sequences_is_listed_with_why_it_cannot_learn_images(
    api: ApiClient,
    project: Any,
    trained: str,
    bring: Callable[..., Job],
    run_jobs: Any,
    tmp_path: Path,
) -> None:
    dataset = bring_in_digits(api, project, run_jobs)
    document = make_template("lstm_classifier", channels=1, height=8, width=8, num_classes=5)
    weights = state_weights(build_module(document, seed=2))
    write_bundle(tmp_path / "b.zip", document, weights, make_meta(document))
    job = bring("table.zip", (tmp_path / "b.zip").read_bytes())
    assert job.result is not None, job.problem
    newest, before = api.get(f"/api/projects/{project.id}/transfer-sources").json()
    assert newest["network_id"] == job.result["network_id"]
    assert "no image input" in newest["refusal"]
    assert (before["network_id"], before["refusal"]) == (trained, "")
    asked = {"network_id": newest["network_id"], "dataset_id": dataset["id"]}
    assert newest["refusal"] in api.post("/api/transfers/plan", asked).json()["refusal"]


def test_a_pinned_version_decides_the_head_and_is_what_the_run_trains_on(
    api: ApiClient, project: Any, trained: str, run_jobs: Any
) -> None:
    dataset = bring_in_digits(api, project, run_jobs)
    path = f"/api/datasets/{dataset['id']}"
    version = api.post(f"{path}/versions", {"name": "Ten digits"}).json()
    made = api.post(f"{path}/classes", {"name": "scribble"})
    assert made.status_code == 201, made.content
    nine = next(each["id"] for each in dataset["classes"] if each["name"] == "9")
    nines = api.get(f"{path}/items?label={nine}&split=train").json()["items"]
    moved = {"item_ids": [each["id"] for each in nines[:6]], "class_id": made.json()["id"]}
    assert api.post(f"{path}/labels", moved).status_code == 200
    asked = {"network_id": trained, "dataset_id": dataset["id"]}
    pinned = {**asked, "dataset_version_id": version["id"]}
    assert api.post("/api/transfers/plan", asked).json()["num_classes"] == 11
    assert api.post("/api/transfers/plan", pinned).json()["num_classes"] == 10

    branch = api.post("/api/transfers", {**pinned, "name": "Of the version"}).json()
    address = f"/api/networks/{branch['network_id']}"
    now = api.post(f"{address}/run-check", {}).json()
    assert "class_count_mismatch" in {each["code"] for each in now["problems"]}
    checked = api.post(f"{address}/run-check", {"dataset_version_id": version["id"]}).json()
    assert [each for each in checked["problems"] if each["severity"] == "error"] == []
    assert (checked["num_train"], checked["num_validation"], checked["uneven"]) == (120, 40, False)
    start = {"config": branch["config"], "dataset_version_id": version["id"]}
    run = api.post(f"{address}/runs", start)
    assert run.status_code == 201, run.content
    assert run.json()["dataset_version"]["id"] == version["id"]

    other = api.post(f"/api/projects/{project.id}/datasets", {"name": "Other"}).json()
    wrong = {"dataset_id": other["id"], "dataset_version_id": version["id"]}
    assert api.post("/api/transfers/plan", {**asked, **wrong}).status_code == 404
    refused = api.post(f"{address}/run-check", wrong)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
