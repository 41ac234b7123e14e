"""Classical models on features, computed in a child process of their own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from datasets.models import DatasetVersion
from datasets.services import write_manifest
from inspection.baselines import CLASSICAL
from inspection.bulk_child import ask_bulk_child
from inspection.models import Baseline
from inspection.sources import NOBODY, Source, source_of
from inspection.tasks import model_files, person_of
from jobs.models import Lane
from jobs.registry import job_kind
from jobs.running import RunningJob
from netloom.features.table import prune_tables
from netloom.serve.requests import ClassicalAnswer, ClassicalRequest, ModelFiles
from storage.disk import scratch_folder
from storage.services import store_file

_CACHE_DISK_SHARE = 0.05


def register() -> None:
    """Called once, when Django is ready. Importing this file has named the kind of work."""


def feature_cache() -> Path:
    """Where features stay for the next question about the same layer and images."""
    return Path(settings.DATA_FOLDER) / "cache" / "features"


@job_kind(CLASSICAL, lane=Lane.BULK)
def classical(job: RunningJob) -> dict[str, Any]:
    """Fit classical models on features, and judge them on a split."""
    payload = job.payload
    is_asked = any(payload[name] is not None for name in NOBODY)
    source = source_of(payload) if is_asked else None
    version = DatasetVersion.objects.select_related("dataset__project").get(
        pk=payload["dataset_version_id"]
    )
    cache = feature_cache()
    cache.mkdir(parents=True, exist_ok=True)
    with _files(source) as (model, folder):
        job.progress(None, "Gathering the images")
        request = ClassicalRequest(
            model=model,
            manifest=write_manifest(version, folder / "data"),
            features=payload["features"],
            layer=payload["layer"],
            pooling=payload["pooling"],
            models=payload["models"],
            split=payload["split"],
            c=payload["c"],
            seed=payload["seed"],
            cache=cache,
            output=folder,
        )
        answer = ClassicalAnswer.model_validate(ask_bulk_child(job, "classical", request))
        made = _store(job, source, version, answer, folder)
    prune_tables(cache, int(shutil.disk_usage(cache).total * _CACHE_DISK_SHARE))
    return {"baseline_ids": made}


@contextmanager
def _files(source: Source | None) -> Iterator[tuple[ModelFiles | None, Path]]:
    if source is None:
        with scratch_folder() as folder:
            yield None, folder
    else:
        with model_files(source) as found:
            yield found


def _store(
    job: RunningJob,
    source: Source | None,
    version: DatasetVersion,
    answer: ClassicalAnswer,
    folder: Path,
) -> list[str]:
    payload, author = job.payload, person_of(job)
    chosen = {name: payload[name] for name in ("layer", "pooling", "c", "seed")}
    kept = [
        None if each.file is None else store_file(version.dataset.project, folder / each.file)
        for each in answer.fitted
    ]
    with transaction.atomic():
        rows = [
            Baseline(
                dataset_version=version,
                split=payload["split"],
                features_kind=each.features_kind,
                model=each.model,
                # Hand-made features know nothing of the network.
                network=source.network if source and each.features_kind == "layer" else None,
                run=source.run if source and each.features_kind == "layer" else None,
                asked=source.title[:400] if source and each.features_kind == "layer" else "",
                options=chosen,
                classes=[entry["name"] for entry in version.classes],
                confusion=each.result.confusion_KK,
                per_class=[one.model_dump() for one in each.result.per_class],
                features=each.result.features[:600],
                kept=blob,
                author=author,
                **each.result.model_dump(
                    exclude={"model", "features", "confusion_KK", "per_class"}
                ),
            )
            for each, blob in zip(answer.fitted, kept, strict=True)
        ]
        Baseline.objects.bulk_create(rows)
    return [row.id for row in rows]
