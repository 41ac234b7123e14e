"""How the images of a dataset are, kept on the dataset between changes of its items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db.models import Count

from datasets.models import Dataset, DatasetVersion, Item
from netloom.analyze import Binding

GRAY_MODES = ("gray", "gray16", "gray_alpha")
NUM_COVERS = 4
MAX_SIZES = 200


def refresh_overview(dataset: Dataset) -> None:
    """Compute `image_stats` and `covers` again from the items."""
    items = Item.objects.filter(dataset=dataset, is_removed=False)
    rows = items.values_list("mode", "width", "height").annotate(count=Count("pk")).order_by()
    modes: Counter[str] = Counter()
    sizes: Counter[tuple[int, int]] = Counter()
    for mode, width, height, count in rows.iterator(chunk_size=2000):
        modes[mode] += count
        sizes[width, height] += count
    widths: Counter[int] = Counter()
    heights: Counter[int] = Counter()
    for (width, height), count in sizes.items():
        widths[width] += count
        heights[height] += count
    stats: dict[str, Any] | None = None
    if modes:
        stats = {
            "modes": dict(modes),
            "width": _range(widths),
            "height": _range(heights),
            "channels_suggested": 1 if all(mode in GRAY_MODES for mode in modes) else 3,
            "sizes": [[*size, count] for size, count in sizes.most_common(MAX_SIZES)],
            "num_sizes": len(sizes),
        }
    dataset.image_stats = stats
    Dataset.objects.filter(pk=dataset.pk).update(image_stats=stats)
    refresh_covers(dataset)


def refresh_covers(dataset: Dataset) -> None:
    """Choose again what stands for the dataset; cheap enough to follow a running import."""
    covers = _covers(dataset)
    if covers != dataset.covers:
        dataset.covers = covers
        Dataset.objects.filter(pk=dataset.pk).update(covers=covers)


def binding_of(dataset: Dataset) -> Binding:
    """What the data says about a network bound to it: classes, channels, typical size."""
    names = list(dataset.classes.filter(deleted_at=None).values_list("name", flat=True))
    return _binding(names, dataset.image_stats)


def binding_of_version(version: DatasetVersion) -> Binding:
    """The same of a pinned version: its classes; sizes are those of the dataset."""
    names = [str(entry["name"]) for entry in version.classes]
    return _binding(names, version.dataset.image_stats)


def _binding(names: list[str], stats: dict[str, Any] | None) -> Binding:
    size = None
    if stats is not None:
        size = (stats["height"]["median"], stats["width"]["median"])
    return Binding(
        num_classes=len(names) or None,
        channels=None if stats is None else stats["channels_suggested"],
        class_names=names,
        typical_size=size,
    )


def _covers(dataset: Dataset) -> list[str]:
    """The first item of each of the first classes, filled up with the first items of all."""
    present = Item.objects.filter(dataset=dataset, is_removed=False).order_by("position")
    covers: list[str] = []
    for label_class in dataset.classes.filter(deleted_at=None, num_items__gt=0)[:NUM_COVERS]:
        covers += present.filter(label_class=label_class).values_list("pk", flat=True)[:1]
    for item_id in present.values_list("pk", flat=True)[: 2 * NUM_COVERS]:
        if len(covers) < NUM_COVERS and item_id not in covers:
            covers.append(item_id)
    return covers


def _range(counts: Counter[int]) -> dict[str, int]:
    return {
        "min": min(counts),
        "median": _median(sorted(counts.items()), counts.total()),
        "max": max(counts),
    }


def _median(sorted_counts: Iterable[tuple[int, int]], total: int) -> int:
    passed = 0
    for value, count in sorted_counts:
        passed += count
        if passed * 2 >= total:
            return value
    raise ValueError("the counts do not add up to the total")
