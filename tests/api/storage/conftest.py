"""Datasets with real bytes, and runs with checkpoints, made without training."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from tests.api.datasets.conftest import Studio, png
from tests.api.studio import tiny_network


@pytest.fixture(autouse=True)
def clean(clean_files: None) -> None:
    """Every test begins with no files."""


@pytest.fixture
def studio(api: Any, project: Any, run_jobs: Callable[..., list[Any]]) -> Studio:
    return Studio(api, project, run_jobs)


@pytest.fixture
def dataset(studio: Studio) -> dict[str, Any]:
    """Four pictures of two classes."""
    made = studio.dataset("Pictures")
    studio.bring_in_zip(made, {f"{seed % 2}/{seed}.png": png(seed) for seed in range(4)})
    return studio.refreshed(made)


@pytest.fixture
def make_run(person: Any) -> Callable[..., Any]:
    """A finished run of a dataset: `make_run(dataset_id)`, with checkpoints by step."""
    from datasets.models import Dataset
    from datasets.services import pin_version as pin_dataset
    from designer.services import create_network, pin_version
    from netloom.train.spec import RunConfig
    from storage.services import store_bytes
    from training.models import Checkpoint, Run, RunDetail, RunEvent

    numbers = count(1)

    def make(dataset_id: str, network: Any = None, author: Any = None, **fields: Any) -> Run:
        dataset = Dataset.objects.get(pk=dataset_id)
        project = dataset.project
        network = network or create_network(project, person, "Tiny", document=tiny_network())
        number = next(numbers)
        run = Run.objects.create(
            project=project,
            number=number,
            name=f"Run {number}",
            author=author or person,
            network=network,
            network_version=pin_version(network, person),
            dataset_version=pin_dataset(dataset, person),
            config=RunConfig(device="cpu").model_dump(mode="json"),
            **{"state": "succeeded", **fields},
        )
        RunDetail.objects.create(run=run)
        RunEvent.objects.create(run=run, seq=1, kind="log", event={"event": "log"})
        for step in (1, 2, 3):
            Checkpoint.objects.create(
                run=run,
                blob=store_bytes(project, f"weights of {run.pk} at {step}".encode() * 100),
                bundle=store_bytes(project, f"bundle of {run.pk}".encode()) if step == 3 else None,
                step=step,
                epoch=step,
                is_best=step == 2,
                is_last=step == 3,
            )
        return run

    return make
