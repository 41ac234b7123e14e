"""What a detector finds, told as lines, as JSON or as a table."""

from __future__ import annotations

import csv
import json
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypedDict

from netloom.commands.output import complain, one_line, say
from netloom.commands.problem import CommandError
from netloom.explain.prediction_table import BOX_HEADER, box_rows

if TYPE_CHECKING:
    from netloom.commands.bundles import LoadedNetwork
    from netloom.explain.detection_results import ItemBoxes


class FoundBox(TypedDict):
    """An object: corners in pixels of the upright image."""

    x1: float
    y1: float
    x2: float
    y2: float
    score: float
    index: int
    name: str


class _BoxTeller(Protocol):
    def tell(self, found: ItemBoxes) -> None: ...


def box_tellers(
    options: Namespace, network: LoadedNetwork, stack: ExitStack
) -> Iterator[_BoxTeller]:
    """Yield who tells what was found, as the command asks for it."""
    if options.csv is not None:
        yield stack.enter_context(_BoxTable(options.csv, network.meta.classes))
    if options.json:
        yield stack.enter_context(_BoxList(network.class_name))
    if options.csv is None and not options.json:
        yield _BoxLines(network.class_name)


@dataclass(slots=True)
class _BoxLines:
    """A line for each image, for people."""

    class_name: Callable[[int], str]

    def tell(self, found: ItemBoxes) -> None:
        if found.problem:
            complain(f"{found.item_id}: {found.problem}")
            return
        if not found.boxes:
            say(f"{found.item_id}: nothing found")
            return
        counts = Counter(self.class_name(box.label) for box in found.boxes)
        words = ", ".join(f"{count:,} × {name}" for name, count in counts.most_common())
        say(f"{found.item_id}: {one_line(words)}; the best scores {found.boxes[0].score:.1%}")


@dataclass(slots=True)
class _BoxList:
    """One JSON list, written as the answers come."""

    class_name: Callable[[int], str]
    num_told: int = 0

    def __enter__(self) -> _BoxList:
        return self

    def tell(self, found: ItemBoxes) -> None:
        answer: dict[str, object] = {"image": found.item_id}
        if found.problem:
            answer["error"] = f"{found.item_id}: {found.problem}"
        else:
            boxes = [
                FoundBox(
                    x1=box.x1, y1=box.y1, x2=box.x2, y2=box.y2,
                    score=box.score, index=box.label, name=self.class_name(box.label),
                )
                for box in found.boxes
            ]  # fmt: skip
            answer |= {"width": found.width, "height": found.height, "boxes": boxes}
        say(("[" if self.num_told == 0 else ",") + json.dumps(answer, ensure_ascii=False))
        self.num_told += 1

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            say("]" if self.num_told else "[]")


@dataclass(slots=True)
class _BoxTable:
    """A row for each box, and one for each image without any."""

    path: Path
    classes: list[str]
    stack: ExitStack = field(default_factory=ExitStack)
    write: Callable[[list[str]], object] = field(init=False)

    def __enter__(self) -> _BoxTable:
        try:
            file = self.stack.enter_context(self.path.open("w", newline="", encoding="utf-8"))
        except OSError as error:
            raise CommandError(f"{self.path} cannot be written: {error.strerror}.") from error
        self.write = csv.writer(file).writerow
        self.write([*BOX_HEADER])
        return self

    def tell(self, found: ItemBoxes) -> None:
        for row in box_rows(found.item_id, found, self.classes):
            self.write(row)

    def __exit__(self, *_: object) -> None:
        self.stack.close()
