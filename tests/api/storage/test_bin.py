"""The bin: what goes in can come back, and goes for good with its bytes and nothing else's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import Project
from datasets.models import Dataset, Event, Item
from designer.models import Network
from inspection.models import EvaluatedItem, Evaluation, Explanation
from jobs.models import Job
from jobs.running import JobStopped
from storage import purging, quotas, services
from storage.bin import bin_kind, claim, objects_of, purge_thing
from storage.holding import remove_unused, sweep_unused
from storage.models import Blob, BlobUse
from storage.purging import BinKeeper
from tests.api.datasets.conftest import Studio
from tests.api.studio import tiny_network
from tests.client import ApiClient
from training.models import Checkpoint, Run, RunEvent

pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., Any]


def files() -> set[str]:
    """Names of every blob and picture on the disk."""
    found: set[str] = set()
    for folder in ("blobs", "pictures"):
        root: Path = settings.DATA_FOLDER / folder
        found |= {path.name for path in root.rglob("*") if path.is_file()}
    return found


def binned(api: ApiClient, project: Any) -> list[dict[str, Any]]:
    return api.get(f"/api/projects/{project.id}/bin").json()["items"]


def purge(api: ApiClient, path: str, run_jobs: Make) -> dict[str, Any]:
    answer = api.delete(path)
    assert answer.status_code == 202, answer.content
    (job,) = run_jobs("bulk")
    assert job.state == "succeeded", job.problem
    return job.result


def explain(run: Any, person: Any) -> Explanation:
    """An explanation of the run's best checkpoint, with files of its own."""
    blobs = services.store_batch(run.project, [f"{run.pk} {n}".encode() for n in range(4)])
    return Explanation.objects.create(
        run=run,
        checkpoint=run.checkpoints.get(is_best=True),
        image_name="a.png",
        method="gradcam",
        target_class=0,
        class_name="0",
        probability=0.5,
        options={},
        min=0,
        max=1,
        seconds=1,
        rows_forwarded=1,
        width=8,
        height=8,
        source_box=[],
        heatmap=blobs[0],
        overlay=blobs[1],
        image=blobs[2],
        data=blobs[3],
        author=person,
    )


def evaluate(run: Any, person: Any, dataset_id: str) -> Evaluation:
    """An evaluation of the run on a dataset, with a row an item."""
    version = Dataset.objects.get(pk=dataset_id).versions.get()
    made = Evaluation.objects.create(
        run=run,
        checkpoint=run.checkpoints.get(is_best=True),
        dataset_version=version,
        split="test",
        classes=[],
        accuracy=1,
        balanced_accuracy=1,
        loss=0,
        per_class=[],
        confusion=[],
        num_items=4,
        author=person,
    )
    for item in Item.objects.filter(dataset=dataset_id):
        EvaluatedItem.objects.create(
            evaluation=made, item=item, label=0, predicted=0, confidence=1, loss=0
        )
    return made


def test_what_is_deleted_is_listed_and_comes_back(
    api: ApiClient, project: Any, dataset: dict[str, Any], make_run: Make
) -> None:
    run = make_run(dataset["id"])
    network = make_run(dataset["id"]).network
    paths = [f"/api/networks/{network.pk}", f"/api/datasets/{dataset['id']}", f"/api/runs/{run.pk}"]
    for path in paths:
        assert api.delete(path).status_code == 204
    items = binned(api, project)
    assert [(item["kind"], item["deleted_by"]) for item in items] == [
        ("run", "Ada"),
        ("dataset", "Ada"),
        ("network", "Ada"),
    ]
    kept = {item["kind"]: item["kept_because"] for item in items}
    assert kept == {
        "run": "",
        "dataset": "2 runs learned from it",
        "network": "1 run trained it",
    }
    by_kind = {item["kind"]: item for item in items}
    assert by_kind["dataset"]["size_bytes"] == Dataset.objects.get().stored_bytes > 0
    assert by_kind["dataset"]["what"] == "4 images"
    assert by_kind["run"]["size_bytes"] > 0
    for path in paths:
        assert api.post(f"{path}/restore").status_code == 200
        assert api.get(path).status_code == 200
    assert binned(api, project) == []


def test_who_asks_for_what_is_in_the_bin_is_told_so(
    api: ApiClient, dataset: dict[str, Any], make_run: Make, project: Any, join: Make
) -> None:
    run = make_run(dataset["id"])
    checkpoint = run.checkpoints.get(is_best=True)
    item = api.get(f"/api/datasets/{dataset['id']}/items").json()["items"][0]
    binned_paths = {
        f"/api/datasets/{dataset['id']}": ("dataset", "Pictures"),
        f"/api/items/{item['id']}": ("dataset", "Pictures"),
        f"/api/networks/{run.network_id}": ("network", "Tiny"),
        f"/api/runs/{run.pk}": ("run", run.name),
        f"/api/checkpoints/{checkpoint.pk}/layers": ("run", run.name),
    }
    for path in (f"datasets/{dataset['id']}", f"networks/{run.network_id}", f"runs/{run.pk}"):
        assert api.delete(f"/api/{path}").status_code == 204
    viewer, stranger = ApiClient(join(project, "viewer")), ApiClient(None)
    for path, (kind, name) in binned_paths.items():
        answer = api.get(path)
        told = answer.json()
        assert (answer.status_code, told["code"]) == (404, "in_bin")
        assert told["detail"] == f"{name} is in the bin."
        assert told["data"]["kind"] == kind
        assert told["data"]["deleted_at"]
        assert told["data"]["can_restore"] is True
        assert api.post(f"/api/{kind}s/{told['data']['id']}/restore").status_code in (200, 204)
        assert api.get(path).status_code == 200
        assert api.delete(f"/api/{kind}s/{told['data']['id']}").status_code == 204
        assert viewer.get(path).json()["data"]["can_restore"] is False
        assert stranger.get(path).json()["code"] != "in_bin"


def test_a_network_is_still_analysed_with_classes_that_are_in_the_bin(
    api: ApiClient, dataset: dict[str, Any]
) -> None:
    body = {"document": tiny_network(classes=3), "dataset_id": dataset["id"]}
    api.delete(f"/api/datasets/{dataset['id']}")
    answer = api.post("/api/analysis", body)
    assert answer.status_code == 200, answer.content
    assert "class_count_mismatch" in {each["code"] for each in answer.json()["diagnostics"]}


def test_a_dataset_goes_with_its_bytes_and_nothing_else(
    api: ApiClient, project: Any, studio: Studio, dataset: dict[str, Any], run_jobs: Make
) -> None:
    from tests.api.datasets.conftest import png

    other = studio.dataset("Half of them")
    studio.bring_in_zip(other, {f"a/{seed}.png": png(seed) for seed in (0, 1)})
    kept = files()
    extra = studio.dataset("Alone")
    studio.bring_in_zip(extra, {f"a/{seed}.png": png(seed) for seed in (10, 11)})
    for made in (dataset, extra):
        api.delete(f"/api/datasets/{made['id']}")
    assert purge(api, f"/api/projects/{project.id}/bin", run_jobs) == {
        "num_purged": 2,
        "num_kept": 0,
    }
    assert Dataset.objects.get().pk == other["id"]
    assert Item.objects.count() == Event.objects.count() == 2
    shas = set(Item.objects.values_list("sha256", flat=True))
    assert set(Blob.objects.values_list("pk", flat=True)) == shas
    assert {name.split(".")[0] for name in files()} == shas
    assert files() < kept
    assert quotas.used_bytes(project) == Dataset.objects.get().stored_bytes
    assert quotas.recount(project) == 0
    assert len(studio.items(other)) == 2


def test_a_blob_that_another_project_holds_stays(
    api: ApiClient, person: Any, project: Any, dataset: dict[str, Any], run_jobs: Make
) -> None:
    from accounts.services import create_project

    sha256 = Item.objects.values_list("sha256", flat=True)[0]
    other = create_project(person, "Other")
    services.store_bytes(other, services.read_blob(sha256))
    api.delete(f"/api/datasets/{dataset['id']}")
    purge(api, f"/api/projects/{project.id}/bin/dataset/{dataset['id']}", run_jobs)
    assert list(Blob.objects.values_list("pk", flat=True)) == [sha256]
    assert services.read_blob(sha256)
    assert quotas.used_bytes(project) == 0


def test_a_run_goes_with_checkpoints_explanations_and_evaluations(
    api: ApiClient,
    person: Any,
    project: Any,
    dataset: dict[str, Any],
    make_run: Make,
    run_jobs: Make,
) -> None:
    before = files()
    run = make_run(dataset["id"])
    explain(run, person)
    evaluate(run, person, dataset["id"])
    api.delete(f"/api/runs/{run.pk}")
    purge(api, f"/api/projects/{project.id}/bin/run/{run.pk}", run_jobs)
    for model in (Run, Checkpoint, RunEvent, Explanation, Evaluation, EvaluatedItem):
        assert not model.objects.exists(), model
    assert files() == before
    assert quotas.recount(project) == 0
    api.delete(f"/api/datasets/{dataset['id']}")
    assert binned(api, project)[0]["kept_because"] == ""


def test_what_something_still_needs_stays(
    api: ApiClient, project: Any, dataset: dict[str, Any], make_run: Make, run_jobs: Make
) -> None:
    first = make_run(dataset["id"])
    second = make_run(dataset["id"], start_checkpoint=first.checkpoints.get(is_best=True))
    for path in (f"/api/runs/{first.pk}", f"/api/datasets/{dataset['id']}"):
        api.delete(path)
    refused = api.delete(f"/api/projects/{project.id}/bin/run/{first.pk}")
    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    assert f"run {second.number} (Run 2) started from it" in refused.json()["detail"]
    result = purge(api, f"/api/projects/{project.id}/bin", run_jobs)
    assert result == {"num_purged": 0, "num_kept": 2}
    assert api.post(f"/api/runs/{first.pk}/restore").status_code == 200
    assert api.post(f"/api/datasets/{dataset['id']}/restore").status_code == 200


def test_what_is_going_for_good_does_not_come_back(
    api: ApiClient, project: Any, dataset: dict[str, Any], run_jobs: Make
) -> None:
    api.delete(f"/api/datasets/{dataset['id']}")
    api.delete(f"/api/projects/{project.id}/bin/dataset/{dataset['id']}")
    refused = api.post(f"/api/datasets/{dataset['id']}/restore")
    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    assert binned(api, project)[0]["is_purging"]
    run_jobs("bulk")
    assert binned(api, project) == []


def cut_after(num_ticks: int) -> Callable[[], None]:
    """A tick that ends the work like a worker that dies, the n-th time it is called."""
    left = iter(range(num_ticks - 1))

    def tick() -> None:
        if next(left, None) is None:
            raise JobStopped

    return tick


def test_a_purge_that_is_cut_goes_on(
    api: ApiClient, project: Any, dataset: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datasets.bin.PURGE_BATCH", 1)
    api.delete(f"/api/datasets/{dataset['id']}")
    kind = bin_kind("dataset")
    claim(objects_of(kind, pk=dataset["id"]))
    for num_ticks, num_left in ((1, 3), (2, 1)):
        with pytest.raises(JobStopped):
            purge_thing(kind, dataset["id"], cut_after(num_ticks))
        shas = set(Item.objects.values_list("sha256", flat=True))
        assert len(shas) == num_left
        assert {name.split(".")[0] for name in files()} == shas
        assert quotas.recount(project) == 0
    assert purge_thing(kind, dataset["id"], lambda: None)
    assert not Dataset.objects.exists()
    assert files() == set()
    assert purge_thing(kind, dataset["id"], lambda: None)


def test_files_that_a_row_still_names_stay_and_only_those(
    project: Any, dataset: dict[str, Any], make_run: Make
) -> None:
    run, before = make_run(dataset["id"]), files()
    blobs = services.store_batch(project, [bytes([number]) for number in range(7)])
    named = {blobs[1].sha256, blobs[5].sha256}
    for step, sha256 in enumerate(sorted(named), start=1_000):
        Checkpoint.objects.create(run=run, blob_id=sha256, step=step, epoch=1.0)
    digests = [blob.sha256 for blob in blobs]
    quotas.drop_blobs(project, digests)
    remove_unused(digests)
    assert files() - before == named
    assert set(Blob.objects.filter(pk__in=digests).values_list("pk", flat=True)) == named


def test_a_crash_between_rows_and_files_leaves_nothing_for_long(project: Any) -> None:
    blob = services.store_bytes(project, b"forgotten")
    quotas.drop_blobs(project, [blob.sha256])  # and here the process ends
    assert files() == {blob.sha256}
    sweep_unused()
    assert files() == set()
    assert not Blob.objects.exists()
    assert services.read_blob(services.store_bytes(project, b"forgotten").sha256) == b"forgotten"


def test_a_project_comes_back_with_everything(
    api: ApiClient, project: Any, dataset: dict[str, Any], make_run: Make
) -> None:
    waiting = make_run(dataset["id"], state="queued")
    assert api.delete(f"/api/projects/{project.id}").status_code == 204
    assert api.get(f"/api/projects/{project.id}").status_code == 404
    (told,) = api.get("/api/bin/projects").json()["items"]
    assert (told["name"], told["deleted_by"]) == ("Test project", "Ada")
    assert told["what"] == "1 network, 1 dataset, 1 run"
    assert told["size_bytes"] == quotas.used_bytes(project) > 0
    assert Run.objects.get(pk=waiting.pk).state == "paused"
    restored = api.post(f"/api/bin/projects/{project.id}/restore").json()
    assert (restored["num_networks"], restored["num_datasets"], restored["num_runs"]) == (1, 1, 1)
    assert len(api.get(f"/api/datasets/{dataset['id']}/items").json()["items"]) == 4
    assert api.post(f"/api/runs/{waiting.pk}/resume").status_code == 200


def test_only_owners_see_a_project_in_the_bin(api: ApiClient, project: Any, join: Make) -> None:
    editor = ApiClient(join(project, "editor"))
    api.delete(f"/api/projects/{project.id}")
    assert editor.get("/api/bin/projects").json()["items"] == []
    assert editor.post(f"/api/bin/projects/{project.id}/restore").status_code == 404


def test_a_project_goes_with_everything(
    api: ApiClient,
    person: Any,
    project: Any,
    dataset: dict[str, Any],
    make_run: Make,
    run_jobs: Make,
) -> None:
    first = make_run(dataset["id"])
    make_run(dataset["id"], start_checkpoint=first.checkpoints.get(is_best=True))
    explain(first, person)
    evaluate(first, person, dataset["id"])
    api.upload(project, "left.zip", b"bytes")
    api.delete(f"/api/projects/{project.id}")
    assert purge(api, f"/api/bin/projects/{project.id}", run_jobs)["num_purged"] == 1
    for model in (Project, Network, Dataset, Item, Run, Checkpoint, Blob, BlobUse):
        assert not model.objects.exists(), model
    assert files() == set()
    assert not list((settings.DATA_FOLDER / "uploads").iterdir())
    assert api.get("/api/bin/projects").json()["items"] == []


def test_a_project_waits_for_what_still_runs_in_it(
    api: ApiClient, project: Any, dataset: dict[str, Any], make_run: Make, run_jobs: Make
) -> None:
    run = make_run(dataset["id"], state="running", attempt=1)
    Job.objects.create(kind="tests.slow", lane="bulk", state="running", project=project)
    api.delete(f"/api/projects/{project.id}")
    result = purge(api, f"/api/bin/projects/{project.id}", run_jobs)
    assert result == {"num_purged": 0, "num_kept": 1}
    run.refresh_from_db()
    assert run.desired_state == "stop"
    assert Job.objects.get(kind="tests.slow").is_cancel_requested
    Run.objects.update(state="stopped")
    Job.objects.filter(kind="tests.slow").update(state="cancelled")
    BinKeeper().look()
    run_jobs("bulk")
    assert not Project.objects.exists()


def test_after_its_days_the_bin_empties_itself(
    api: ApiClient,
    project: Any,
    dataset: dict[str, Any],
    studio: Studio,
    run_jobs: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fresh = studio.dataset("Deleted today")
    for made in (dataset, fresh):
        api.delete(f"/api/datasets/{made['id']}")
    old = timezone.now() - timedelta(days=31)
    Dataset.objects.filter(pk=dataset["id"]).update(deleted_at=old)
    now = [1000.0]
    monkeypatch.setattr(purging.time, "monotonic", lambda: now[0])
    keeper = BinKeeper()
    keeper.look()  # a date that is wrong for a moment empties nothing
    assert not Job.objects.filter(kind="storage.purge").exists()
    now[0] += purging.EXPIRE_S + 1
    keeper.look()
    run_jobs("bulk")
    assert list(Dataset.objects.values_list("pk", flat=True)) == [fresh["id"]]
    assert files() == set()
    now[0] += purging.EXPIRE_S + 1
    keeper.look()
    assert Job.objects.filter(kind="storage.purge").count() == 1
