"""Where data comes from: a folder of the server, a table, archives of real data."""

from __future__ import annotations

import gzip
import io
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from PIL import Image

from tests.api.datasets.conftest import Studio, png, zip_of

pytestmark = pytest.mark.django_db(transaction=True)


def _fill(folder: Path, names: dict[str, int]) -> None:
    for name, seed in names.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(seed))


def test_a_folder_of_the_server_by_reference(studio: Studio, import_roots: Path) -> None:
    _fill(import_roots / "pets", {"cats/1.png": 1, "dogs/2.png": 2})
    outside = import_roots.parent / "secret"
    _fill(outside, {"key.png": 3})
    (import_roots / "pets" / "cats" / "out.png").symlink_to(outside / "key.png")
    (import_roots / "pets" / "cats" / "in.png").symlink_to(import_roots / "pets" / "dogs" / "2.png")
    (import_roots / "pets" / "loop").symlink_to(import_roots / "pets")
    dataset = studio.dataset()
    report = studio.import_(dataset, {"type": "folder", "path": str(import_roots / "pets")})
    assert (report["num_added"], report["num_conflicts"], report["num_skipped"]) == (2, 1, 1)
    assert report["problems"][0]["reason"] == "It is a link out of the folder."
    item = studio.items(dataset)[0]
    detail = studio.api.get(f"/api/items/{item['id']}").json()
    assert detail["is_referenced"]
    assert detail["source"] == "cats/1.png"
    from storage.models import Blob

    assert Blob.objects.count() == 0
    assert studio.api.get(item["thumbnail_url"]).status_code == 200


@pytest.mark.parametrize("path", ["/etc", "..", "/proc/self", "no/such place", "{root}/../secret"])
def test_folders_outside_of_the_roots_do_not_exist(
    studio: Studio, import_roots: Path, path: str
) -> None:
    _fill(import_roots.parent / "secret", {"key.png": 3})
    path = path.replace("{root}", str(import_roots))
    dataset = studio.dataset()
    answer = studio.api.post(
        f"/api/datasets/{dataset['id']}/imports", {"source": {"type": "folder", "path": path}}
    )
    assert answer.status_code == 422
    assert answer.json()["code"] == "folder_not_allowed"
    listing = studio.api.get("/api/import-roots")
    assert listing.json()["roots"] == [str(import_roots.resolve())]
    answer = studio.api.client.get("/api/import-roots", {"path": path})
    assert answer.status_code == 422


def test_folders_are_listed_below_the_roots(studio: Studio, import_roots: Path) -> None:
    _fill(import_roots / "pets", {"cats/1.png": 1, "cats/2.png": 2, "a.png": 3})
    (import_roots / "pets" / "away").symlink_to("/etc")
    listing = studio.api.client.get(
        "/api/import-roots", {"path": str(import_roots / "pets")}
    ).json()
    assert [
        (each["name"], each["is_folder"], each["num_files"]) for each in listing["entries"]
    ] == [
        ("a.png", False, 0),
        ("cats", True, 2),
    ]
    assert listing["parent"] == str(import_roots)


def test_the_command_brings_in_a_folder_twice(
    studio: Studio, import_roots: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del capsys
    _fill(import_roots / "pets", {"cats/1.png": 1, "dogs/2.png": 2})
    out = StringIO()
    call_command(
        "import_folder", str(import_roots / "pets"), "--project", studio.project.id, stdout=out
    )
    assert "2 images are in pets" in out.getvalue()
    _fill(import_roots / "pets", {"dogs/3.png": 3})
    call_command(
        "import_folder", str(import_roots / "pets"), "--project", "Test project", stdout=out
    )
    [dataset] = studio.api.get(f"/api/projects/{studio.project.id}/datasets").json()
    assert dataset["num_items"] == 3
    with pytest.raises(CommandError, match="NETLOOM_IMPORT_ROOTS"):
        call_command("import_folder", "/etc", "--project", studio.project.id)


def test_a_table_names_labels_splits_and_groups(studio: Studio) -> None:
    table = (
        "Filename;Class;Subset;Patient\r\n"
        "images/1.png;benign;train;p1\r\n"
        "2.png;malignant;val;p2\r\n"
        "3.png;benign;test;p3\r\n"
        "4.png;malignant;sideways;p4\r\n"
        "gone.png;benign;train;p5\r\n"
    ).encode("utf-8-sig")
    files = {f"data/images/{n}.png": png(n) for n in range(1, 6)}
    dataset = studio.dataset()
    source = {
        "type": "csv",
        "upload_id": studio.api.upload(studio.project, "labels.csv", table),
        "files_upload_id": studio.api.upload(studio.project, "files.zip", zip_of(files)),
    }
    report = studio.import_(dataset, source, split_ratio={"validation": 0, "test": 0})
    assert studio.labels(dataset) == {
        "1.png": "benign",
        "2.png": "malignant",
        "3.png": "benign",
        "4.png": "malignant",
    }
    items = {item["file_name"]: item for item in studio.items(dataset)}
    assert [items[f"{n}.png"]["split"] for n in range(1, 5)] == [
        "train",
        "validation",
        "test",
        "train",
    ]
    assert items["1.png"]["group"] == "p1"
    assert {(each["file"], each["code"]) for each in report["problems"]} == {
        ("4.png", "table"),
        ("gone.png", "missing_file"),
    }
    assert "Passed over, not named in the CSV: 1 file." in report["notes"]


def test_a_table_labels_what_is_there_already(studio: Studio) -> None:
    dataset = studio.dataset()
    files = {f"{n}.png": png(n) for n in range(3)}
    studio.bring_in(dataset, files)
    source = {
        "type": "csv",
        "upload_id": studio.api.upload(studio.project, "l.csv", b"0.png,cat\n1.png,dog\n"),
        "files_upload_id": studio.api.upload(studio.project, "f.zip", zip_of(files)),
    }
    report = studio.import_(dataset, source)
    assert report["num_added"] == 0
    assert studio.labels(dataset) == {"0.png": "cat", "1.png": "dog", "2.png": None}
    assert studio.refreshed(dataset)["num_labeled"] == 2


def test_a_table_needs_its_files(studio: Studio) -> None:
    dataset = studio.dataset()
    upload = studio.api.upload(studio.project, "l.csv", b"a,b\n")
    answer = studio.api.post(
        f"/api/datasets/{dataset['id']}/imports",
        {"source": {"type": "csv", "upload_id": upload}},
    )
    assert answer.status_code == 422


def test_uploads_of_others_or_unfinished_cannot_be_imported(
    studio: Studio, join: Any, sign_in: Any
) -> None:
    dataset = studio.dataset()
    other = sign_in(join(studio.project, "editor"))
    foreign = other.upload(studio.project, "a.png", png(1))
    unfinished = studio.api.post(
        "/api/uploads",
        {"project_id": studio.project.id, "file_name": "b.png", "size_bytes": 10},
    ).json()["id"]
    for upload_id, status in ((foreign, 404), ("nothere", 404), (unfinished, 409)):
        answer = studio.api.post(
            f"/api/datasets/{dataset['id']}/imports",
            {"source": {"type": "upload", "upload_ids": [upload_id]}},
        )
        assert answer.status_code == status


def test_uploads_are_used_up(studio: Studio) -> None:
    from storage.models import Upload

    studio.bring_in(studio.dataset(), {"a.png": png(1)})
    assert Upload.objects.count() == 0


def test_mnist_as_a_zip(studio: Studio, shared_data: Path) -> None:
    files = _mnist(shared_data / "mnist-t10k", count=1200)
    dataset = studio.dataset()
    report = studio.bring_in_zip(dataset, files)
    assert report["num_added"] + report["num_duplicates"] + report["num_conflicts"] == 1200
    assert report["num_added"] >= 1190
    after = studio.refreshed(dataset)
    assert [each["name"] for each in after["classes"]] == [str(digit) for digit in range(10)]
    assert after["splits"]["test"] == 240
    assert after["image_stats"]["channels_suggested"] == 1


def test_cifar_by_reference(studio: Studio, shared_data: Path, monkeypatch: Any) -> None:
    from django.conf import settings

    monkeypatch.setattr(
        settings,
        "ENVIRONMENT",
        settings.ENVIRONMENT.model_copy(update={"import_roots": [shared_data]}),
    )
    dataset = studio.dataset()
    report = studio.import_(dataset, {"type": "folder", "path": str(shared_data / "cifar10-jpg")})
    assert (report["num_added"], report["num_skipped"]) == (3500, 0)
    after = studio.refreshed(dataset)
    assert len(after["classes"]) == 10
    assert after["splits"]["test"] == 1000
    assert {each["count"] for each in after["classes"]} == {350}


def _mnist(folder: Path, count: int) -> dict[str, bytes]:
    [images_file] = [path for path in folder.iterdir() if "images" in path.name]
    [labels_file] = [path for path in folder.iterdir() if "labels" in path.name]
    pixels = np.frombuffer(gzip.decompress(images_file.read_bytes()), np.uint8, offset=16)
    labels = np.frombuffer(gzip.decompress(labels_file.read_bytes()), np.uint8, offset=8)
    files: dict[str, bytes] = {}
    for index, image in enumerate(pixels.reshape(-1, 28, 28)[:count]):
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "PNG")
        split = "test" if index % 5 == 0 else "train"
        files[f"mnist/{split}/{labels[index]}/{index}.png"] = buffer.getvalue()
    return files
