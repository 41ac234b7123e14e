"""What a detector found in many images, on its way from the child's answers to a file and to rows.

The file has a row for each box, as programs that go on with boxes read them; a row of the table
stands for an image.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import ClassVar, TypeVar

from datasets.models import Item
from inspection.models import PredictedItem, PredictionTable
from netloom.explain.detection_results import ItemBoxes
from netloom.explain.prediction_table import BOX_HEADER, box_rows, class_name
from netloom.explain.results import ItemPrediction
from netloom.serve.requests import PredictionKind

_BATCH = 1000
Answer = TypeVar("Answer", ItemPrediction, ItemBoxes)


def each_answer(path: Path, kind: type[Answer]) -> Iterator[tuple[Answer, str]]:
    """Yield the answers with where their files came from, without items deleted meanwhile."""
    with path.open(encoding="utf-8") as lines:
        while batch := list(islice(lines, _BATCH)):
            found = [kind.model_validate_json(line) for line in batch]
            ids = [each.item_id for each in found]
            names = dict(Item.objects.filter(pk__in=ids).values_list("pk", "source"))
            yield from ((each, names[each.item_id]) for each in found if each.item_id in names)


@dataclass(slots=True)
class BoxTable:
    """A table of boxes.

    Attributes:
        known: Names of classes, as far as the network's file told them.
        counts: Of `items` and `unreadable` ones, once the file is written.
    """

    kind: ClassVar[PredictionKind] = "boxes"
    dataset_classes: list[str]
    known: list[str]
    top_k: int
    answers: Path
    counts: Counter[str] = field(default_factory=Counter[str])
    num_classes: int = 0

    @property
    def classes(self) -> list[str]:
        """A name for each class that was found, and for those below it."""
        return [class_name(self.known, index) for index in range(self.num_classes)]

    def write_csv(self, path: Path) -> None:
        """Write every box, counting the images."""
        self.num_classes = len(self.known)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(BOX_HEADER)
            for found, name in each_answer(self.answers, ItemBoxes):
                self.counts["items"] += 1
                self.counts["unreadable"] += bool(found.problem)
                labels = [box.label + 1 for box in found.boxes]
                self.num_classes = max([self.num_classes, *labels])
                writer.writerows(box_rows(name, found, self.known))

    def rows(self, made: PredictionTable) -> Iterator[PredictedItem]:
        """Yield a row for each image."""
        for found, _ in each_answer(self.answers, ItemBoxes):
            best = {box.label: box.score for box in reversed(found.boxes)}
            top = sorted(best.items(), key=lambda each: -each[1])[: self.top_k]
            first = next(iter(top), None)
            yield PredictedItem(
                table=made,
                item_id=found.item_id,
                predicted=None if first is None else first[0],
                score=None if first is None else first[1],
                top=top,
                num_boxes=None if found.problem else found.num_all,
                problem=found.problem[:300],
            )
