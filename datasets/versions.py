"""Dataset versions: a position of the log, and the manifest a trainer reads from it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet

from accounts.models import Person
from datasets.log import lock
from datasets.models import Dataset, DatasetVersion, Event, Item, Split
from datasets.originals import local_originals
from netloom.data.manifest import Item as ManifestItem
from storage.store import is_shared

FILE_NAME = "manifest.json"
FETCHED = "originals"
IMAGES = "images"
CHUNK = 2000


class Row(NamedTuple):
    """An item as it was at a position of the log."""

    item_id: str
    sha256: str
    reference: str
    group: str
    label_class_id: str | None
    split: str


def pin_version(dataset: Dataset, person: Person | None, name: str = "") -> DatasetVersion:
    """Pin the present state; the version of an unchanged dataset is used again."""
    with transaction.atomic():
        dataset = lock(dataset)
        classes = _classes(dataset)
        last = dataset.versions.select_related("author").order_by("-number").first()
        is_same = (
            last is not None
            and last.log_position == dataset.log_position
            and last.classes == classes
        )
        if last is not None and is_same and name in ("", last.name):
            return last
        if last is not None and is_same and not last.name:
            last.name = name
            last.save(update_fields=["name"])
            return last
        return DatasetVersion.objects.create(
            dataset=dataset,
            number=last.number + 1 if last else 1,
            name=name,
            log_position=dataset.log_position,
            num_items=dataset.num_items,
            classes=classes,
            splits=_splits(dataset),
            fingerprint=_fingerprint(dataset, classes),
            author=person,
        )


def rows_at(dataset: Dataset, position: int) -> Iterator[Row]:
    """The items as they were at a position, in the order they were brought in, streamed."""
    if position == dataset.log_position:
        fields = ("pk", "sha256", "reference", "group", "label_class_id", "split")
        items = Item.objects.filter(dataset=dataset, is_removed=False).order_by("position")
        found = items.values_list(*fields).iterator(chunk_size=CHUNK)
    else:
        last_events = _last_events(dataset, position).order_by("item__position")
        found = last_events.values_list(
            "item_id", "item__sha256", "item__reference", "item__group", "label_class_id", "split"
        ).iterator(chunk_size=CHUNK)
    return (Row(*row) for row in found)


def label_counts_at(version: DatasetVersion) -> dict[tuple[str, str], int]:
    """How many items a pinned version has, by (id of the class, split); those without left out."""
    dataset = Dataset.objects.get(pk=version.dataset_id)
    rows: QuerySet[Item] | QuerySet[Event]
    if version.log_position == dataset.log_position:
        rows = Item.objects.filter(dataset=dataset, is_removed=False)
    else:
        rows = _last_events(dataset, version.log_position)
    counted = (
        rows.filter(label_class__isnull=False)
        .values_list("label_class_id", "split")
        .annotate(count=Count("pk"))
        .order_by()
    )
    return {(class_id, split): count for class_id, split, count in counted}


def _last_events(dataset: Dataset, position: int) -> QuerySet[Event]:
    """What was said last, up to a position, about each item that was present then."""
    later = Event.objects.filter(
        item_id=OuterRef("item_id"), position__gt=OuterRef("position"), position__lte=position
    )
    return Event.objects.filter(
        ~Exists(later), dataset=dataset, position__lte=position, is_removed=False
    )


def write_manifest(
    version: DatasetVersion,
    folder: Path,
    *,
    only: Split | None = None,
    most_files: int | None = None,
    with_images: bool = False,
) -> Path:
    """Write the manifest of a pinned version, with local paths of the originals.

    Items without a split are left out: nobody decided whether they may be trained on. What a
    shared store has is fetched, and lies below `folder` as long as that is kept.

    Args:
        folder: Made when it is not there.
        only: Leave out the other splits.
        most_files: For a trial: fetch so many originals at most and let them stand for the rest.
        with_images: Copy the originals into the folder and name them from there, so that it can
            be moved to another machine.

    Returns:
        The file, complete: it appears under its name only when it is.
    """
    dataset = Dataset.objects.get(pk=version.dataset_id)
    index = {entry["id"]: place for place, entry in enumerate(version.classes)}
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{FILE_NAME}.{os.getpid()}"
    rows = rows_at(dataset, version.log_position)
    wanted = (row for row in rows if row.split != Split.UNASSIGNED and only in (None, row.split))
    with draft.open("w", encoding="utf-8") as file:
        names = json.dumps([entry["name"] for entry in version.classes])
        file.write(f'{{"format":"netloom.dataset","schema":1,"classes":{names},"items":[')
        separator = "\n"
        for row, original in _with_files(wanted, folder / FETCHED, most_files):
            path = _copied(original, row.sha256, folder) if with_images else original
            file.write(separator + _manifest_line(row, index, path))
            separator = ",\n"
        file.write("\n]}\n")
        file.flush()
        os.fsync(file.fileno())
    if with_images:
        shutil.rmtree(folder / FETCHED, ignore_errors=True)
    path = folder / FILE_NAME
    draft.replace(path)
    return path


def _with_files(
    rows: Iterator[Row], folder: Path, most_files: int | None
) -> Iterator[tuple[Row, Path]]:
    """Each row with the file of its original, fetched in batches."""
    if most_files is not None and is_shared():
        first = list(islice(rows, most_files))
        files = list(_files(first, folder).values())
        yield from zip(chain(first, rows), cycle(files), strict=False)
        return
    while batch := list(islice(rows, CHUNK)):
        paths = _files(batch, folder)
        for row in batch:
            yield row, paths[row.sha256]


def _files(rows: Sequence[Row], folder: Path) -> Mapping[str, Path]:
    return local_originals([(row.sha256, row.reference) for row in rows], folder)


def _copied(original: Path, sha256: str, folder: Path) -> Path:
    """Copy an original unless its content is there already; returns its path in the folder."""
    path = Path(IMAGES, sha256[:2], sha256)
    target = folder / path
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(original, target)
    return path


def _manifest_line(row: Row, index: dict[str, int], path: Path) -> str:
    return ManifestItem.model_construct(
        id=row.item_id,
        path=str(path),
        label=index.get(row.label_class_id) if row.label_class_id else None,
        split=row.split,  # pyright: ignore[reportArgumentType] - unassigned was left out
        group=row.group,
        digest=row.sha256,
    ).model_dump_json()


def _classes(dataset: Dataset) -> list[dict[str, Any]]:
    return [
        {
            "id": each.pk,
            "name": each.name,
            "color": each.color,
            "order": each.order,
            "count": each.num_items,
        }
        for each in dataset.classes.filter(deleted_at=None)
    ]


def _splits(dataset: Dataset) -> dict[str, int]:
    assigned = dataset.num_train + dataset.num_validation + dataset.num_test
    return {
        "train": dataset.num_train,
        "validation": dataset.num_validation,
        "test": dataset.num_test,
        "unassigned": dataset.num_items - assigned,
    }


def _fingerprint(dataset: Dataset, classes: list[dict[str, Any]]) -> str:
    index = {entry["id"]: place for place, entry in enumerate(classes)}
    lines = sorted(
        f"{row.sha256} {index.get(row.label_class_id or '', '')} {row.split}"
        for row in rows_at(dataset, dataset.log_position)
    )
    state = hashlib.sha256("\x00".join(entry["name"] for entry in classes).encode())
    for line in lines:
        state.update(f"\n{line}".encode())
    return state.hexdigest()
