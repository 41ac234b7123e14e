"""Numbers on a dataset, and sentences on what deserves a look. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from django.db.models import Count

from datasets import schemas
from datasets.models import Dataset, Item, ItemState, LabelClass

UNEVEN = 10


def statistics(dataset: Dataset) -> schemas.Statistics:
    """Class balance per split, states, sizes, modes."""
    items = Item.objects.filter(dataset=dataset, is_removed=False).order_by()
    counts: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    splits: defaultdict[str, int] = defaultdict(int)
    by_class = items.values_list("label_class_id", "split").annotate(count=Count("pk"))
    for class_id, split, count in by_class:
        splits[split] += count
        if class_id is not None:
            counts[class_id][split] += count
    classes = list(dataset.classes.filter(deleted_at=None))
    balance = [_balance(each, counts[each.pk]) for each in classes]
    stats = dataset.image_stats or {}
    states = {
        ItemState.LABELED.value: dataset.num_labeled,
        ItemState.REVIEWED_EMPTY.value: dataset.num_reviewed_empty,
        ItemState.UNLABELED.value: dataset.num_items
        - dataset.num_labeled
        - dataset.num_reviewed_empty,
    }
    return schemas.Statistics(
        balance=balance,
        splits=schemas.SplitCounts(
            train=splits["train"],
            validation=splits["validation"],
            test=splits["test"],
            unassigned=splits["unassigned"],
        ),
        states=states,
        sizes=[
            schemas.SizeCount(width=width, height=height, count=count)
            for width, height, count in stats.get("sizes", [])
        ],
        num_sizes=stats.get("num_sizes", 0),
        modes=stats.get("modes", {}),
        notes=list(_notes(dataset, balance)),
    )


def _balance(label_class: LabelClass, counts: defaultdict[str, int]) -> schemas.ClassBalance:
    return schemas.ClassBalance(
        class_id=label_class.pk,
        name=label_class.name,
        train=counts["train"],
        validation=counts["validation"],
        test=counts["test"],
        unassigned=counts["unassigned"],
        total=sum(counts.values()),
    )


def _notes(dataset: Dataset, balance: list[schemas.ClassBalance]) -> Iterator[str]:
    for each in balance:
        if each.total == 0:
            yield f"Class {each.name} has no image."
        elif each.total == 1:
            yield f"Class {each.name} has a single image: it cannot be both learned and checked."
        elif each.train == 0:
            yield f"Class {each.name} has no image to train on."
        elif each.validation == 0 and dataset.num_validation:
            yield f"Class {each.name} has no image in validation."
    trained = [each.train for each in balance if each.train]
    if trained and max(trained) >= UNEVEN * min(trained):
        yield (
            f"The classes are uneven: from {min(trained):,} to {max(trained):,} training images."
            " Balanced class weights and balanced accuracy help."
        )
    if dataset.num_items and not dataset.num_validation:
        yield "No item is in validation: training cannot tell how well it generalizes."
