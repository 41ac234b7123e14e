"""Predictions over a dataset, computed in a child process of their own."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from django.db import transaction

from common.errors import Code, Problem
from datasets.models import DatasetVersion
from datasets.originals import local_originals
from datasets.versions import Row, rows_at
from inspection.box_tables import BoxTable, each_answer
from inspection.bulk_child import ask_bulk_child
from inspection.models import PredictedItem, PredictionTable
from inspection.sources import Source, source_of
from inspection.tables import PREDICT_MANY
from inspection.tasks import BATCH, model_files, person_of
from jobs.models import Lane
from jobs.registry import job_kind
from jobs.running import RunningJob
from netloom.data.manifest import Item as ManifestItem
from netloom.explain.prediction_table import header, row_of
from netloom.explain.results import ItemPrediction
from netloom.serve.requests import PredictionKind, PredictManyAnswer, PredictManyRequest
from storage.services import store_file

_ASKED_SHARE = 0.9
"""Of the whole: the rest is storing."""


def register() -> None:
    """Called once, when Django is ready. Importing this file has named the kind of work."""


@job_kind(PREDICT_MANY, lane=Lane.BULK)
def predict_many(job: RunningJob) -> dict[str, Any]:
    """What a network says of each item of a dataset."""
    source = source_of(job.payload)
    version = DatasetVersion.objects.select_related("dataset").get(
        pk=job.payload["dataset_version_id"]
    )
    split, top_k = job.payload["split"], job.payload["top_k"]
    with model_files(source) as (model, folder):
        job.progress(None, "Gathering the images")
        items = folder / "items.jsonl"
        num_items = _write_items(version, split, items)
        if num_items == 0:
            raise Problem(
                Code.INVALID,
                f"The dataset has no items in its {split} split." if split else "It has no items.",
                "Choose another split, or bring images in.",
            )
        request = PredictManyRequest(
            model=model,
            items=items,
            num_items=num_items,
            top_k=top_k,
            output=folder / "predictions.jsonl",
        )
        answer = PredictManyAnswer.model_validate(
            ask_bulk_child(job, "predict_many", request, share=_ASKED_SHARE)
        )
        job.progress(_ASKED_SHARE, "Storing the table")
        table = _table(version, answer, top_k, request.output)
        made = _store(job, source, version, split, table)
    return {"table_id": made.id}


def _write_items(version: DatasetVersion, split: str, path: Path) -> int:
    """Write the items as JSON lines, also those of no split; returns how many."""
    places = {entry["id"]: place for place, entry in enumerate(version.classes)}
    rows = rows_at(version.dataset, version.log_position)
    wanted = (row for row in rows if split in ("", row.split))
    num = 0
    with path.open("w", encoding="utf-8") as file:
        while batch := list(islice(wanted, BATCH)):
            files = local_originals(
                [(row.sha256, row.reference) for row in batch], path.parent / "originals"
            )
            for row in batch:
                file.write(_line(row, files[row.sha256], places) + "\n")
            num += len(batch)
    return num


def _line(row: Row, file: Path, places: dict[str, int]) -> str:
    label = places.get(row.label_class_id) if row.label_class_id else None
    return ManifestItem(id=row.item_id, path=str(file), label=label).model_dump_json()


@dataclass(slots=True)
class _Table:
    """A table on its way from the child's answers to a file and to rows."""

    version: DatasetVersion
    classes: list[str]
    top_k: int
    answers: Path
    kind: ClassVar[PredictionKind] = "classes"
    dataset_classes: list[str] = field(init=False)
    outputs: list[int | None] = field(init=False)
    counts: Counter[str] = field(default_factory=Counter[str])

    def __post_init__(self) -> None:
        self.dataset_classes = [entry["name"] for entry in self.version.classes]
        self.outputs = outputs_of(self.dataset_classes, self.classes)

    def write_csv(self, path: Path) -> None:
        """Write the whole table, counting what it holds."""
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(header(self.top_k))
            for found, name in self._each():
                is_right = self._is_right(found)
                self.counts["items"] += 1
                self.counts["unreadable"] += bool(found.problem)
                self.counts["labeled"] += is_right is not None
                self.counts["right"] += bool(is_right)
                label = "" if found.label is None else self.dataset_classes[found.label]
                writer.writerow(row_of(name, found, self.classes, self.top_k, label, is_right))

    def rows(self, made: PredictionTable) -> Iterator[PredictedItem]:
        """Yield the rows of a table."""
        for found, _ in self._each():
            yield PredictedItem(
                table=made,
                item_id=found.item_id,
                label=found.label,
                predicted=found.classes[0] if found.classes else None,
                score=found.scores[0] if found.scores else None,
                is_right=self._is_right(found),
                top=list(zip(found.classes, found.scores, strict=True)),
                problem=found.problem[:300],
            )

    def _each(self) -> Iterator[tuple[ItemPrediction, str]]:
        return each_answer(self.answers, ItemPrediction)

    def _is_right(self, found: ItemPrediction) -> bool | None:
        expected = None if found.label is None else self.outputs[found.label]
        if expected is None or not found.classes:
            return None
        return found.classes[0] == expected


def outputs_of(dataset_classes: list[str], network_classes: list[str]) -> list[int | None]:
    """Which output of a network means each class of a dataset: by name, None for none.

    A network that only counts its classes takes those of a dataset in their order, where there are
    as many.
    """
    if network_classes == [f"class {index}" for index in range(len(network_classes))]:
        is_same = len(dataset_classes) == len(network_classes)
        return [index if is_same else None for index in range(len(dataset_classes))]
    places = {name.casefold(): index for index, name in enumerate(network_classes)}
    return [places.get(name.casefold()) for name in dataset_classes]


def _table(
    version: DatasetVersion, answer: PredictManyAnswer, top_k: int, answers: Path
) -> _Table | BoxTable:
    if answer.kind == "boxes":
        return BoxTable(
            [entry["name"] for entry in version.classes], answer.classes, top_k, answers
        )
    return _Table(version, answer.classes, top_k, answers)


def _store(
    job: RunningJob,
    source: Source,
    version: DatasetVersion,
    split: str,
    table: _Table | BoxTable,
) -> PredictionTable:
    path = table.answers.with_suffix(".csv")
    table.write_csv(path)
    author = person_of(job)
    blob = store_file(source.project, path)
    with transaction.atomic():
        made = PredictionTable.objects.create(
            network=source.network,
            run=source.run,
            checkpoint=source.checkpoint,
            weight_set=source.weight_set,
            kind=table.kind,
            asked=source.title[:400],
            dataset_version=version,
            split=split,
            classes=table.classes,
            dataset_classes=table.dataset_classes,
            top_k=table.top_k,
            num_items=table.counts["items"],
            num_unreadable=table.counts["unreadable"],
            num_labeled=table.counts["labeled"],
            num_right=table.counts["right"],
            csv=blob,
            author=author,
        )
        rows = table.rows(made)
        while batch := list(islice(rows, BATCH)):
            PredictedItem.objects.bulk_create(batch)
    return made
