"""The storage page: what takes the space, each blob once, and what can be freed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from datasets.models import Dataset
from storage import quotas
from storage.models import Upload
from tests.api.datasets.conftest import Studio, png
from tests.client import ApiClient
from training.models import Checkpoint

pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., Any]


def storage(api: ApiClient, project: Any) -> dict[str, Any]:
    answer = api.get(f"/api/projects/{project.id}/storage")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_the_parts_add_up(
    api: ApiClient, project: Any, studio: Studio, dataset: dict[str, Any], make_run: Make
) -> None:
    run = make_run(dataset["id"])
    again = studio.dataset("The same twice")
    studio.bring_in_zip(again, {f"a/{seed}.png": png(seed) for seed in (0, 1)})
    api.upload(project, "later.zip", b"x" * 5000)
    told = storage(api, project)
    parts = {part["name"]: part for part in told["parts"]}
    assert set(parts) == {"datasets", "checkpoints", "bundles", "uploads"}
    assert (parts["datasets"]["num"], parts["checkpoints"]["num"]) == (6, 3)
    assert parts["uploads"]["size_bytes"] == 5000
    twice = Dataset.objects.get(pk=again["id"]).stored_bytes
    assert told["counted_once_bytes"] == twice > 0
    assert sum(part["size_bytes"] for part in told["parts"]) == told["used_bytes"] + twice
    assert told["used_bytes"] == quotas.used_bytes(project)
    sizes = [thing["size_bytes"] for thing in told["things"]]
    assert sizes == sorted(sizes, reverse=True)
    assert {thing["name"] for thing in told["things"]} == {"Pictures", "The same twice", run.name}


def test_what_is_in_the_bin_is_a_part_of_its_own(
    api: ApiClient, project: Any, dataset: dict[str, Any]
) -> None:
    api.delete(f"/api/datasets/{dataset['id']}")
    told = storage(api, project)
    assert [(part["name"], part["num"]) for part in told["parts"]] == [("bin", 1)]
    assert told["things"] == []
    assert [each["name"] for each in told["freeable"]] == ["bin"]


def test_the_page_asks_no_more_for_more(
    api: ApiClient, project: Any, dataset: dict[str, Any], make_run: Make
) -> None:
    make_run(dataset["id"])
    path = f"/api/projects/{project.id}/storage"
    with CaptureQueriesContext(
        connection,
    ) as few:
        api.get(path)
    for _ in range(3):
        make_run(dataset["id"])
        Dataset.objects.create(project=project, name="One more")
    with CaptureQueriesContext(connection) as more:
        api.get(path)
    assert len(more) == len(few)


def free(api: ApiClient, project: Any, what: str) -> int:
    answer = api.post(f"/api/projects/{project.id}/storage/free", {"what": what})
    assert answer.status_code == 200, answer.content
    return answer.json()["freed_bytes"]


def test_checkpoints_that_nobody_needs_can_go(
    api: ApiClient, project: Any, dataset: dict[str, Any], make_run: Make
) -> None:
    first = make_run(dataset["id"])
    started_from = make_run(dataset["id"])
    spare = started_from.checkpoints.get(step=1)
    make_run(dataset["id"], start_checkpoint=spare, state="running")
    offered = {each["name"]: each for each in storage(api, project)["freeable"]}
    assert offered["checkpoints"]["num"] == 1
    assert free(api, project, "checkpoints") == offered["checkpoints"]["size_bytes"] > 0
    assert sorted(first.checkpoints.values_list("step", flat=True)) == [2, 3]
    assert Checkpoint.objects.filter(pk=spare.pk).exists()

    assert offered["bundles"]["num"] == 3
    assert free(api, project, "bundles") == offered["bundles"]["size_bytes"]
    assert not Checkpoint.objects.exclude(bundle=None).exists()
    assert "bundles" not in {each["name"] for each in storage(api, project)["freeable"]}


def test_uploads_that_stopped_can_go(api: ApiClient, project: Any) -> None:
    asked = {"project_id": project.id, "file_name": "a.zip", "size_bytes": 5000}
    stopped, moving = (api.post("/api/uploads", asked).json()["id"] for _ in range(2))
    long_ago = timezone.now() - timedelta(minutes=11)
    Upload.objects.filter(pk=stopped).update(changed_at=long_ago)
    assert free(api, project, "uploads") == 5000
    assert list(Upload.objects.values_list("pk", flat=True)) == [moving]


def test_a_person_sees_all_their_projects_and_the_operator_the_disk(
    api: ApiClient, person: Any, project: Any, dataset: dict[str, Any], join: Make
) -> None:
    told = api.get("/api/storage").json()
    assert [each["name"] for each in told["projects"]] == ["Test project"]
    assert told["used_bytes"] == told["projects"][0]["used_bytes"] == quotas.used_bytes(project)
    assert told["disk"] is None
    viewer = ApiClient(join(project, "viewer"))
    assert viewer.get("/api/storage").json()["projects"] == []
    assert storage(viewer, project)["can_free"] is False
    person.is_operator = True
    person.save()
    disk = ApiClient(person).get("/api/storage").json()["disk"]
    assert 0 < disk["free_bytes"] < disk["total_bytes"]
