"""Short intervals, and a network with data that can be trained within seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.api.studio import bring_in_digits, draw_network, tiny_network, training_worker
from tests.client import ApiClient


@pytest.fixture
def fast(settings: Any) -> None:
    """Intervals that let a test see a lease run out."""
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(
        update={
            "heartbeat_s": 0.2,
            "lease_s": 3.0,
            "reconcile_s": 0.2,
            "stop_grace_s": 10.0,
            "max_restarts": 2,
        }
    )


@pytest.fixture
def dataset(api: ApiClient, project: Any, run_jobs: Callable[..., Any]) -> dict[str, Any]:
    return bring_in_digits(api, project, run_jobs)


@pytest.fixture
def network(api: ApiClient, project: Any, dataset: dict[str, Any]) -> dict[str, Any]:
    return draw_network(api, project, dataset)


@pytest.fixture
def make_run(db: None, project: Any, person: Any) -> Callable[..., Any]:
    """A queued run, written without the API: for tests of what comes after."""
    from datasets.models import Dataset, DatasetVersion
    from designer.services import create_network, create_version
    from netloom.train.spec import RunConfig
    from training.models import Run, RunDetail

    dataset = Dataset.objects.create(project=project, name="Digits")
    version = DatasetVersion.objects.create(
        dataset=dataset,
        number=1,
        log_position=0,
        num_items=0,
        classes=[],
        splits={},
        fingerprint="",
    )
    network = create_network(project, person, name="Tiny", document=tiny_network())
    network_version = create_version(network, person)

    def make(name: str = "run", author: Any = None) -> Run:
        run = Run.objects.create(
            project=project,
            number=Run.objects.count() + 1,
            name=name,
            author=author or person,
            network=network,
            network_version=network_version,
            dataset_version=version,
            config=RunConfig(device="cpu").model_dump(mode="json"),
        )
        RunDetail.objects.create(run=run)
        return run

    return make


@pytest.fixture
def worker(fast: None) -> Iterator[None]:
    with training_worker():
        yield
