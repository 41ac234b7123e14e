"""What folders mean: classes, splits, wrappers, and what systems leave behind."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from typing import Any

import pytest

from tests.api.datasets.conftest import Studio, png, zip_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_wrapper_junk_and_documents_are_understood(studio: Studio) -> None:
    dataset = studio.dataset()
    report = studio.bring_in_zip(
        dataset,
        {
            "my photos/v2/cats/1.png": png(1),
            "my photos/v2/dogs/2.png": png(2),
            "my photos/v2/cats/.DS_Store": b"\0\0\0\1Bud1",
            "my photos/v2/cats/Thumbs.db": b"\xd0\xcf\x11\xe0",
            "my photos/v2/README.md": b"# Photos",
            "__MACOSX/my photos/v2/cats/._1.png": b"\0\5\x16\7",
        },
    )
    assert studio.labels(dataset) == {"1.png": "cats", "2.png": "dogs"}
    assert report["num_files"] == 2
    assert report["problems"] == []
    assert any("README.md" in note for note in report["notes"])


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("train", "val", "test"),
        ("Training", "validation", "Testing"),
        ("x/train", "x/valid", "x/test"),
    ],
)
def test_split_folders_are_honoured(studio: Studio, train: str, validation: str, test: str) -> None:
    dataset = studio.dataset()
    files = {f"{train}/cats/{n}.png": png(n) for n in range(6)}
    files |= {f"{validation}/cats/{n}.png": png(n) for n in range(10, 12)}
    files |= {f"{test}/dogs/{n}.png": png(n) for n in range(20, 23)}
    studio.bring_in_zip(dataset, files)
    dataset = studio.refreshed(dataset)
    assert dataset["splits"] == {"train": 6, "validation": 2, "test": 3, "unassigned": 0}
    assert [each["name"] for each in dataset["classes"]] == ["cats", "dogs"]


def test_class_folders_of_split_folders(studio: Studio) -> None:
    dataset = studio.dataset()
    files = {
        f"{name}/train/{name}{n}.png": png(10 * ord(name) + n)
        for name in ("a", "b")
        for n in range(3)
    }
    files |= {"a/test/t.png": png(5000), "b/test/u.png": png(5001)}
    studio.bring_in_zip(dataset, files, split_ratio={"validation": 0, "test": 0})
    dataset = studio.refreshed(dataset)
    assert [each["name"] for each in dataset["classes"]] == ["a", "b"]
    assert (dataset["splits"]["train"], dataset["splits"]["test"]) == (6, 2)


def test_without_a_validation_folder_some_training_items_validate(studio: Studio) -> None:
    dataset = _seeded(studio)
    files = {f"train/a/{n}.png": png(n) for n in range(60)}
    files |= {f"test/a/{n}.png": png(100 + n) for n in range(10)}
    studio.bring_in_zip(dataset, files, split_ratio={"validation": 0.3, "test": 0.5})
    splits = studio.refreshed(dataset)["splits"]
    assert splits["test"] == 10
    assert 8 <= splits["validation"] <= 30
    assert splits["train"] + splits["validation"] == 60


def test_loose_files_have_no_label(studio: Studio) -> None:
    dataset = studio.dataset()
    report = studio.bring_in(dataset, {"a.png": png(1), "b.png": png(2)})
    assert report["num_added"] == 2
    dataset = studio.refreshed(dataset)
    assert dataset["classes"] == []
    assert dataset["num_labeled"] == 0
    assert {item["state"] for item in studio.items(dataset)} == {"unlabeled"}


def test_folders_are_no_classes_when_asked(studio: Studio) -> None:
    dataset = studio.dataset()
    files = {"cats/1.png": png(1), "dogs/2.png": png(2)}
    studio.bring_in_zip(dataset, files, label_from="none")
    assert studio.refreshed(dataset)["classes"] == []


def test_uploaded_files_with_folders_in_their_names(studio: Studio) -> None:
    dataset = studio.dataset()
    studio.bring_in(dataset, {"pets/cats/1.png": png(1), "pets/dogs/2.png": png(2)})
    assert studio.labels(dataset) == {"1.png": "cats", "2.png": "dogs"}


@pytest.mark.parametrize(
    ("folder", "encoding"),
    [("こいぬ写真", "cp932"), ("Hündchen", "cp437"), ("Кошки", "cp866"), ("ねこ", "utf-8")],
)
def test_names_in_old_encodings(studio: Studio, folder: str, encoding: str) -> None:
    dataset = studio.dataset()
    studio.bring_in(dataset, {"old.zip": _zip_with_raw_names(f"{folder}/1.png", encoding)})
    assert [each["name"] for each in studio.refreshed(dataset)["classes"]] == [folder]


def test_letters_that_macos_takes_apart_are_one_class(studio: Studio) -> None:
    dataset = studio.dataset()
    studio.bring_in_zip(dataset, {"caf\u00e9/1.png": png(1), "cafe\u0301/2.png": png(2)})
    assert [each["name"] for each in studio.refreshed(dataset)["classes"]] == ["caf\u00e9"]


def test_groups_are_not_torn(studio: Studio) -> None:
    dataset = _seeded(studio)
    files = {f"a/p{n // 5:02d}_{n}.png": png(n) for n in range(100)}
    studio.bring_in_zip(
        dataset,
        files,
        group_pattern="{group}_*",
        split_ratio={"validation": 0.3, "test": 0.3},
    )
    items = studio.items(dataset)
    splits: dict[str, set[str]] = {}
    for item in items:
        splits.setdefault(item["group"], set()).add(item["split"])
    assert len(splits) == 20
    assert all(len(each) == 1 for each in splits.values())
    assert len(Counter(item["split"] for item in items)) == 3

    # Later images of a known group join it, whatever the shares are now.
    more = {f"a/p{n // 5:02d}_{n}x.png": png(1000 + n) for n in range(100)}
    studio.bring_in_zip(
        dataset, more, group_pattern="{group}_*", split_ratio={"validation": 0, "test": 0}
    )
    for item in studio.items(dataset):
        assert {item["split"]} == splits[item["group"]]


def test_groups_stay_together_when_validation_is_carved_out(studio: Studio) -> None:
    dataset = _seeded(studio)
    options = {"group_pattern": "{group}_*", "split_ratio": {"validation": 0.4, "test": 0}}

    def files(first: int) -> dict[str, bytes]:
        names = [f"p{n % 10}_{first + n}" for n in range(40)]
        return {f"train/a/{name}.png": png(first + n) for n, name in enumerate(names)}

    studio.bring_in_zip(dataset, files(0) | {"test/a/q_0.png": png(900)}, **options)
    items = studio.items(dataset)
    splits = {item["group"]: item["split"] for item in items}
    assert {"train", "validation", "test"} == set(splits.values())
    moved = [item["id"] for item in items if item["group"] == "p0"]
    other = "train" if splits["p0"] == "validation" else "validation"
    path = f"/api/datasets/{dataset['id']}/items"
    studio.api.patch(path, {"item_ids": moved, "split": other})
    splits["p0"] = other

    report = studio.bring_in_zip(dataset, files(100) | {"test/a/q_1.png": png(901)}, **options)
    assert report["problems"] == []
    for item in studio.items(dataset):
        assert item["split"] == splits[item["group"]]

    # What a folder says is done, and said when it tears a group.
    torn = studio.bring_in_zip(dataset, {"test/a/p0_999.png": png(999)}, **options)
    assert torn["problem_counts"] == {"group_across_splits": 1}


def test_a_group_pattern_without_group_is_refused(studio: Studio) -> None:
    dataset = studio.dataset()
    upload = studio.api.upload(studio.project, "a.png", png(1))
    body: dict[str, Any] = {
        "source": {"type": "upload", "upload_ids": [upload]},
        "options": {"group_pattern": "(a+)+$"},
    }
    answer = studio.api.post(f"/api/datasets/{dataset['id']}/imports", body)
    assert answer.status_code == 422
    assert "{group}" in answer.json()["detail"]


def test_splits_do_not_depend_on_order_and_never_move(studio: Studio) -> None:
    dataset = studio.dataset()
    files = {f"a/{n}.png": png(n) for n in range(80)}
    first = dict(list(files.items())[:40])
    studio.bring_in_zip(dataset, first)
    before = {item["file_name"]: item["split"] for item in studio.items(dataset)}
    studio.bring_in_zip(dataset, files)
    after = {item["file_name"]: item["split"] for item in studio.items(dataset)}
    assert len(after) == 80
    assert {name: after[name] for name in before} == before

    from datasets.models import Dataset

    twin = studio.dataset("Twin")
    seed = Dataset.objects.get(pk=dataset["id"]).seed
    Dataset.objects.filter(pk=twin["id"]).update(seed=seed)
    studio.bring_in_zip(twin, dict(reversed(files.items())))
    assert {item["file_name"]: item["split"] for item in studio.items(twin)} == after


def _seeded(studio: Studio) -> dict[str, Any]:
    """A dataset that splits the same way in every run of the test."""
    from datasets.models import Dataset

    dataset = studio.dataset()
    Dataset.objects.filter(pk=dataset["id"]).update(seed=2)
    return dataset


def _zip_with_raw_names(name: str, encoding: str) -> bytes:
    """An archive as an old program writes it: raw bytes as the name, no UTF-8 flag."""
    raw = name.encode(encoding)
    stand_in = "x" * len(raw)
    data = zip_of({stand_in: png(1)})
    assert zipfile.is_zipfile(io.BytesIO(data))
    return data.replace(stand_in.encode(), raw)
