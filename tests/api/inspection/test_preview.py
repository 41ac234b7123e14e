"""Live previews through the API: what they show, whose weights, and who overtakes whom."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from accounts.services import create_project
from inspection.models import Preview
from inspection.previews import PREVIEW
from jobs.models import Job
from jobs.tasks import run_next
from tests.api.studio import draw_network, tiny_network
from tests.client import ApiClient
from tests.security.routes import World, all_objects

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(make_person: Callable[..., Any], join: Callable[..., Any], clean_files: None) -> World:
    owner = make_person("Owner")
    project = create_project(owner, "Shared")
    people = {"owner": owner, "viewer": join(project, "viewer"), "stranger": make_person("Other")}
    create_project(people["stranger"], "Elsewhere")
    return World(project, people)


@pytest.fixture
def show(api: ApiClient, ask: Callable[..., Any]) -> Callable[..., tuple[Any, Any]]:
    """Ask for a preview and return its job and what it shows."""

    def show(network_id: str, **body: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        asked = {"document": tiny_network(), "page": "a", **body}
        job = ask(f"/api/networks/{network_id}/previews", asked)
        assert job["state"] == "succeeded", job["problem"]
        return job, api.get(f"/api/previews/{job['result']['preview_id']}").json()

    return show


def test_random_trained_and_edited(
    api: ApiClient, run: dict[str, Any], show: Callable[..., tuple[Any, Any]]
) -> None:
    """One training for all of it: the weights of a run, by best and by checkpoint, and an edit."""
    dataset_id = run["dataset_id"]
    classes = api.get(f"/api/datasets/{dataset_id}").json()["classes"]
    three = next(each["id"] for each in classes if each["name"] == "3")
    page = api.get(f"/api/datasets/{dataset_id}/items?label={three}&limit=1").json()
    sample = {"kind": "item", "item_id": page["items"][0]["id"]}

    _, drawn = show(run["network_id"], sample=sample)
    assert set(drawn["nodes"]) == set(tiny_network()["graph"]["nodes"])
    assert drawn["notes"] == []
    assert drawn["num_fitted"] is None
    assert drawn["nodes"]["image"]["outputs"][0]["picture"]["kind"] == "image"
    assert drawn["nodes"]["conv"]["outputs"][0]["shape"] == [1, 8, 8, 8]
    assert drawn["nodes"]["conv"]["outputs"][0]["picture"]["kind"] == "maps"

    best = {"kind": "run", "run_id": run["id"], "pick": "best"}
    job, trained = show(run["network_id"], sample=sample, weights=best)
    assert trained["num_fitted"] == trained["num_tensors"] == 4
    checkpoint = next(one for one in run["checkpoints"] if one["is_best"])
    assert job["result"]["checkpoint"]["id"] == checkpoint["id"]
    scores = trained["nodes"]["output"]
    assert scores["outputs"][0]["picture"]["names"] == [str(digit) for digit in range(10)]
    assert scores["notes"][0].startswith("Highest: 3, ")
    assert trained["nodes"]["conv"] != drawn["nodes"]["conv"]

    by_id = {"kind": "checkpoint", "checkpoint_id": checkpoint["id"]}
    assert show(run["network_id"], sample=sample, weights=by_id)[1]["nodes"] == trained["nodes"]

    edited = tiny_network(classes=4)
    _, partly = show(run["network_id"], document=edited, sample=sample, weights=best)
    assert (partly["num_fitted"], partly["num_tensors"]) == (2, 4)
    assert "linear have random weights" in partly["notes"][0]
    assert partly["nodes"]["conv"] == trained["nodes"]["conv"]

    _, found = show(run["network_id"], document=_with_boxes(), sample=sample)
    boxes = found["nodes"]["detected"]["outputs"][0]["picture"]
    assert (boxes["kind"], boxes["width"], boxes["height"]) == ("boxes", 8, 8)
    assert boxes["url"] == found["nodes"]["image"]["outputs"][0]["picture"]["url"]
    assert boxes["num_shown"] == len(boxes["boxes"]) == 4
    assert {box["name"] for box in boxes["boxes"]} <= {str(digit) for digit in range(10)}

    gone = {"kind": "checkpoint", "checkpoint_id": "none"}
    asked = {"document": edited, "page": "a", "weights": gone}
    assert api.post(f"/api/networks/{run['network_id']}/previews", asked).status_code == 404


def _with_boxes() -> dict[str, Any]:
    """The tiny network with a box and its scores for each quarter of the image, the best four."""
    document = tiny_network()
    nodes, edges = document["graph"]["nodes"], document["graph"]["edges"]
    layers: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
        "patches": ("PatchEmbedding", {"num_features": 6}, {"input": "image"}),
        "boxes": ("Linear", {"out_features": 4}, {"input": "patches"}),
        "scores": ("Linear", {"out_features": 10}, {"input": "patches"}),
        "found": (
            "Detections",
            {"score_threshold": 0.0, "scores": "sigmoid", "max_detections": 4},
            {"boxes": "boxes", "scores": "scores"},
        ),
        "detected": ("Output", {}, {"input": "found"}),
    }
    for name, (kind, params, sources) in layers.items():
        nodes[name] = {"type": kind, "name": name, "params": params}
        for port, source in sources.items():
            edges[f"{name}_{port}"] = {
                "source": {
                    "node": source,
                    "port": "detections" if source == "found" else "output",
                },
                "target": {"node": name, "port": port},
            }
    return document


def test_one_node_is_looked_at_closely(
    api: ApiClient, project: Any, show: Callable[..., tuple[Any, Any]]
) -> None:
    network = draw_network(api, project, None)
    whole, _ = show(network["id"])
    options = {"num_maps": 4, "first": 4, "tile_px": 96}
    _, close = show(network["id"], only="conv", options=options)
    picture = close["nodes"]["conv"]["outputs"][0]["picture"]
    assert set(close["nodes"]) == {"conv"}
    assert (picture["first"], picture["num_shown"], picture["num_all"]) == (4, 4, 8)
    assert close["notes"] == ["image receives random numbers."]
    # Looking closely leaves the view of all as it was.
    assert api.get(f"/api/previews/{whole['id']}").status_code == 200


def test_the_next_question_of_a_page_overtakes_the_one_before(
    api: ApiClient, project: Any, run_jobs: Callable[..., Any]
) -> None:
    network = draw_network(api, project, None)

    def post(page: str) -> str:
        body = {"document": tiny_network(), "page": page}
        answer = api.post(f"/api/networks/{network['id']}/previews", body)
        assert answer.status_code == 202, answer.content
        return answer.json()["id"]

    first, second, other = post("a"), post("a"), post("b")
    run_jobs("interactive")
    assert api.get(f"/api/jobs/{first}").json()["state"] == "cancelled"
    for finished in (second, other):
        assert api.get(f"/api/jobs/{finished}").json()["state"] == "succeeded"
    third = post("a")
    assert api.get(f"/api/previews/{second}").status_code == 404
    assert api.get(f"/api/previews/{other}").status_code == 200
    for _ in range(20):
        third = post("a")
    run_jobs("interactive")
    assert api.get(f"/api/jobs/{third}").json()["state"] == "succeeded"
    # One shown and one overtaken for this page, one of the other.
    assert Job.objects.filter(kind=PREVIEW).count() == 3
    assert Preview.objects.count() == 2


def test_one_that_runs_is_ended_when_overtaken(api: ApiClient, project: Any) -> None:
    network = draw_network(api, project, None)
    path = f"/api/networks/{network['id']}/previews"
    slow = tiny_network()
    nodes = slow["graph"]["nodes"]
    nodes["image"]["params"].update(height=1024, width=1024)
    nodes["conv"]["params"].update(out_channels=64, kernel_size=[7, 7], padding=[3, 3])
    edges = slow["graph"]["edges"]
    edges["e4"]["source"]["node"] = "relu"
    del nodes["flatten"], nodes["linear"], edges["e2"], edges["e3"]
    first = api.post(path, {"document": slow, "page": "a"}).json()["id"]
    worker = threading.Thread(target=run_next, args=["interactive"])
    worker.start()
    while Job.objects.get(pk=first).state == "queued":
        worker.join(0.01)
    api.post(path, {"document": tiny_network(), "page": "a"})
    worker.join()
    assert Job.objects.get(pk=first).state == "cancelled"


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"image": {"height": 2**20, "width": 2**20}}, "document_invalid"),
        ({"image": {"height": 8192, "width": 8192}, "linear": {"out_features": 1}}, "too_large"),
        ({"linear": {"out_features": 2_000_000}}, "too_large"),
        ({"conv": {"out_channels": -1}}, "document_invalid"),
    ],
)
def test_what_is_too_large_is_refused_before_it_is_built(
    api: ApiClient, project: Any, params: dict[str, Any], says: str
) -> None:
    network = draw_network(api, project, None)
    document = tiny_network()
    for node_id, values in params.items():
        document["graph"]["nodes"][node_id]["params"].update(values)
    answer = api.post(
        f"/api/networks/{network['id']}/previews", {"document": document, "page": "a"}
    )
    assert answer.status_code == 422
    assert answer.json()["code"] == says
    assert not Job.objects.filter(kind=PREVIEW).exists()


def test_millions_of_steps_one_after_the_other_are_refused(api: ApiClient, project: Any) -> None:
    network = draw_network(api, project, None)
    nodes = {
        "s": {"type": "SequenceInput", "name": "series", "params": {"num_features": 1}},
        "l": {"type": "LSTM", "name": "lstm", "params": {"hidden_size": 1, "output": "last"}},
        "o": {"type": "Output", "name": "output"},
    }
    edges = {
        f"{source}{target}": {
            "source": {"node": source, "port": "output"},
            "target": {"node": target, "port": "input"},
        }
        for source, target in ("sl", "lo")
    }
    path = f"/api/networks/{network['id']}/previews"
    for length, code in ((3_000_000, "too_large"), (100, None)):
        nodes["s"]["params"] = {"num_features": 1, "length": length}
        document = {"format": "netloom.network", "schema": 1,
                    "graph": {"nodes": nodes, "edges": edges}}  # fmt: skip
        answer = api.post(path, {"document": document, "page": "a"})
        assert answer.json().get("code") == code, answer.content
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")


@pytest.mark.parametrize(
    "change",
    [
        {"page": "a b"},
        {"page": "x" * 33},
        {"sample": {"kind": "file", "path": "/etc/passwd"}},
        {"options": {"num_maps": 8}},
        {"only": "conv", "options": {"matrix_px": [10**9, 10**9]}},
        {"only": "conv", "options": {"num_maps": 10**6}},
    ],
)
def test_what_is_not_a_question_is_refused(
    api: ApiClient, project: Any, change: dict[str, Any]
) -> None:
    network = draw_network(api, project, None)
    body = {"document": tiny_network(), "page": "a", **change}
    assert api.post(f"/api/networks/{network['id']}/previews", body).status_code == 422


def test_there_are_no_pretrained_weights_and_it_says_so(api: ApiClient, project: Any) -> None:
    network = draw_network(api, project, None)
    body = {"document": tiny_network(), "page": "a", "weights": {"kind": "pretrained"}}
    answer = api.post(f"/api/networks/{network['id']}/previews", body)
    assert answer.json()["code"] == "no_checkpoint"
    assert "no pretrained weights" in answer.json()["detail"]


def test_only_what_one_may_see_oneself(world: World) -> None:
    objects = all_objects()
    network_id = objects["network_id"](world)
    hidden = {
        "sample": {"kind": "item", "item_id": objects["item_id"](world)},
        "weights": {"kind": "checkpoint", "checkpoint_id": objects["checkpoint_id"](world)},
    }
    viewer = ApiClient(world.people["viewer"])
    stranger = ApiClient(world.people["stranger"])
    body = {"document": tiny_network(), "page": "a"}
    assert viewer.post(f"/api/networks/{network_id}/previews", body | hidden).status_code == 202

    made = stranger.post(
        f"/api/projects/{stranger.get('/api/session').json()['projects'][0]['id']}/networks",
        {"name": "Mine", "document": tiny_network()},
    ).json()
    own = f"/api/networks/{made['id']}/previews"
    assert stranger.post(own, body).status_code == 202
    for field, value in hidden.items():
        assert stranger.post(own, body | {field: value}).status_code == 404
    run_weights = {"kind": "run", "run_id": objects["run_id"](world), "pick": "last"}
    assert stranger.post(own, body | {"weights": run_weights}).status_code == 404
