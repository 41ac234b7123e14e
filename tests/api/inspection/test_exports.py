"""Networks as files to take away: through the API and the worker, as a person asks for them."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import torch
from django.utils import timezone

from inspection.exports import KEPT, remove_expired
from inspection.models import Export
from jobs.models import Job, JobState
from netloom.compile import build_module, state_weights
from netloom.formats.bundle import make_meta, read_bundle, write_bundle
from netloom.formats.recognise import NEEDS_TENSORFLOW
from netloom.graph.migrations import load_document
from storage.models import Blob
from tests.api.studio import content_of, draw_network, tiny_network
from tests.client import ApiClient
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.django_db(transaction=True)
CLASSES = [f"digit {number}" for number in range(10)]


@pytest.fixture
def network(api: ApiClient, project: Any, clean_files: None) -> dict[str, Any]:
    return draw_network(api, project, None)


@pytest.fixture
def export(api: ApiClient, run_jobs: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """Ask for a file, let the worker write it, and return what the API tells of it."""

    def export(network_id: str, **asked: Any) -> dict[str, Any]:
        answer = api.post(f"/api/networks/{network_id}/exports", asked)
        assert answer.status_code == 202, answer.content
        assert answer.json()["lane"] == "bulk"
        run_jobs("bulk")
        job = api.get(f"/api/jobs/{answer.json()['id']}").json()
        assert job["state"] == "succeeded", job["problem"]
        return api.get(f"/api/exports/{job['result']['export_id']}").json()

    return export


@pytest.fixture
def weight_set(
    api: ApiClient, project: Any, run_jobs: Callable[..., Any], clean_files: None, tmp_path: Path
) -> dict[str, Any]:
    """A network that came with its weights and classes."""
    document = load_document(tiny_network())
    weights = state_weights(build_module(document, seed=7))
    write_bundle(tmp_path / "b.zip", document, weights, make_meta(document, classes=CLASSES))
    upload_id = api.upload(project, "tiny.zip", (tmp_path / "b.zip").read_bytes())
    job = api.post("/api/imports", {"project_id": project.id, "upload_id": upload_id}).json()
    run_jobs("bulk")
    result = Job.objects.get(pk=job["id"]).result
    assert result is not None
    return {"id": result["weight_set_id"], "network_id": result["network_id"]}


def download(api: ApiClient, told: dict[str, Any], path: Path) -> Path:
    answer = api.get(told["url"])
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    assert told["file_name"] in answer["Content-Disposition"]
    path.write_bytes(content_of(answer))
    assert path.stat().st_size == told["size_bytes"]
    return path


def test_the_formats_say_what_they_are_and_what_they_cannot_express(
    api: ApiClient, network: dict[str, Any]
) -> None:
    path = f"/api/networks/{network['id']}/exports/formats"
    formats = {each["name"]: each for each in api.get(path).json()}
    assert {"bundle", "document"} <= formats.keys()
    for each in formats.values():
        assert each["title"]
        assert each["summary"].endswith(".")
        assert each["endings"]
        assert each["options"]["type"] == "object"
        assert each["gaps"] == []


@pytest.mark.parametrize("name", ["saved_model", "tflite"])
def test_what_the_installation_lacks_is_said_and_refused(
    api: ApiClient, network: dict[str, Any], limits: Callable[..., None], name: str
) -> None:
    path = f"/api/networks/{network['id']}/exports"
    formats = {each["name"]: each for each in api.get(f"{path}/formats").json()}
    assert formats["keras"]["lacking"] == ""
    assert formats[name]["lacking"] == NEEDS_TENSORFLOW
    answer = api.post(path, {"format": name})
    assert answer.status_code == 422
    assert answer.json()["code"] == "export_failed"
    assert NEEDS_TENSORFLOW in answer.json()["detail"]
    limits(tensorflow_python=Path(sys.executable))
    formats = {each["name"]: each for each in api.get(f"{path}/formats").json()}
    assert formats[name]["lacking"] == ""
    assert api.post(path, {"format": name}).status_code == 202


def test_weights_of_a_file_leave_as_a_bundle_that_says_the_same(
    api: ApiClient,
    weight_set: dict[str, Any],
    export: Callable[..., dict[str, Any]],
    tmp_path: Path,
) -> None:
    chosen = {"kind": "file", "weight_set_id": weight_set["id"]}
    told = export(weight_set["network_id"], format="bundle", weights=chosen)
    assert told["file_name"] == "tiny.netloom"
    assert [file["name"] for file in told["report"]["files"]] == ["tiny.netloom"]
    assert told["report"]["notes"] == []
    bundle = read_bundle(download(api, told, tmp_path / "again.zip"))
    expected = state_weights(build_module(load_document(tiny_network()), seed=7))
    assert bundle.weights.keys() == expected.keys()
    for key, tensor in expected.items():
        torch.testing.assert_close(bundle.weights[key], tensor)
    assert bundle.meta.classes == CLASSES


def test_a_file_for_another_tool_comes_with_its_proof(
    api: ApiClient, network: dict[str, Any], export: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    told = export(network["id"], format="keras", options={"takes_pixels": False})
    assert told["file_name"] == "tiny.keras"
    parity = told["report"]["parity"]
    assert parity["oracle"].startswith("Keras 3")
    assert parity["max_abs_diff"] < 1e-5
    config = zipfile.ZipFile(download(api, told, tmp_path / "a.keras")).read("config.json")
    assert "Rescaling" not in config.decode()


def test_what_a_format_cannot_express_is_refused_with_its_gaps(
    api: ApiClient, project: Any, clean_files: None
) -> None:
    document = tiny_network()
    document["graph"]["nodes"]["conv"]["params"]["padding_mode"] = "reflect"
    made = api.post(f"/api/projects/{project.id}/networks", {"name": "R", "document": document})
    path = f"/api/networks/{made.json()['id']}/exports"
    formats = {each["name"]: each for each in api.get(f"{path}/formats").json()}
    assert [gap["path"] for gap in formats["keras"]["gaps"]] == ["conv"]
    answer = api.post(path, {"format": "keras"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "export_failed"
    (gap,) = answer.json()["data"]["gaps"]
    assert (gap["path"], gap["type"]) == ("conv", "Conv2d")


def test_random_weights_and_misfits_are_said(
    api: ApiClient,
    weight_set: dict[str, Any],
    network: dict[str, Any],
    export: Callable[..., dict[str, Any]],
) -> None:
    told = export(network["id"], format="bundle")
    assert "random" in told["report"]["notes"][0]
    wider = api.post(
        f"/api/projects/{network['project_id']}/networks",
        {"name": "Four", "document": tiny_network(classes=4)},
    ).json()
    chosen = {"kind": "file", "weight_set_id": weight_set["id"]}
    told = export(wider["id"], format="bundle", weights=chosen)
    assert told["report"]["notes"][0].startswith("2 of 4 tensors are those that were chosen")
    assert "linear" in told["report"]["notes"][0]


def test_a_network_with_errors_leaves_as_what_can_hold_it(
    api: ApiClient, project: Any, clean_files: None, export: Callable[..., dict[str, Any]]
) -> None:
    broken = tiny_network()
    broken["graph"]["nodes"]["conv"]["params"]["out_channels"] = -1
    made = api.post(f"/api/projects/{project.id}/networks", {"name": "B", "document": broken})
    told = export(made.json()["id"], format="document")
    assert json.loads(content_of(api.get(told["url"])))["graph"]["nodes"]["conv"]
    assert told["report"]["notes"] == ["The network has errors, so no weights go with it."]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"format": "caffe"}, "no format 'caffe'"),
        ({"format": "document", "options": {"colour": "red"}}, "colour"),
        ({"format": "document", "as_trained": True}, "weights of a run"),
    ],
)
def test_what_cannot_be_asked_is_refused_at_once(
    api: ApiClient, network: dict[str, Any], asked: dict[str, Any], says: str
) -> None:
    answer = api.post(f"/api/networks/{network['id']}/exports", asked)
    assert answer.status_code == 422
    assert says in answer.json()["detail"]
    assert not Job.objects.filter(kind="designer.export").exists()


def test_a_file_is_kept_for_a_day(
    api: ApiClient, network: dict[str, Any], export: Callable[..., dict[str, Any]]
) -> None:
    told = export(network["id"], format="document")
    remove_expired()
    assert api.get(told["url"]).status_code == 200
    Export.objects.update(created_at=timezone.now() - KEPT - timedelta(minutes=1))
    remove_expired()
    assert api.get(told["url"]).status_code == 404
    assert not Blob.objects.exists()


def test_files_can_be_deleted_to_free_space(
    api: ApiClient, project: Any, network: dict[str, Any], export: Callable[..., dict[str, Any]]
) -> None:
    told = export(network["id"], format="document")
    export(network["id"], format="bundle")
    address = f"/api/projects/{project.id}/storage"
    [part] = [each for each in api.get(address).json()["parts"] if each["name"] == "exports"]
    [offered] = [each for each in api.get(address).json()["freeable"] if each["name"] == "exports"]
    assert (part["num"], offered["num"]) == (2, 2)
    assert offered["size_bytes"] == part["size_bytes"] >= told["size_bytes"] > 0
    freed = api.post(f"{address}/free", {"what": "exports"}).json()["freed_bytes"]
    assert freed == offered["size_bytes"]
    assert api.get(told["url"]).status_code == 404
    assert not Export.objects.exists()
    assert not Blob.objects.exists()
    assert "exports" not in {each["name"] for each in api.get(address).json()["freeable"]}


def test_files_go_with_their_network(
    api: ApiClient,
    project: Any,
    network: dict[str, Any],
    export: Callable[..., dict[str, Any]],
    run_jobs: Callable[..., Any],
) -> None:
    export(network["id"], format="bundle")
    assert api.delete(f"/api/networks/{network['id']}").status_code == 204
    api.delete(f"/api/projects/{project.id}/bin/network/{network['id']}")
    run_jobs("bulk")
    assert not Blob.objects.exists()


def test_a_cancelled_export_leaves_nothing(
    api: ApiClient, network: dict[str, Any], run_jobs: Callable[..., Any]
) -> None:
    asked = api.post(f"/api/networks/{network['id']}/exports", {"format": "bundle"}).json()
    Job.objects.filter(pk=asked["id"]).update(is_cancel_requested=True)
    run_jobs("bulk")
    assert Job.objects.get(pk=asked["id"]).state == JobState.CANCELLED
    assert not Export.objects.exists()
    assert not Blob.objects.exists()


def test_a_run_leaves_as_it_was_trained(
    api: ApiClient,
    run: dict[str, Any],
    export: Callable[..., dict[str, Any]],
    tmp_path: Path,
) -> None:
    """The network was edited since: what is drawn today is not what the weights belong to."""
    network = api.get(f"/api/networks/{run['network_id']}").json()
    change = {"op": "set_param", "node_id": "linear", "param": "out_features", "value": 4}
    saved = api.post(
        f"/api/networks/{network['id']}/operations",
        {"base_revision": network["revision"], "operations": [change], "client_id": "a"},
    )
    assert saved.status_code == 200, saved.content
    best = {"kind": "run", "run_id": run["id"], "pick": "best"}
    told = export(network["id"], format="bundle", weights=best, as_trained=True)
    assert told["report"]["notes"] == []
    bundle = read_bundle(download(api, told, tmp_path / "trained.zip"))
    assert bundle.document.graph.nodes["linear"].params["out_features"] == 10
    assert bundle.meta.classes == [str(digit) for digit in range(10)]
    assert bundle.meta.metrics.keys() == {run["config"]["best_metric"]}
    told = export(network["id"], format="bundle", weights=best)
    assert told["report"]["notes"][0].startswith("2 of 4 tensors")


def test_the_web_process_looks_for_gaps_without_torch() -> None:
    script = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE']='tests.settings';"
        "import django; django.setup(); import inspection.export_api;"
        "from netloom.formats.write import find_gaps, writers;"
        "from netloom.templates import make_template;"
        "network = make_template('vit', channels=3, height=32, width=32, num_classes=4);"
        "[find_gaps(network, writer.name) for writer in writers()];"
        "sys.exit('torch' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, check=False)
    assert ended.returncode == 0
