"""What would keep a run from starting, found before anything is queued."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from datasets.models import Dataset, DatasetVersion, Item
from datasets.selectors import is_filling
from datasets.services import binding_of, binding_of_version, label_counts_at
from designer.models import WeightSet
from jobs.devices import devices
from netloom.analyze import analyze
from netloom.data.manifest import Item as ManifestItem
from netloom.data.manifest import Manifest
from netloom.graph.document import Document
from netloom.train.check import check_spec
from netloom.train.spec import RunConfig, TrainSpec
from training.models import Checkpoint
from training.schemas import RunCheck, RunProblem
from training.selectors import document_of

Starts = tuple[Checkpoint | WeightSet | None, Checkpoint | WeightSet | None]

UNEVEN_RATIO = 3
FEW_ITEMS = 2000
SMALL_BATCH = 32
WANTED_STEPS = 1000
"""What a small network needs to learn something worth looking at."""
FEWEST_EPOCHS, MOST_EPOCHS = 5, 20
_STILL_FILLING = RunProblem(
    code="data_still_coming_in",
    severity="error",
    message="The images of this data are still being brought in. Start when they are all there.",
)
# Problems that may be over once all images are there.
_OF_THE_DATA = {
    "too_few_classes",
    "label_out_of_range",
    "no_training_items",
    "class_without_training_items",
    "class_with_one_item",
    "no_validation_items",
    "class_count_mismatch",
}


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """Labelled items by (index of the class, split)."""

    classes: list[str]
    counts: dict[tuple[int, str], int]

    def of_split(self, split: str) -> int:
        return sum(count for (_, each), count in self.counts.items() if each == split)

    @property
    def is_uneven(self) -> bool:
        """True when the largest class has three times the training items of the smallest."""
        train = [count for (_, split), count in self.counts.items() if split == "train" and count]
        return bool(train) and max(train) >= UNEVEN_RATIO * min(train)

    def as_manifest(self) -> Manifest:
        """The smallest manifest with the same classes in the same splits, one or two of each."""
        return Manifest(
            classes=self.classes,
            items=[
                ManifestItem(id=f"{label}-{split}-{place}", path="-", label=label, split=split)  # pyright: ignore[reportArgumentType]
                for (label, split), count in self.counts.items()
                if split != "unassigned"
                for place in range(min(count, 2))
            ],
        )


def count_labels(dataset: Dataset) -> LabelCounts:
    """Count the labelled items of a dataset by class and split."""
    classes = list(dataset.classes.filter(deleted_at=None).values_list("id", "name"))
    index = {class_id: place for place, (class_id, _) in enumerate(classes)}
    rows = (
        Item.objects.filter(dataset=dataset, is_removed=False, label_class__isnull=False)
        .values_list("label_class_id", "split")
        .annotate(count=Count("pk"))
        .order_by()
    )
    counts = {
        (index[class_id], split): count for class_id, split, count in rows if class_id in index
    }
    return LabelCounts([name for _, name in classes], counts)


def count_labels_of_version(version: DatasetVersion) -> LabelCounts:
    """Count the labelled items of a pinned version by class and split."""
    index = {str(entry["id"]): place for place, entry in enumerate(version.classes)}
    counts = {
        (index[class_id], split): count
        for (class_id, split), count in label_counts_at(version).items()
        if class_id in index
    }
    return LabelCounts([str(entry["name"]) for entry in version.classes], counts)


def check(
    document: Document,
    data: Dataset | DatasetVersion,
    config: RunConfig,
    starts: Starts = (None, None),
) -> RunCheck:
    """Everything that speaks against this run, and defaults that suit the data.

    Args:
        data: A dataset as it is now, or a pinned version.
        starts: The first weights, and those of a network that was merged into this one.
    """
    if isinstance(data, DatasetVersion):
        labels, binding, filling = count_labels_of_version(data), binding_of_version(data), False
    else:
        labels, binding, filling = count_labels(data), binding_of(data), is_filling(data)
    # What only the images that are still missing can tell would be false alarm.
    analysis = analyze(document, None if filling else binding)
    problems = [
        RunProblem.model_validate(diagnostic.model_dump(mode="json", by_alias=True))
        for diagnostic in analysis.diagnostics
        if diagnostic.severity != "info"
    ]
    said = {problem.code for problem in problems}
    first, merged = starts
    spec = TrainSpec(
        document=document,
        manifest="-",
        output="-",
        config=config,
        initial_weights=None if first is None else "-",
        initial_document=document_of(first),
        merged_weights=None if merged is None else "-",
        merged_document=document_of(merged),
    )
    missing = {key for start in starts for key in _missing_weights(start)}
    known_devices = {device.id for device in devices() if device.is_available}
    problems += [
        RunProblem.model_validate(problem.model_dump(mode="json", by_alias=True))
        for problem in check_spec(
            spec, labels.as_manifest(), devices=known_devices, missing_weights=missing
        )
        if problem.code != "network_has_errors"
        and problem.code not in said
        and not (filling and problem.code in _OF_THE_DATA)
    ]
    if filling:
        problems.insert(0, _STILL_FILLING)
    return RunCheck(
        problems=problems,
        defaults=_defaults(labels),
        num_train=labels.of_split("train"),
        num_validation=labels.of_split("validation"),
        num_test=labels.of_split("test"),
        uneven=labels.is_uneven,
    )


def _missing_weights(start: Checkpoint | WeightSet | None) -> list[str]:
    """Keys of the network that weights belong to for which a file held nothing."""
    if not isinstance(start, WeightSet):
        return []
    report: dict[str, Any] = start.report
    return report.get("missing_weights", [])


def _defaults(labels: LabelCounts) -> RunConfig:
    """A configuration to start from: as many steps as little data needs, balanced when uneven."""
    num_train = labels.of_split("train")
    batch_size = SMALL_BATCH if num_train < FEW_ITEMS else RunConfig().batch_size
    steps_per_epoch = max(1, num_train // batch_size)
    epochs = min(MOST_EPOCHS, max(FEWEST_EPOCHS, round(WANTED_STEPS / steps_per_epoch)))
    config = RunConfig(batch_size=batch_size, epochs=epochs)
    if not labels.is_uneven:
        return config
    return config.model_copy(
        update={
            "best_metric": "balanced_accuracy",
            "task": config.task.model_copy(update={"class_weights": "balanced"}),
        }
    )
