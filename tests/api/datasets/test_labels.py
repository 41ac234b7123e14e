"""Labels: many at once, undo and again, history, counters that agree with the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.datasets.conftest import Studio, png

pytestmark = pytest.mark.django_db(transaction=True)

Json = dict[str, Any]


@pytest.fixture
def labeled(studio: Studio) -> Json:
    """A dataset of three cats, two dogs and an unlabeled loose file."""
    dataset = studio.dataset()
    files = {f"cats/c{n}.png": png(n) for n in range(3)}
    files |= {f"dogs/d{n}.png": png(10 + n) for n in range(2)}
    studio.bring_in_zip(dataset, files | {"loose.png": png(50)})
    return studio.refreshed(dataset)


def _class(dataset: Json, name: str) -> str:
    return next(each["id"] for each in dataset["classes"] if each["name"] == name)


def _set(
    studio: Studio, dataset: Json, item_ids: list[str], class_id: str | None, **more: Any
) -> Json:
    body = {"item_ids": item_ids, "class_id": class_id, **more}
    answer = studio.api.post(f"/api/datasets/{dataset['id']}/labels", body)
    assert answer.status_code == 200, answer.content
    return answer.json()


def _undo(studio: Studio, dataset: Json, event_ids: list[int]) -> Json:
    answer = studio.api.post(f"/api/datasets/{dataset['id']}/labels/undo", {"event_ids": event_ids})
    assert answer.status_code == 200, answer.content
    return answer.json()


def _assert_counters(studio: Studio, dataset: Json) -> None:
    """Counters are what one finds by counting."""
    after, items = studio.refreshed(dataset), studio.items(dataset)
    assert after["num_items"] == len(items)
    assert after["num_labeled"] == sum(item["state"] == "labeled" for item in items)
    assert after["num_reviewed_empty"] == sum(item["state"] == "reviewed_empty" for item in items)
    for split, count in after["splits"].items():
        assert count == sum(item["split"] == split for item in items)
    for each in after["classes"]:
        has = [item for item in items if item["label"] and item["label"]["class_id"] == each["id"]]
        assert each["count"] == len(has)


def test_a_gesture_is_labeled_and_undone_whole_or_not_at_all(
    studio: Studio, labeled: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datasets.labels.AT_ONCE", 2)
    dogs = _class(labeled, "dogs")
    before = studio.labels(labeled)
    item_ids = [item["id"] for item in studio.items(labeled)]
    body = {"item_ids": [*item_ids, "nowhere"], "class_id": dogs}
    refused = studio.api.post(f"/api/datasets/{labeled['id']}/labels", body)
    assert refused.status_code == 404
    assert studio.labels(labeled) == before
    _assert_counters(studio, labeled)

    done = _set(studio, labeled, item_ids, dogs)
    assert len(done["event_ids"]) == len(set(done["event_ids"])) == 4
    _assert_counters(studio, labeled)
    undone = _undo(studio, labeled, done["event_ids"])
    assert studio.labels(labeled) == before
    _assert_counters(studio, labeled)
    _undo(studio, labeled, undone["event_ids"])
    assert set(studio.labels(labeled).values()) == {"dogs"}


def test_many_items_get_a_class_and_lose_it_again(studio: Studio, labeled: Json) -> None:
    dogs = _class(labeled, "dogs")
    before = studio.labels(labeled)
    item_ids = [item["id"] for item in studio.items(labeled)]
    done = _set(studio, labeled, item_ids, dogs)
    assert done["changed"] == 4  # two were dogs already
    assert set(studio.labels(labeled).values()) == {"dogs"}
    _assert_counters(studio, labeled)

    undone = _undo(studio, labeled, done["event_ids"])
    assert undone["changed"] == 4
    assert studio.labels(labeled) == before
    _assert_counters(studio, labeled)
    origins = {item["file_name"]: item["label"] for item in studio.items(labeled)}
    assert origins["c0.png"]["origin"] == "import"
    assert origins["loose.png"] is None

    _undo(studio, labeled, undone["event_ids"])
    assert set(studio.labels(labeled).values()) == {"dogs"}
    _assert_counters(studio, labeled)


def test_undo_leaves_alone_what_was_labeled_again(studio: Studio, labeled: Json) -> None:
    cats, dogs = _class(labeled, "cats"), _class(labeled, "dogs")
    items = {item["file_name"]: item["id"] for item in studio.items(labeled)}
    first = _set(studio, labeled, [items["c0.png"], items["c1.png"]], dogs)
    _set(studio, labeled, [items["c0.png"]], None)
    assert _undo(studio, labeled, first["event_ids"])["changed"] == 1
    labels = studio.labels(labeled)
    assert (labels["c0.png"], labels["c1.png"]) == (None, "cats")
    assert _undo(studio, labeled, first["event_ids"])["changed"] == 0
    assert cats != dogs


def test_reviewed_empty_is_not_unlabeled(studio: Studio, labeled: Json) -> None:
    item = studio.items(labeled, "state=unlabeled")[0]
    _set(studio, labeled, [item["id"]], None, state="reviewed_empty")
    assert studio.items(labeled, "state=unlabeled") == []
    assert [each["id"] for each in studio.items(labeled, "state=reviewed_empty")] == [item["id"]]
    _assert_counters(studio, labeled)


def test_history_tells_who_said_what(
    studio: Studio, labeled: Json, join: Callable[..., Any], sign_in: Callable[..., Any]
) -> None:
    labeler = sign_in(join(studio.project, "labeler"))
    item = next(item for item in studio.items(labeled) if item["file_name"] == "c0.png")
    body = {"item_ids": [item["id"]], "class_id": _class(labeled, "dogs")}
    assert labeler.post(f"/api/datasets/{labeled['id']}/labels", body).status_code == 200
    detail = studio.api.get(f"/api/items/{item['id']}").json()
    assert [(each["kind"], each["origin"], each["author"]) for each in detail["history"]] == [
        ("added", "import", "Ada"),
        ("label", "human", "Labeler"),
    ]
    assert detail["label"]["author"] == "Labeler"
    assert detail["sha256"]
    assert detail["format"] == "PNG"


def test_foreign_items_and_classes_are_refused(studio: Studio, labeled: Json) -> None:
    other = studio.dataset("Other")
    studio.bring_in(other, {"x.png": png(99)})
    foreign = studio.items(other)[0]["id"]
    own = studio.items(labeled)[0]["id"]
    path = f"/api/datasets/{labeled['id']}/labels"
    dogs = _class(labeled, "dogs")
    assert studio.api.post(path, {"item_ids": [own, foreign], "class_id": dogs}).status_code == 404
    assert studio.api.post(path, {"item_ids": [own], "class_id": "nothing"}).status_code == 404
    assert studio.labels(labeled)["c0.png"] == "cats"


def test_classes_are_made_renamed_moved_and_removed(studio: Studio, labeled: Json) -> None:
    path = f"/api/datasets/{labeled['id']}/classes"
    birds = studio.api.post(path, {"name": "birds"}).json()
    assert birds["order"] == 2
    assert studio.api.post(path, {"name": "birds"}).json()["code"] == "name_taken"
    cats = _class(labeled, "cats")
    assert studio.api.patch(f"{path}/{cats}", {"name": "birds"}).status_code == 409
    assert studio.api.patch(f"{path}/{birds['id']}", {"order": 0}).json()["order"] == 0
    names = [each["name"] for each in studio.refreshed(labeled)["classes"]]
    assert names == ["birds", "cats", "dogs"]
    in_use = studio.api.delete(f"{path}/{cats}")
    assert (in_use.status_code, in_use.json()["code"]) == (409, "class_in_use")
    assert studio.api.delete(f"{path}/{birds['id']}").status_code == 204
    after = studio.refreshed(labeled)["classes"]
    assert [(each["name"], each["order"]) for each in after] == [("cats", 0), ("dogs", 1)]
    assert studio.api.post(path, {"name": "birds", "color": "#00ff00"}).json()["color"] == "#00ff00"


def test_items_go_to_the_bin_and_come_back(studio: Studio, labeled: Json) -> None:
    item = studio.items(labeled)[0]
    path = f"/api/datasets/{labeled['id']}/items"
    gone = studio.api.request("DELETE", path, {"item_ids": [item["id"]]})
    assert gone.json() == {"changed": 1}
    assert item["id"] not in {each["id"] for each in studio.items(labeled)}
    _assert_counters(studio, labeled)
    assert studio.api.post(f"{path}/restore", {"item_ids": [item["id"]]}).json() == {"changed": 1}
    assert studio.items(labeled)[0] == item
    _assert_counters(studio, labeled)


def test_content_in_the_bin_is_revived_when_it_comes_again(studio: Studio, labeled: Json) -> None:
    item = next(each for each in studio.items(labeled) if each["file_name"] == "c0.png")
    path = f"/api/datasets/{labeled['id']}/items"
    studio.api.request("DELETE", path, {"item_ids": [item["id"]]})
    report = studio.bring_in_zip(labeled, {"dogs/c0.png": png(0)})
    assert report["num_added"] == 1
    assert studio.labels(labeled)["c0.png"] == "dogs"
    _assert_counters(studio, labeled)


def test_splits_by_hand_and_for_the_rest(studio: Studio) -> None:
    dataset = studio.dataset()
    studio.bring_in_zip(dataset, {f"a/{n}.png": png(n) for n in range(60)}, split_ratio=None)
    assert studio.refreshed(dataset)["splits"]["unassigned"] == 60
    chosen = [item["id"] for item in studio.items(dataset)[:5]]
    path = f"/api/datasets/{dataset['id']}"
    moved = studio.api.patch(f"{path}/items", {"item_ids": chosen, "split": "test"})
    assert moved.json() == {"changed": 5}
    done = studio.api.post(f"{path}/splits", {"validation": 0.2, "test": 0.2}).json()
    assert done["assigned"] == 55
    assert done["splits"]["unassigned"] == 0
    by_id = {item["id"]: item["split"] for item in studio.items(dataset)}
    assert {by_id[each] for each in chosen} == {"test"}
    again = studio.api.post(f"{path}/splits", {"validation": 0.5, "test": 0.1}).json()
    assert again["assigned"] == 0
    assert {item["id"]: item["split"] for item in studio.items(dataset)} == by_id
    refused = studio.api.post(f"{path}/splits", {"validation": 0.6, "test": 0.5})
    assert refused.status_code == 422
    _assert_counters(studio, dataset)


def test_statistics_name_what_deserves_a_look(studio: Studio) -> None:
    dataset = studio.dataset()
    files = {f"many/{n}.png": png(n) for n in range(12)} | {"one/x.png": png(90, width=40)}
    studio.bring_in_zip(dataset, files, split_ratio={"validation": 0, "test": 0})
    statistics = studio.api.get(f"/api/datasets/{dataset['id']}/statistics").json()
    assert [(each["name"], each["train"], each["total"]) for each in statistics["balance"]] == [
        ("many", 12, 12),
        ("one", 1, 1),
    ]
    assert statistics["sizes"][0] == {"width": 24, "height": 16, "count": 12}
    notes = " ".join(statistics["notes"])
    assert "single image" in notes
    assert "uneven" in notes
    assert "validation" in notes
