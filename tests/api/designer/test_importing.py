"""A file becomes a network: through the API and the worker, as a person brings it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from designer.models import Network, WeightSet
from jobs.models import Job, JobState
from netloom.compile import build_module, load_weights, state_weights
from netloom.formats.bundle import make_meta, write_bundle
from netloom.graph.migrations import load_document
from netloom.train.spec import TrainSpec
from netloom.train.weights import read_weights
from storage.models import Blob, Upload
from storage.services import local_blob
from tests.api.studio import bring_in_digits, tiny_network
from tests.client import ApiClient
from tests.conftest import REPOSITORY
from tests.netloom.formats.caffe.writing import caffemodel
from tests.netloom.formats.torchscript.programs import Digits, saved
from training.models import Attempt, Run
from training.supervision.prepare import prepare

pytestmark = pytest.mark.django_db(transaction=True)
CLASSES = [f"digit {number}" for number in range(10)]


@pytest.fixture
def bundle(tmp_path: Path) -> bytes:
    """A network with weights, as another installation has written it."""
    document = load_document(tiny_network())
    weights = state_weights(build_module(document, seed=7))
    write_bundle(tmp_path / "b.zip", document, weights, make_meta(document, classes=CLASSES))
    return (tmp_path / "b.zip").read_bytes()


@pytest.fixture
def bring(
    api: ApiClient, project: Any, run_jobs: Callable[..., Any], clean_files: None
) -> Callable[..., Job]:
    """Bring a file in as a person does: `bring("net.zip", content)`."""

    def bring_in(file_name: str, content: bytes, **fields: Any) -> Job:
        upload_id = api.upload(project, file_name, content)
        body = {"project_id": project.id, "upload_id": upload_id, **fields}
        answer = api.post("/api/imports", body)
        assert answer.status_code == 202, answer.content
        run_jobs("bulk")
        return Job.objects.get(pk=answer.json()["id"])

    return bring_in


def imported(job: Job) -> dict[str, Any]:
    assert job.state == JobState.SUCCEEDED, job.problem
    assert job.result is not None
    return job.result


def test_a_bundle_becomes_a_network_with_its_weights(
    api: ApiClient, bundle: bytes, bring: Callable[..., Job]
) -> None:
    result = imported(bring("my_digits.zip", bundle))
    network = api.get(f"/api/networks/{result['network_id']}").json()
    assert network["name"] == "my digits"
    assert network["document"]["graph"]["nodes"].keys() == tiny_network()["graph"]["nodes"].keys()
    (found,) = api.get(f"/api/networks/{network['id']}/weights").json()
    assert (found["source"], found["num_tensors"]) == ("my_digits.zip", 4)
    assert found["classes"] == CLASSES
    whole = api.get(f"/api/weights/{found['id']}").json()
    assert [piece["outcome"] for piece in whole["report"]["pieces"]] == ["layer"] * 6
    assert not Upload.objects.exists()


def test_a_torchscript_file_becomes_a_network_that_computes_the_same(
    api: ApiClient, bring: Callable[..., Job], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    module = saved(Digits(), torch.rand(2, 1, 28, 28), tmp_path / "net.pt", "traced")
    result = imported(bring("my_digits.pt", (tmp_path / "net.pt").read_bytes()))
    network = api.get(f"/api/networks/{result['network_id']}").json()
    assert network["name"] == "my digits"
    (found,) = api.get(f"/api/networks/{network['id']}/weights").json()
    assert (found["source"], found["format"]) == ("my_digits.pt", "TorchScript")
    report = api.get(f"/api/weights/{found['id']}").json()["report"]
    assert "torch.jit.load, which would run it, was not called" in " ".join(report["notes"])
    assert report["parity"] is not None
    assert "placeholder" not in {piece["outcome"] for piece in report["pieces"]}
    assert (report["num_unused_weights"], report["num_missing_weights"]) == (0, 0)

    rebuilt = build_module(load_document(network["document"]))
    blob_id = WeightSet.objects.get(pk=found["id"]).blob_id
    load_weights(rebuilt, load_file(local_blob(blob_id, tmp_path)))
    image_BCHW = torch.rand(3, 1, 28, 28)
    with torch.no_grad():
        expected_BK = module(image_BCHW)
        torch.testing.assert_close(rebuilt.eval()(image_BCHW), expected_BK, atol=1e-5, rtol=1e-5)


def test_a_copy_and_a_branch_keep_the_weights_and_share_their_bytes(
    api: ApiClient, bundle: bytes, bring: Callable[..., Job]
) -> None:
    network_id = imported(bring("net.zip", bundle))["network_id"]
    copy = api.post(f"/api/networks/{network_id}/duplicate").json()
    branch = api.post(f"/api/networks/{network_id}/branches", {"name": "Branch"}).json()
    for made in (copy, branch):
        (found,) = api.get(f"/api/networks/{made['id']}/weights").json()
        assert found["num_tensors"] == 4
    assert len(set(WeightSet.objects.values_list("blob_id", flat=True))) == 1


def test_what_is_no_network_is_refused_with_its_kind_and_a_next_step(
    project: Any, bring: Callable[..., Job]
) -> None:
    job = bring("renamed.keras", b"\x1c\0\0\0TFL3" + b"\0" * 100)
    assert job.state == JobState.FAILED
    assert job.problem is not None
    assert job.problem["code"] == "import_failed"
    assert "renamed.keras is: TensorFlow Lite" in job.problem["detail"]
    assert "tf2onnx" in job.problem["detail"]
    assert not Network.objects.exists()
    assert not Upload.objects.exists()


def test_a_project_without_room_keeps_neither_network_nor_bytes(
    api: ApiClient, bundle: bytes, bring: Callable[..., Job], limits: Callable[..., None]
) -> None:
    imported(bring("net.zip", bundle))
    limits(project_networks=1)
    other = json.loads(json.dumps(tiny_network()))
    other["graph"]["nodes"]["conv"]["params"]["out_channels"] = 4
    job = bring("other.json", json.dumps(other).encode())
    assert job.problem is not None
    assert job.problem["code"] == "quota_exceeded"
    assert Blob.objects.count() == 1


def test_deleting_the_network_for_good_frees_the_weights(
    api: ApiClient, project: Any, bundle: bytes, bring: Callable[..., Job], run_jobs: Any
) -> None:
    network_id = imported(bring("net.zip", bundle))["network_id"]
    assert api.delete(f"/api/networks/{network_id}").status_code == 204
    answer = api.delete(f"/api/projects/{project.id}/bin/network/{network_id}")
    assert answer.status_code in (202, 204), answer.content
    run_jobs("bulk")
    assert not Blob.objects.exists()


def test_a_cancelled_import_ends_its_process(
    api: ApiClient, project: Any, bundle: bytes, clean_files: None, run_jobs: Any
) -> None:
    upload_id = api.upload(project, "net.zip", bundle)
    job = api.post("/api/imports", {"project_id": project.id, "upload_id": upload_id}).json()
    Job.objects.filter(pk=job["id"]).update(is_cancel_requested=True)
    run_jobs("bulk")
    assert Job.objects.get(pk=job["id"]).state == JobState.CANCELLED
    assert not Network.objects.exists()


def test_the_worker_never_loads_torch_itself(bundle: bytes) -> None:
    """The process that takes the result apart must stay light: a check of its imports."""
    script = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE']='tests.settings';"
        "import django; django.setup(); import designer.tasks, designer.weights;"
        "sys.exit('torch' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, check=False)
    assert ended.returncode == 0


def test_a_run_starts_from_the_weights_of_the_file(
    api: ApiClient, project: Any, bundle: bytes, bring: Callable[..., Job], run_jobs: Any
) -> None:
    result = imported(bring("net.zip", bundle))
    dataset = bring_in_digits(api, project, run_jobs)
    start = {"type": "weights", "weight_set_id": result["weight_set_id"]}
    body = {"dataset_id": dataset["id"], "start_from": start, "config": {"epochs": 1}}
    answer = api.post(f"/api/networks/{result['network_id']}/runs", body)
    assert answer.status_code == 201, answer.content
    run = Run.objects.get(pk=answer.json()["id"])
    assert answer.json()["start_from"] == start
    attempt = Attempt.objects.create(run=run, number=1, host="h", worker="w", device="cpu")
    prepared = prepare(attempt, 1)
    spec = TrainSpec.model_validate_json(prepared.spec_path.read_bytes())
    assert spec.initial_weights is not None
    assert spec.initial_weights.endswith("start.safetensors")
    assert len(read_weights(Path(spec.initial_weights))) == 4
    assert spec.initial_document is not None
    shutil.rmtree(prepared.output.parent)


def test_the_network_stays_while_a_run_of_another_started_from_its_weights(
    api: ApiClient, project: Any, bundle: bytes, bring: Callable[..., Job], run_jobs: Any
) -> None:
    result = imported(bring("net.zip", bundle))
    dataset = bring_in_digits(api, project, run_jobs)
    copy = api.post(f"/api/networks/{result['network_id']}/duplicate").json()
    start = {"type": "weights", "weight_set_id": result["weight_set_id"]}
    body = {"dataset_id": dataset["id"], "start_from": start}
    assert api.post(f"/api/networks/{copy['id']}/runs", body).status_code == 201
    api.delete(f"/api/networks/{result['network_id']}")
    refused = api.delete(f"/api/projects/{project.id}/bin/network/{result['network_id']}")
    assert refused.status_code == 409
    assert "started from its weights" in refused.json()["detail"]


CAFFE_LAYERS = b"""
name: "pair" input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
        inner_product_param { num_output: 2 } }
"""


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_two_files_of_a_caffe_network_come_in_together(
    api: ApiClient,
    project: Any,
    run_jobs: Callable[..., Any],
    clean_files: None,
    order: tuple[int, int],
) -> None:
    weights = caffemodel(
        {"fc": ("InnerProduct", [np.full((2, 192), 0.5), np.arange(2, dtype=np.float32)])}
    )
    files = [("net.prototxt", CAFFE_LAYERS), ("../net.caffemodel", weights)]
    first, second = (api.upload(project, *files[at]) for at in order)
    body = {"project_id": project.id, "upload_id": first, "side_upload_ids": [second]}
    answer = api.post("/api/imports", body)
    assert answer.status_code == 202, answer.content
    run_jobs("bulk")
    result = imported(Job.objects.get(pk=answer.json()["id"]))
    weight_set = WeightSet.objects.get(pk=result["weight_set_id"])
    assert weight_set.format == "Caffe"
    assert weight_set.num_tensors == 2
    assert not Upload.objects.exists()


def test_side_files_must_be_one_s_own(api: ApiClient, project: Any, clean_files: None) -> None:
    upload = api.upload(project, "net.prototxt", CAFFE_LAYERS)
    body = {"project_id": project.id, "upload_id": upload, "side_upload_ids": ["nobodys"]}
    assert api.post("/api/imports", body).status_code == 404
