"""What a studio leaves to the release after it: a backup, and what a person finds in it.

    python -m tests.faults.release tests/fixtures/releases/NAME.zip

writes the backup of a small studio of the present code, and beside it, as NAME.json, what its
pages tell. Do this once for each release and commit both: `test_upgrade` brings every one of them
back in the code that comes later. `--code FOLDER` does it with the code of an earlier release.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from netloom.train.checkpoint import read_checkpoint_weights
from tests.api.studio import digits_zip, tiny_network
from tests.faults.live import LiveApi
from tests.faults.runs import SETTINGS, checkpoint_file, has_checkpoint, has_ended, start
from tests.house.studio_process import REPOSITORY, studio_environment
from tour.studio import private_studio

Facts = dict[str, Any]
PERSON = (
    "from accounts.models import Person;"
    "Person.objects.create_user('ada@example.org', None, name='Ada', is_operator=True)"
)
FINISHED = {"epochs": 4, "batch_size": 16, "device": "cpu"}
PAUSED = {"epochs": 100, "batch_size": 16, "device": "cpu", "checkpoint_every_s": 0.5}


def make_data(data: Path, repository: Path = REPOSITORY) -> Facts:
    """Work a little in a studio of that code, as a person does; return what its pages tell then."""
    manage(repository, data, "migrate", "--verbosity", "0")
    manage(repository, data, "shell", "-c", PERSON)  # somebody without the sample project
    with private_studio(data, extra_settings=SETTINGS, repository=repository) as studio:
        api = LiveApi(studio.url, studio.signin_url)
        project = api.call("POST", "/api/projects", {"name": "Kept"})["id"]
        dataset = _bring_in_digits(api, project)
        body = {"name": "Tiny", "document": tiny_network(), "dataset_id": dataset}
        network = api.call("POST", f"/api/projects/{project}/networks", body)
        finished = start(api, network, FINISHED)
        api.wait_for(f"/api/runs/{finished['id']}", has_ended)
        _label_some(api, dataset)
        paused = start(api, network, PAUSED)
        api.wait_for(f"/api/runs/{paused['id']}", has_checkpoint)
        api.call("POST", f"/api/runs/{paused['id']}/pause")
        api.wait_for(f"/api/runs/{paused['id']}", has_ended)
        return facts_of(api, data)


def facts_of(api: LiveApi, data: Path) -> Facts:
    """What must be the same after an upgrade."""
    (project,) = api.get("/api/session")["projects"]
    datasets = api.get(f"/api/projects/{project['id']}/datasets")
    networks = api.get(f"/api/projects/{project['id']}/networks")
    runs = api.get(f"/api/projects/{project['id']}/runs")["items"]
    return {
        "project": [project["name"], project["role"]],
        "datasets": {one["id"]: _dataset(api, one["id"]) for one in datasets},
        "networks": {
            one["id"]: api.get(f"/api/networks/{one['id']}")["document"]["graph"]
            for one in networks
        },
        "runs": {one["id"]: _run(api, data, one["id"]) for one in runs},
    }


def curves_of(api: LiveApi, run_id: str) -> dict[str, Any]:
    told = api.get(f"/api/runs/{run_id}/metrics?max_points=20000")["series"]
    return {f"{one['split']} {one['name']}": [one["steps"], one["values"]] for one in told}


def manage(repository: Path, data: Path, *arguments: str) -> None:
    """Run `manage.py` of that code."""
    subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=repository,
        env=studio_environment(data),
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _bring_in_digits(api: LiveApi, project: str) -> str:
    dataset = api.call("POST", f"/api/projects/{project}/datasets", {"name": "Digits"})["id"]
    content = digits_zip()
    announced = {"project_id": project, "file_name": "digits.zip", "size_bytes": len(content)}
    upload = api.call("POST", "/api/uploads", announced)["id"]
    status, answer = api.put_chunk(upload, 0, content)
    assert status == 200, answer
    source = {"type": "upload", "upload_ids": [upload]}
    job = api.call("POST", f"/api/datasets/{dataset}/imports", {"source": source})
    api.wait_for(f"/api/jobs/{job['id']}", lambda one: one["state"] == "succeeded")
    return dataset


def _label_some(api: LiveApi, dataset: str) -> None:
    """A person's own labels, over those of the import."""
    class_id = api.get(f"/api/datasets/{dataset}")["classes"][3]["id"]
    items = api.get(f"/api/datasets/{dataset}/items?limit=5")["items"]
    body = {"item_ids": [one["id"] for one in items], "class_id": class_id}
    api.call("POST", f"/api/datasets/{dataset}/labels", body)


def _dataset(api: LiveApi, dataset_id: str) -> Facts:
    told = api.get(f"/api/datasets/{dataset_id}")
    items = api.get(f"/api/datasets/{dataset_id}/items?limit=200")["items"]
    return {
        "name": told["name"],
        "num_labeled": told["num_labeled"],
        "splits": told["splits"],
        "classes": [[one["name"], one["count"]] for one in told["classes"]],
        "items": [
            [one["file_name"], one["split"], one["label"]["class_id"], one["label"]["origin"]]
            for one in items
        ],
    }


def _run(api: LiveApi, data: Path, run_id: str) -> Facts:
    told = api.get(f"/api/runs/{run_id}")
    total = hashlib.sha256()
    for name, tensor in sorted(read_checkpoint_weights(checkpoint_file(data, run_id)).items()):
        total.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return {
        "name": told["name"],
        "state": told["state"],
        "best_metric": told["best_metric"],
        "checkpoints": sorted(one["step"] for one in told["checkpoints"]),
        "curves": curves_of(api, run_id),
        "weights": total.hexdigest(),
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.release", description=__doc__)
    parser.add_argument("target", type=Path, help="the zip to write")
    parser.add_argument("--code", type=Path, default=REPOSITORY, help="another checkout")
    options = parser.parse_args(arguments)
    target: Path = options.target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        data, backup = Path(name) / "data", Path(name) / "backup.zip"
        facts = make_data(data, options.code.resolve())
        manage(options.code.resolve(), data, "backup", str(backup))
        compress(backup, target)
    target.with_suffix(".json").write_text(json.dumps(facts, separators=(",", ":")) + "\n")
    print(f"{target} ({os.path.getsize(target) / 1e3:.0f} kB)")  # noqa: PTH202, T201
    return 0


def compress(backup: Path, target: Path) -> None:
    """Pack a backup tighter than `manage.py backup`, which has no time for that."""
    with (
        zipfile.ZipFile(backup) as full,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as small,
    ):
        for entry in full.infolist():
            small.writestr(entry.filename, full.read(entry))


if __name__ == "__main__":
    sys.exit(main())
