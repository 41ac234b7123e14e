"""`predict`: what a network says of images, one by one or a whole folder.

Classifiers name the likeliest classes; what detectors find is told by `predict_boxes`.
"""

from __future__ import annotations

import csv
import json
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypedDict, TypeVar

from netloom.commands.bundles import LoadedNetwork, load_network
from netloom.commands.output import complain, one_line, say
from netloom.commands.predict_boxes import box_tellers
from netloom.commands.problem import CommandError
from netloom.data.folder import FolderError, image_files, read_folder
from netloom.data.manifest import Item
from netloom.explain.detection_results import BoxOptions
from netloom.explain.prediction_table import class_name, header, row_of
from netloom.explain.results import ItemPrediction

if TYPE_CHECKING:
    from netloom.explain.detection_results import ItemBoxes


class RankedClass(TypedDict):
    """One of the most probable classes of an image."""

    index: int
    name: str
    probability: float


Told = TypeVar("Told", "ItemPrediction", "ItemBoxes")


class _Teller(Protocol):
    def tell(self, found: ItemPrediction) -> None: ...


@dataclass(slots=True)
class _Count:
    """What became of the images."""

    num_seen: int = 0
    num_unreadable: int = 0
    num_labelled: int = 0
    num_right: int = 0

    def add(self, found: ItemPrediction | ItemBoxes) -> None:
        self.num_seen += 1
        self.num_unreadable += bool(found.problem)
        if isinstance(found, ItemPrediction) and found.is_right is not None:
            self.num_labelled += 1
            self.num_right += found.is_right


def predict_images(options: Namespace) -> int:
    """Print or write what each image shows; 1 when an image could not be read.

    Images are read, predicted and told a batch at a time: their number does not matter.
    """
    from netloom.data.preprocess import PreprocessingError
    from netloom.explain import ExplainError, predict_items
    from netloom.explain.detections import Detector, detect_items

    if not options.paths and options.data is None:
        raise CommandError("Name images or folders, or a folder of class folders with --data.")
    network = load_network(options)
    detector = Detector.of(network.network)
    if detector is not None and options.data is not None:
        raise CommandError("--data compares classes; name the folder itself to find boxes in it.")
    items, folder = _items(options, network)
    count = _Count()
    with ExitStack() as stack:
        try:
            if detector is None:
                answers = predict_items(network.network, items, folder, top_k=options.top)
                _tell_all(answers, [each.tell for each in _tellers(options, network, stack)], count)
            else:
                chosen = BoxOptions(score_threshold=options.min_score)
                names = network.meta.classes
                boxes = detect_items(detector, items, folder, options=chosen, names=names)
                _tell_all(
                    boxes, [each.tell for each in box_tellers(options, network, stack)], count
                )
        except (ExplainError, PreprocessingError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename or 'A file'}: {error.strerror}.") from error
    if count.num_seen == 0:
        raise CommandError("There is no image in what was named.")
    _sum_up(options, count)
    return 0 if count.num_unreadable == 0 else 1


def _tell_all(
    answers: Iterable[Told], tellers: Sequence[Callable[[Told], None]], count: _Count
) -> None:
    for found in answers:
        count.add(found)
        for tell in tellers:
            tell(found)


def _items(options: Namespace, network: LoadedNetwork) -> tuple[Iterator[Item], Path]:
    """Return what to predict, images below folders included, and where paths start."""
    if options.data is None:
        paths: list[Path] = options.paths
        return _each_file(paths), Path()
    if options.paths:
        raise CommandError("Name images, or --data with a folder; not both.")
    try:
        manifest, folder = read_folder(options.data)
    except FolderError as error:
        raise CommandError(str(error)) from error
    places = network.places_of(manifest.classes)
    chosen = (item for item in manifest.items if options.split in ("all", item.split))
    labelled = (
        item.model_copy(update={"label": None if item.label is None else places[item.label]})
        for item in chosen
    )
    return labelled, folder


def _each_file(paths: list[Path]) -> Iterator[Item]:
    for path in paths:
        for file in image_files(path) if path.is_dir() else [path]:
            yield Item(id=str(file), path=str(file))


def _tellers(options: Namespace, network: LoadedNetwork, stack: ExitStack) -> Iterator[_Teller]:
    if options.csv is not None:
        yield stack.enter_context(_CsvTable(options.csv, network.meta.classes, options.top))
    if options.json:
        yield stack.enter_context(_JsonList(network.class_name))
    if options.csv is None and not options.json:
        yield _Lines(network.class_name)


def _sum_up(options: Namespace, count: _Count) -> None:
    if options.csv is not None and not options.json:
        say(f"{count.num_seen:,} images in {options.csv}")
    if count.num_labelled:
        share = count.num_right / count.num_labelled
        text = f"{share:.2%} right: {count.num_right:,} of {count.num_labelled:,} with a label"
        (complain if options.json else say)(text)


@dataclass(slots=True)
class _Lines:
    """A line for each image, for people."""

    class_name: Callable[[int], str]

    def tell(self, found: ItemPrediction) -> None:
        if found.problem:
            complain(f"{found.item_id}: {found.problem}")
            return
        ranked = zip(found.classes, found.scores, strict=True)
        words = ", ".join(f"{self.class_name(index)} {score:.1%}" for index, score in ranked)
        wrong = "" if found.is_right is not False or found.label is None else "  wrong: it is "
        answer = f"{words}{wrong and wrong + self.class_name(found.label or 0)}"
        say(f"{found.item_id}: {one_line(answer)}")


@dataclass(slots=True)
class _JsonList:
    """One JSON list, written as the answers come."""

    class_name: Callable[[int], str]
    num_told: int = 0

    def __enter__(self) -> _JsonList:
        return self

    def tell(self, found: ItemPrediction) -> None:
        answer: dict[str, object] = {"image": found.item_id}
        if found.problem:
            answer["error"] = f"{found.item_id}: {found.problem}"
        else:
            answer["classes"] = [
                RankedClass(index=index, name=self.class_name(index), probability=score)
                for index, score in zip(found.classes, found.scores, strict=True)
            ]
        if found.label is not None:
            answer |= {"label": self.class_name(found.label), "right": found.is_right}
        say(("[" if self.num_told == 0 else ",") + json.dumps(answer, ensure_ascii=False))
        self.num_told += 1

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            say("]" if self.num_told else "[]")


@dataclass(slots=True)
class _CsvTable:
    """A table for spreadsheets."""

    path: Path
    classes: list[str]
    top_k: int
    stack: ExitStack = field(default_factory=ExitStack)
    write: Callable[[list[str]], object] = field(init=False)

    def __enter__(self) -> _CsvTable:
        try:
            file = self.stack.enter_context(self.path.open("w", newline="", encoding="utf-8"))
        except OSError as error:
            raise CommandError(f"{self.path} cannot be written: {error.strerror}.") from error
        self.write = csv.writer(file).writerow
        self.write(header(self.top_k))
        return self

    def tell(self, found: ItemPrediction) -> None:
        label = "" if found.label is None else class_name(self.classes, found.label)
        cells = row_of(found.item_id, found, self.classes, self.top_k, label, found.is_right)
        self.write(cells)

    def __exit__(self, *_: object) -> None:
        self.stack.close()
