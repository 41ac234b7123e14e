"""A running studio in which everything that has a name has a hostile one."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass
from http.cookiejar import CookieJar
from typing import Any

from tests.api.datasets.conftest import zip_of
from tests.api.studio import digits_zip, tiny_network
from tests.faults.live import LiveApi
from tests.faults.runs import wait_for_success
from tests.security.hostile_images import named, polyglots

MARKUP = "\"'><img src=x onerror=pwned(1)><script>pwned(2)</script>"
LINK = 'javascript:pwned(3)//<a href="javascript:pwned(4)">here</a>'
FORMULA = "=cmd|' /C calc'!A0<svg onload=pwned(5)>{{7*7}}${7*7}"
LONG = "W" * 100
CODE = "a);__import__('os').system('x')#"
CHUNK = 1 << 20


@dataclass(frozen=True)
class Filled:
    """What was made, by the parameter of the pages' addresses."""

    project: str
    network: str
    draft: str
    dataset: str
    pictures: str
    run: str
    checkpoint: str
    item: str
    explanation: dict[str, Any]


def fill(api: LiveApi) -> Filled:
    """Give everything a hostile name, through the API."""
    project = api.get("/api/session")["projects"][0]["id"]
    api.call("PATCH", "/api/session", {"name": MARKUP})
    api.call("PATCH", f"/api/projects/{project}", {"name": MARKUP})
    for name in (FORMULA, LONG):
        api.call("POST", "/api/projects", {"name": name})
    binned = api.call("POST", "/api/projects", {"name": MARKUP})["id"]
    api.call("DELETE", f"/api/projects/{binned}")
    _people(api, project)
    dataset = _dataset(api, project)
    pictures = _import(api, project, MARKUP, {**polyglots(), **named()})
    network, draft = _networks(api, project, dataset)
    run = _run(api, network)
    checkpoint = api.get(f"/api/runs/{run}/checkpoints")[0]["id"]
    item = api.get(f"/api/datasets/{dataset}/items?limit=1")["items"][0]["id"]
    chosen = {"checkpoint_id": checkpoint, "item_id": item}
    explanation = _job(api, "/api/explanations", {**chosen, "method": "gradcam"})
    _job(api, "/api/evaluations", {"checkpoint_id": checkpoint, "split": "validation"})
    return Filled(
        project, network, draft, dataset, pictures, run, checkpoint, item,
        api.get(f"/api/explanations/{explanation['explanation_id']}"),
    )  # fmt: skip


def _people(api: LiveApi, project: str) -> None:
    made = api.call("POST", f"/api/projects/{project}/invitations", {"role": "editor"})
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with opener.open(api.base + "/api/session") as answer:
        csrf = json.load(answer)["csrf_token"]
    body = {
        "token": made["url"].partition("token=")[2],
        "name": MARKUP,
        "email": "newcomer@example.org",
        "password": "a long enough secret",
    }
    headers = {"Content-Type": "application/json", "Origin": api.base, "X-CSRFToken": csrf}
    asked = urllib.request.Request(
        api.base + "/api/invitations/accept", json.dumps(body).encode(), headers
    )
    with opener.open(asked) as answer:
        assert answer.status == 200


def _dataset(api: LiveApi, project: str) -> str:
    dataset = _import(api, project, MARKUP, {}, archive=digits_zip())
    classes = api.get(f"/api/datasets/{dataset}")["classes"]
    for made, name in zip(classes, (MARKUP, LINK, FORMULA, LONG), strict=False):
        api.call("PATCH", f"/api/datasets/{dataset}/classes/{made['id']}", {"name": name})
    api.call("POST", f"/api/datasets/{dataset}/versions", {"name": MARKUP})
    binned = api.call("POST", f"/api/projects/{project}/datasets", {"name": MARKUP})
    api.call("DELETE", f"/api/datasets/{binned['id']}")
    return dataset


def _import(
    api: LiveApi, project: str, name: str, files: dict[str, bytes], archive: bytes = b""
) -> str:
    archive = archive or zip_of(files)
    dataset = api.call("POST", f"/api/projects/{project}/datasets", {"name": name})["id"]
    upload = upload_file(api, project, f"{MARKUP}.zip", archive)
    source = {"source": {"type": "upload", "upload_ids": [upload]}}
    job = api.call("POST", f"/api/datasets/{dataset}/imports", source)
    _wait(api, job["id"])
    return dataset


def upload_file(api: LiveApi, project: str, name: str, content: bytes) -> str:
    """Upload a file; returns the id of the upload."""
    asked = {"project_id": project, "file_name": name, "size_bytes": len(content)}
    upload = api.call("POST", "/api/uploads", asked)["id"]
    for offset in range(0, len(content), CHUNK):
        status, told = api.put_chunk(upload, offset, content[offset : offset + CHUNK])
        assert status == 200, told
    return upload


def _networks(api: LiveApi, project: str, dataset: str) -> tuple[str, str]:
    document = tiny_network()
    document["graph"]["nodes"]["conv"]["note"] = MARKUP
    frame = {"title": MARKUP, "text": LINK, "x": 0, "y": 0, "width_px": 400, "height_px": 200}
    document["view"] = {"frames": {"f1": frame}}
    address = f"/api/projects/{project}/networks"
    asked = {"name": MARKUP, "document": document, "dataset_id": dataset}
    network = api.call("POST", address, asked)["id"]
    api.call("POST", f"/api/networks/{network}/versions", {"name": MARKUP})
    broken = tiny_network()
    broken["graph"]["name"] = CODE
    for node, name in zip(broken["graph"]["nodes"].values(), (MARKUP, LINK, CODE), strict=False):
        node["name"] = name
        node["params"][MARKUP] = MARKUP
    broken["graph"]["nodes"]["relu"]["type"] = MARKUP
    draft = api.call("POST", address, {"name": FORMULA, "document": broken})["id"]
    binned = api.call("POST", address, {"name": MARKUP})["id"]
    api.call("DELETE", f"/api/networks/{binned}")
    return network, draft


def _run(api: LiveApi, network: str) -> str:
    config = {"epochs": 1, "batch_size": 32, "device": "cpu"}
    asked = {"name": MARKUP, "config": config}
    run = api.call("POST", f"/api/networks/{network}/runs", asked)["id"]
    wait_for_success(api, run)
    changes = {"notes": MARKUP + LINK, "tags": ["<b>x</b>", "=1+1"]}
    api.call("PATCH", f"/api/runs/{run}", changes)
    return run


def _job(api: LiveApi, address: str, body: dict[str, Any]) -> dict[str, Any]:
    return _wait(api, api.call("POST", address, body)["id"])["result"]


def _wait(api: LiveApi, job_id: str) -> dict[str, Any]:
    ended = ("succeeded", "failed", "cancelled")
    job = api.wait_for(f"/api/jobs/{job_id}", lambda one: one["state"] in ended, 240)
    assert job["state"] == "succeeded", job
    return job
