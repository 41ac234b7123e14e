"""The networks of all providers as rows that can be searched, sorted and drawn as points."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from netloom.formats.zoo.provider import Task, ZooEntry, ZooWeights

Column = Literal["name", "task", "parameters", "flops", "size", "accuracy", "licence"]

_MEASURES = ("acc@1", "miou", "box_map", "accuracy")
"""What networks are compared by, the first that is stated."""


class CatalogueRow(BaseModel):
    """One network with the facts of its usual weights.

    Attributes:
        weights: Their name; empty where nothing has been trained.
        flops: For one sample; a multiply-add counts as two.
        accuracy: In per cent, measured as `measure` says.
        is_here: Whether the weights are on this machine.
    """

    model_config = ConfigDict(frozen=True)

    provider: str
    name: str
    task: Task
    can_open: bool = True
    reason: str = ""
    weights: str = ""
    parameters: int | None = None
    flops: float | None = None
    size_mb: float | None = None
    accuracy: float | None = None
    measure: str = ""
    licence: str = ""
    num_classes: int = 0
    height: int = 0
    width: int = 0
    is_here: bool = False


def catalogue_row(entry: ZooEntry, folders: Sequence[Path]) -> CatalogueRow:
    """Return an entry as a row; weights files are looked for in the folders."""
    facts = entry.default
    if facts is None:
        return CatalogueRow(
            provider=entry.provider,
            name=entry.name,
            task=entry.task,
            can_open=entry.can_open,
            reason=entry.reason,
        )
    measure, accuracy = accuracy_of(facts)
    return CatalogueRow(
        provider=entry.provider,
        name=entry.name,
        task=entry.task,
        can_open=entry.can_open,
        reason=entry.reason,
        weights=facts.name,
        parameters=facts.parameters,
        flops=None if facts.gflops is None else facts.gflops * 2e9,
        size_mb=facts.size_mb,
        accuracy=accuracy,
        measure=measure,
        licence=facts.licence,
        num_classes=facts.num_classes,
        height=facts.input.height,
        width=facts.input.width,
        is_here=any(is_here(entry, each, folders) for each in entry.weights),
    )


def is_here(entry: ZooEntry, weights: ZooWeights, folders: Sequence[Path]) -> bool:
    """Say whether weights can be used without a download."""
    if entry.provider == "bundles":
        return entry.can_open
    return weights_file(weights, folders) is not None


def weights_file(weights: ZooWeights, folders: Sequence[Path]) -> Path | None:
    """Return the first file of that name in the folders."""
    if not weights.file_name:
        return None
    for folder in folders:
        path = folder / weights.file_name
        try:
            if path.is_file():
                return path
        except OSError:
            continue
    return None


def accuracy_of(weights: ZooWeights) -> tuple[str, float | None]:
    """Return the measure by which a network is compared, and its value in per cent."""
    for measure in _MEASURES:
        for name, value in weights.metrics.items():
            if name.lower().endswith(measure):
                is_fraction = measure == "accuracy" and value <= 1
                return name, value * 100 if is_fraction else value
    return "", None


def select(
    rows: Iterable[CatalogueRow],
    *,
    task: str = "",
    search: str = "",
    sort: Column = "name",
    descending: bool = False,
) -> list[CatalogueRow]:
    """Return the rows of a task that match every word, sorted; unknown values come last."""
    words = search.lower().split()
    found = [
        row
        for row in rows
        if (not task or row.task == task)
        and all(word in f"{row.name} {row.provider} {row.licence}".lower() for word in words)
    ]
    known = [row for row in found if _value(row, sort) is not None]
    unknown = [row for row in found if _value(row, sort) is None]
    known.sort(key=lambda row: row.name)
    known.sort(key=lambda row: _value(row, sort), reverse=descending)  # pyright: ignore
    return [*known, *sorted(unknown, key=lambda row: row.name)]


def _value(row: CatalogueRow, column: Column) -> float | str | None:
    match column:
        case "name":
            return row.name
        case "task":
            return row.task
        case "parameters":
            return row.parameters
        case "flops":
            return row.flops
        case "size":
            return row.size_mb
        case "accuracy":
            return row.accuracy
        case "licence":
            return row.licence or None
