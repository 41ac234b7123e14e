"""Pages of items: by key, filtered, with few queries however many there are."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.datasets.conftest import Studio, png
from tests.client import ApiClient

pytestmark = pytest.mark.django_db(transaction=True)

Json = dict[str, Any]


@pytest.fixture
def many(person: Any, project: Any) -> Any:
    """Two thousand rows, without files: pages read none."""
    from datasets.models import Dataset, Import, Item, LabelClass

    dataset = Dataset.objects.create(
        project=project, name="Many", num_items=2000, num_labeled=2000, num_train=1000
    )
    report = Import.objects.create(dataset=dataset, source={}, options={}, title="x")
    label = LabelClass.objects.create(
        dataset=dataset, name="thing", color="#000000", order=0, num_items=2000
    )
    Item.objects.bulk_create(
        Item(
            dataset=dataset,
            position=n + 1,
            file_name=f"{n:04d}.png",
            source=f"folder/{n:04d}.png",
            sha256=f"{n:064x}",
            size_bytes=10,
            format="PNG",
            mode="rgb",
            width=8,
            height=8,
            split="train" if n % 2 else "test",
            state="labeled",
            label_class=label,
            label_origin="human",
            label_author=person,
            labeled_at=report.created_at,
            brought_by=report,
        )
        for n in range(2000)
    )
    return dataset


def _pages(api: ApiClient, path: str) -> list[Json]:
    items: list[Json] = []
    cursor = ""
    while True:
        page = api.get(f"{path}&cursor={cursor}" if cursor else path).json()
        items += page["items"]
        if page["next"] is None:
            assert page["total"] == len(items)
            return items
        cursor = page["next"]


def test_pages_are_complete_and_in_order(api: ApiClient, many: Any) -> None:
    path = f"/api/datasets/{many.pk}/items?limit=300"
    names = [item["file_name"] for item in _pages(api, path)]
    assert names == [f"{n:04d}.png" for n in range(2000)]
    newest = [item["file_name"] for item in _pages(api, f"{path}&order=newest")]
    assert newest == names[::-1]


def test_filters_combine(api: ApiClient, many: Any) -> None:
    label = many.classes.get().pk
    path = f"/api/datasets/{many.pk}/items?limit=500"
    assert len(_pages(api, f"{path}&label={label}&split=train")) == 1000
    assert len(_pages(api, f"{path}&search=FOLDER/19")) == 100
    assert _pages(api, f"{path}&state=unlabeled") == []
    assert len(_pages(api, f"{path}&split=train&search=1999")) == 1


def test_a_page_costs_the_same_everywhere(
    api: ApiClient, many: Any, django_assert_max_num_queries: Any
) -> None:
    path = f"/api/datasets/{many.pk}/items?limit=500"
    for query in ("", "&cursor=1400", "&split=train", f"&label={many.classes.get().pk}"):
        with django_assert_max_num_queries(7):
            page = api.get(path + query).json()
        assert page["items"][0]["label"]["author"] == "Ada"


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("cursor=1400", "item_page"),
        ("order=newest", "item_page"),
        ("label={label}", "item_label_page"),
        ("split=train", "item_split_page"),
        ("split=unassigned&state=labeled", "item_split_page"),
        ("split=train&state=unlabeled", "item_state_page"),
        ("label={label}&split=train&state=labeled", "item_split_page"),
    ],
)
def test_a_page_seeks_by_the_index_of_its_rarest_filter(
    api: ApiClient, many: Any, query: str, index: str
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("How PostgreSQL plans depends on its statistics.")
    query = query.format(label=many.classes.get().pk)
    with CaptureQueriesContext(connection) as done:
        assert api.get(f"/api/datasets/{many.pk}/items?{query}").status_code == 200
    [page] = [each["sql"] for each in done if "LIMIT 101" in each["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {page}")
        plan = " / ".join(str(row[3]) for row in cursor.fetchall())
    assert f"USING INDEX {index} " in plan
    assert "TEMP B-TREE" not in plan


def test_only_the_first_page_counts(api: ApiClient, many: Any) -> None:
    path = f"/api/datasets/{many.pk}/items?split=train&search=folder&limit=300"
    first = api.get(path).json()
    assert (len(first["items"]), first["total"]) == (300, 1000)
    with CaptureQueriesContext(connection) as done:
        second = api.get(f"{path}&cursor={first['next']}").json()
    assert (len(second["items"]), second["total"]) == (300, 1000)
    assert second["items"][0]["id"] not in {item["id"] for item in first["items"]}
    assert not [each["sql"] for each in done if "COUNT(" in each["sql"]]


def test_the_list_of_datasets_needs_few_queries(
    api: ApiClient, project: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(6):
        made = api.post(f"/api/projects/{project.id}/datasets", {"name": f"D{number}"}).json()
        api.post(f"/api/datasets/{made['id']}/classes", {"name": "a"})
    with django_assert_max_num_queries(6):
        listed = api.get(f"/api/projects/{project.id}/datasets").json()
    assert len(listed) == 6
    assert all(len(each["classes"]) == 1 for each in listed)


@pytest.mark.parametrize(
    "query",
    ["cursor=abc", "cursor=-1", "cursor=1-", "cursor=1-x", "limit=0", "limit=9999", "split=x"],
)
def test_wrong_queries_are_named(api: ApiClient, many: Any, query: str) -> None:
    assert api.get(f"/api/datasets/{many.pk}/items?{query}").status_code == 422


def test_datasets_go_to_the_bin_and_come_back(studio: Studio) -> None:
    dataset = studio.dataset("Precious")
    studio.bring_in(dataset, {"a.png": png(1)})
    item = studio.items(dataset)[0]
    path = f"/api/datasets/{dataset['id']}"
    assert studio.api.patch(path, {"name": "Gone"}).json()["name"] == "Gone"
    assert studio.api.delete(path).status_code == 204
    assert studio.api.get(path).status_code == 404
    assert studio.api.get(f"/api/items/{item['id']}").status_code == 404
    binned = studio.api.get(f"/api/projects/{studio.project.id}/datasets?is_deleted=true").json()
    assert [each["name"] for each in binned] == ["Gone"]
    assert studio.api.post(f"{path}/restore").json()["num_items"] == 1
    assert studio.api.get(f"/api/items/{item['id']}").status_code == 200
