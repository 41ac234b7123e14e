"""The sample project, and a network bound to data."""

from __future__ import annotations

import base64
import io
import sys
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.api.datasets.conftest import Studio, png
from tests.client import ApiClient

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.slow
def test_a_new_person_finds_data_and_networks_ready_to_train(sign_in: Any, run_jobs: Any) -> None:
    from accounts.services import create_person
    from datasets.samples import create_samples

    person = create_person("new@example.org", "New", "correct horse battery")
    api: ApiClient = sign_in(person)
    project = person.last_project
    assert len(api.get(f"/api/projects/{project.id}/networks").json()) == 2  # before any image
    run_jobs("bulk")
    listed = api.get(f"/api/projects/{project.id}/datasets").json()
    found = {each["name"]: each for each in listed}
    assert found["Handwritten digits"]["num_labeled"] == 1797
    assert found["Handwritten digits"]["splits"] == {
        "train": 1167,
        "validation": 270,
        "test": 360,
        "unassigned": 0,
    }
    assert [each["name"] for each in found["Handwritten digits"]["classes"]] == list("0123456789")
    inspection = found["Visual inspection"] if "Visual inspection" in found else listed[0]
    assert inspection["num_labeled"] > 1000
    networks = api.get(f"/api/projects/{project.id}/networks").json()
    assert len(networks) == 2
    for each in networks:
        network = api.get(f"/api/networks/{each['id']}").json()
        assert network["analysis"]["is_trainable"]
        assert network["dataset_id"] in {dataset["id"] for dataset in listed}
        sample = api.get(f"/api/networks/{each['id']}/sample").json()
        assert api.get(sample["thumbnail_url"]).status_code == 200

    create_samples(person, project)
    assert len(api.get(f"/api/projects/{project.id}/datasets").json()) == 2
    assert len(api.get(f"/api/projects/{project.id}/networks").json()) == 2


def test_a_template_fits_itself_to_the_bound_data(studio: Studio) -> None:
    dataset = studio.dataset()
    files = {
        f"{name}/{n}.png": png(2 * ord(name) + n, 40, 30, "L") for name in "abcde" for n in range(2)
    }
    studio.bring_in_zip(dataset, files)
    network = studio.api.post(
        f"/api/projects/{studio.project.id}/networks",
        {"name": "Fitted", "template": "small_cnn", "dataset_id": dataset["id"]},
    ).json()
    nodes = network["document"]["graph"]["nodes"].values()
    [image_input] = [node for node in nodes if node["type"] == "ImageInput"]
    assert image_input["params"]["height"] == 30
    assert image_input["params"]["width"] == 40
    assert image_input["params"]["channels"] == 1
    assert network["analysis"]["is_trainable"]
    assert not [each for each in network["analysis"]["diagnostics"] if "mismatch" in each["code"]]
    sample = studio.api.get(f"/api/networks/{network['id']}/sample").json()
    assert sample["label"] in "abcde"
    assert sample["shape"] == [1, 30, 40]


def test_a_template_of_another_task_is_fitted_but_not_bound(studio: Studio) -> None:
    dataset = studio.dataset()
    studio.bring_in_zip(dataset, {"a/1.png": png(1), "b/2.png": png(2), "c/3.png": png(3)})
    body = {"name": "Masks", "template": "unet", "dataset_id": dataset["id"]}
    made = studio.api.post(f"/api/projects/{studio.project.id}/networks", body).json()
    assert made["dataset_id"] is None
    assert made["analysis"]["is_trainable"], made["analysis"]["diagnostics"]
    nodes = {node["name"]: node for node in made["document"]["graph"]["nodes"].values()}
    assert nodes["classifier"]["params"]["out_channels"] == 3


def test_a_mismatch_with_the_bound_data_is_a_problem(studio: Studio) -> None:
    dataset = studio.dataset()
    studio.bring_in_zip(dataset, {"a/1.png": png(1), "b/2.png": png(2), "c/3.png": png(3)})
    network = studio.api.post(
        f"/api/projects/{studio.project.id}/networks", {"name": "Ten", "template": "mlp"}
    ).json()
    path = f"/api/networks/{network['id']}"
    bound = studio.api.patch(path, {"dataset_id": dataset["id"]}).json()
    codes = {each["code"] for each in bound["analysis"]["diagnostics"]}
    assert "class_count_mismatch" in codes
    listed = studio.api.get(f"/api/projects/{studio.project.id}/networks").json()
    assert listed[0]["problems"]["errors"] + listed[0]["problems"]["warnings"] > 0
    stateless = studio.api.post(
        "/api/analysis", {"document": network["document"], "dataset_id": dataset["id"]}
    ).json()
    assert stateless == bound["analysis"]
    unbound = studio.api.patch(path, {"dataset_id": None}).json()
    assert unbound["dataset_id"] is None
    assert "class_count_mismatch" not in {e["code"] for e in unbound["analysis"]["diagnostics"]}
    assert studio.api.get(f"{path}/sample").status_code == 404


def test_a_dataset_of_another_project_cannot_be_bound(
    studio: Studio, sign_in: Any, make_person: Any
) -> None:
    from accounts.services import create_project

    stranger = make_person("Stranger")
    other = create_project(stranger, "Theirs")
    theirs = sign_in(stranger).post(f"/api/projects/{other.id}/datasets", {"name": "D"}).json()
    body = {"name": "N", "template": "mlp", "dataset_id": theirs["id"]}
    path = f"/api/projects/{studio.project.id}/networks"
    assert studio.api.post(path, body).status_code == 404
    # Also for someone who may see both: a project holds what its networks need.
    second = create_project(studio.project.members.get(), "Second")
    mine = studio.api.post(f"/api/projects/{second.id}/datasets", {"name": "D"}).json()
    assert studio.api.post(path, {**body, "dataset_id": mine["id"]}).status_code == 404


def test_augmentation_is_previewed_on_real_samples(studio: Studio, run_jobs: Any) -> None:
    dataset = studio.dataset()
    studio.bring_in_zip(dataset, {f"a/{n}.png": png(n, 32, 32) for n in range(3)})
    items = studio.items(dataset)
    answer = studio.api.post(
        f"/api/datasets/{dataset['id']}/augmentation-preview",
        {
            "augmentation": {"horizontal_flip": True, "brightness": 0.3, "rotate_degrees": 20},
            "input": {"height": 16, "width": 16, "channels": 3},
            "item_ids": [items[2]["id"], items[0]["id"]],
        },
    )
    assert answer.status_code == 202, answer.content
    run_jobs("interactive")
    job = studio.api.get(f"/api/jobs/{answer.json()['id']}").json()
    assert job["state"] == "succeeded", job
    assert job["result"]["item_ids"] == [items[2]["id"], items[0]["id"]]
    for url in job["result"]["images"]:
        header, data = url.split(",")
        assert header == "data:image/png;base64"
        image = Image.open(io.BytesIO(base64.b64decode(data)))
        assert image.size == (16, 16)
        assert np.asarray(image).std() > 0


def test_the_web_process_never_loads_torch(studio: Studio) -> None:
    import subprocess

    code = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings';"
        "import django; django.setup(); import config.urls;"
        "print([name for name in ('torch', 'sklearn', 'skimage') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
