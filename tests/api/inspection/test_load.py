"""How much one person may ask of the lane that everybody shares; nothing is trained here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings

from accounts.services import create_project
from jobs.models import Job
from jobs.selectors import queue_order
from tests.client import ApiClient
from tests.security.routes import World, all_objects

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(make_person: Callable[..., Any], join: Callable[..., Any]) -> World:
    owner = make_person("Owner")
    project = create_project(owner, "Shared")
    return World(project, {"owner": owner, "editor": join(project, "editor")})


@pytest.fixture
def checkpoint_id(world: World, clean_files: None) -> str:
    return all_objects()["checkpoint_id"](world)


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("lime", {"num_superpixels": 1000, "samples_per_superpixel": 1000}),
        ("lime", {"num_superpixels": 201, "samples_per_superpixel": 100}),
        ("lime", {"samples_per_superpixel": 500}),
        ("occlusion", {"window_share": 0.01, "stride_share": 0.005}),
        ("occlusion", {"window_share": 0.001, "stride_share": 1}),
        ("occlusion", {"window_share": 5e-324}),
    ],
)
def test_an_explanation_that_takes_an_hour_is_refused(
    api: ApiClient, method: str, options: dict[str, Any]
) -> None:
    body = {"checkpoint_id": "none", "item_id": "none", "method": method, "options": options}
    answer = api.post("/api/explanations", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert "20,000" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("lime", {"num_superpixels": 200, "samples_per_superpixel": 100}),
        ("occlusion", {"window_share": 0.05, "stride_share": 0.01}),
        ("gradcam", {"num_superpixels": 1000, "samples_per_superpixel": 1000}),
    ],
)
def test_within_the_limit_the_checkpoint_is_looked_for(
    api: ApiClient, method: str, options: dict[str, Any]
) -> None:
    body = {"checkpoint_id": "none", "item_id": "none", "method": method, "options": options}
    assert api.post("/api/explanations", body).status_code == 404


def test_the_same_evaluation_is_not_queued_twice(world: World, checkpoint_id: str) -> None:
    def ask(who: str, split: str = "validation") -> dict[str, Any]:
        body = {"checkpoint_id": checkpoint_id, "split": split}
        answer = ApiClient(world.people[who]).post("/api/evaluations", body)
        assert answer.status_code == 202, answer.content
        return answer.json()

    first = ask("owner")
    assert ask("owner")["id"] == first["id"]
    assert ask("editor")["id"] == first["id"]
    assert ask("owner", "test")["id"] != first["id"]
    ApiClient(world.people["owner"]).post(f"/api/jobs/{first['id']}/cancel")
    assert ask("owner")["id"] != first["id"]


def test_a_person_has_only_so_many_waiting_and_people_take_turns(
    world: World, checkpoint_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = settings.ENVIRONMENT.model_copy(update={"interactive_jobs": 3})
    monkeypatch.setattr(settings, "ENVIRONMENT", few)
    body = {"checkpoint_id": checkpoint_id, "item_id": all_objects()["item_id"](world)}
    eager = ApiClient(world.people["owner"])
    asked = [eager.post("/api/predictions", body) for _ in range(4)]
    assert [answer.status_code for answer in asked] == [202, 202, 202, 429]
    assert asked[3].json()["code"] == "queue_full"
    assert asked[3].json()["detail"].startswith("3 of your questions wait")
    other = ApiClient(world.people["editor"]).post("/api/predictions", body)
    assert other.status_code == 202

    order = [job.id for job in queue_order("interactive")]
    assert order == [
        asked[0].json()["id"],
        other.json()["id"],
        asked[1].json()["id"],
        asked[2].json()["id"],
    ]
    eager.post(f"/api/jobs/{asked[2].json()['id']}/cancel")
    assert eager.post("/api/predictions", body).status_code == 202
    assert Job.objects.filter(lane="interactive", state="queued").count() == 4
