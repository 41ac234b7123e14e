"""Pages of a project with a million images: its gallery, and what takes its storage."""

from __future__ import annotations

import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.client import Client, open_studio
from bench.registry import Declaration, Figure, at_most, gives
from bench.timing import quantile

_NUM_ITEMS = 1_000_000
_NUM_PAGES = 300
_PAGE = 100
_STORAGE_PAGES = 50
_IMAGE_BYTES = 700


@gives(
    Declaration(
        "gallery_page_ms_p95_1m", "ms", at_most(100),
        "A page of 100 images anywhere in a million, over HTTP",
    ),
    Declaration(
        "storage_page_ms_p95_1m", "ms", at_most(100),
        "What the storage page of a project with a million images asks for, over HTTP",
    ),
)  # fmt: skip
def million_images() -> Iterator[tuple[str, Figure]]:
    with tempfile.TemporaryDirectory(prefix="netloom-bench-", ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "data"
        with open_studio(data) as (_, client):
            path = f"/api/projects/{client.project_id}/datasets"
            dataset = client.post(path, {"name": "A million"})
            classes = [
                client.post(f"/api/datasets/{dataset['id']}/classes", {"name": f"class {k}"})
                for k in range(10)
            ]
            _fill(data / "netloom.sqlite3", client.project_id, dataset["id"], classes)
            times: dict[str, list[float]] = {}
            chance = random.Random(0)
            for index in range(_NUM_PAGES + 10):
                name, filters = _filters(index, classes)
                place = chance.randrange(int(_NUM_ITEMS * 0.95))
                cursor = f"&cursor={place}-{_NUM_ITEMS}" if index % 10 else ""
                address = f"/api/datasets/{dataset['id']}/items?limit={_PAGE}{filters}{cursor}"
                started = time.perf_counter()
                page = client.get(address)
                if index >= 10:
                    times.setdefault(name, []).append((time.perf_counter() - started) * 1000)
                if len(page["items"]) != _PAGE:
                    raise RuntimeError(f"{address} gave {len(page['items'])} images")
            storage_ms = _time_storage_page(client)
    every = [ms for found in times.values() for ms in found]
    parts = ", ".join(f"{name} {quantile(found, 0.95):.0f}" for name, found in times.items())
    note = (
        f"{len(every)} pages, one in ten the first; median {statistics.median(every):.0f} ms; "
        f"p95 by filter: {parts}; SQLite"
    )
    yield (
        "gallery_page_ms_p95_1m",
        Figure(quantile(every, 0.95), model=f"{_NUM_ITEMS:,} images", batch=_PAGE, note=note),
    )
    note = f"{len(storage_ms)} times; median {statistics.median(storage_ms):.0f} ms; SQLite"
    yield (
        "storage_page_ms_p95_1m",
        Figure(quantile(storage_ms, 0.95), model=f"{_NUM_ITEMS:,} stored images", note=note),
    )


def _time_storage_page(client: Client) -> list[float]:
    times: list[float] = []
    for _ in range(_STORAGE_PAGES):
        started = time.perf_counter()
        told = client.get(f"/api/projects/{client.project_id}/storage")
        times.append((time.perf_counter() - started) * 1000)
        if told["used_bytes"] < _NUM_ITEMS * _IMAGE_BYTES:
            raise RuntimeError(f"The storage page counts {told['used_bytes']:,} bytes")
    return times


def _filters(index: int, classes: list[dict[str, Any]]) -> tuple[str, str]:
    label = classes[index % 10]["id"]
    return (
        ("none", ""),
        ("class", f"&label={label}"),
        ("split", "&split=test"),
        ("class and split", f"&label={label}&split=validation"),
    )[index % 4]


def _fill(database: Path, project_id: str, dataset_id: str, classes: list[dict[str, Any]]) -> None:
    """Write a million rows as an import leaves them; their files do not exist."""
    with sqlite3.connect(database, timeout=60) as connection:
        connection.execute(
            """
            WITH RECURSIVE number(n) AS (
                SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :count
            )
            INSERT INTO datasets_item (
                id, dataset_id, position, file_name, source, reference, sha256, size_bytes,
                format, mode, width, height, "group", split, state, label_class_id, label_origin,
                labeled_at, is_removed, created_at
            )
            SELECT
                printf('bench%08d', n), :dataset, n, printf('%07d.png', n),
                printf('images/%07d.png', n), '', printf('%064x', n), :bytes, 'png', 'gray', 28, 28,
                '', CASE WHEN n % 20 < 14 THEN 'train' WHEN n % 20 < 17 THEN 'validation'
                    ELSE 'test' END,
                'labeled', (SELECT id FROM datasets_labelclass
                    WHERE dataset_id = :dataset AND "order" = (n / 20) % 10),
                'import', datetime('now'), 0, datetime('now')
            FROM number
            """,
            {"count": _NUM_ITEMS, "dataset": dataset_id, "bytes": _IMAGE_BYTES},
        )
        connection.execute(
            "INSERT INTO storage_blob (sha256, size_bytes, created_at) SELECT sha256, size_bytes,"
            " created_at FROM datasets_item WHERE dataset_id = :dataset",
            {"dataset": dataset_id},
        )
        connection.execute(
            "INSERT INTO storage_blobuse (project_id, blob_id) SELECT :project, sha256 FROM"
            " datasets_item WHERE dataset_id = :dataset",
            {"dataset": dataset_id, "project": project_id},
        )
        stored_bytes = _NUM_ITEMS * _IMAGE_BYTES
        connection.execute(
            "UPDATE storage_projectusage SET stored_bytes = stored_bytes + ? WHERE project_id = ?",
            (stored_bytes, project_id),
        )
        connection.execute(
            "UPDATE datasets_dataset SET stored_bytes = ? WHERE id = ?", (stored_bytes, dataset_id)
        )
        connection.execute(
            "UPDATE datasets_dataset SET num_items = :count, num_labeled = :count, log_position = "
            ":count, num_train = :count * 14 / 20, num_validation = :count * 3 / 20, num_test = "
            ":count * 3 / 20 WHERE id = :dataset",
            {"count": _NUM_ITEMS, "dataset": dataset_id},
        )
        connection.execute(
            "UPDATE datasets_labelclass SET num_items = :each WHERE dataset_id = :dataset",
            {"each": _NUM_ITEMS // len(classes), "dataset": dataset_id},
        )
