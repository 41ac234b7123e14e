"""A trained network to ask questions of, and the warm child that answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.api.studio import bring_in_digits, draw_network, has_ended, training_worker, wait_for
from tests.client import ApiClient


@pytest.fixture(scope="session", autouse=True)
def _end_warm_child() -> Iterator[None]:
    """One child for all tests of this process, as in a worker."""
    yield
    from inspection.tasks import warm_child

    warm_child().kill()


@pytest.fixture
def dataset(api: ApiClient, project: Any, run_jobs: Callable[..., Any]) -> dict[str, Any]:
    return bring_in_digits(api, project, run_jobs)


@pytest.fixture
def run(api: ApiClient, project: Any, dataset: dict[str, Any]) -> dict[str, Any]:
    """A finished run that tells most digits apart."""
    network = draw_network(api, project, dataset)
    config = {
        "epochs": 25,
        "batch_size": 16,
        "device": "cpu",
        "optimizer": {"type": "adamw", "learning_rate": 0.01},
    }
    started = api.post(f"/api/networks/{network['id']}/runs", {"config": config})
    assert started.status_code == 201, started.content
    with training_worker():
        ended = wait_for(api, started.json()["id"], has_ended)
    assert ended["state"] == "succeeded", ended["log_tail"]
    return ended


@pytest.fixture
def checkpoint(run: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in run["checkpoints"] if one["is_best"])


@pytest.fixture
def ask(api: ApiClient, run_jobs: Callable[..., Any]) -> Callable[..., Any]:
    """Ask, let the worker answer, and return the job as the API tells it."""

    def ask(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = api.post(path, body)
        assert answer.status_code == 202, answer.content
        assert answer.json()["lane"] == "interactive"
        run_jobs("interactive")
        return api.get(f"/api/jobs/{answer.json()['id']}").json()

    return ask
