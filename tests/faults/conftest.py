"""One studio for all fault tests of this process, and the run that nothing happened to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.live import LiveApi
from tests.faults.runs import (
    LONG,
    SETTINGS,
    Numbers,
    digits_network,
    numbers_of,
    start,
    wait_for_success,
)
from tour.studio import Studio, private_studio

LONGEST_S = 900
"""For a whole test: nothing here measures how fast the machine trains."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.timeout(LONGEST_S))


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("studio")


@pytest.fixture(scope="session")
def studio(data_folder: Path) -> Iterator[Studio]:
    """It restarts each of its processes five times; the tests kill none more often."""
    with private_studio(data_folder, extra_settings=SETTINGS) as running:
        yield running


@pytest.fixture(scope="session")
def api(studio: Studio) -> LiveApi:
    return LiveApi(studio.url, studio.signin_url)


@pytest.fixture(scope="session")
def network(api: LiveApi) -> dict[str, Any]:
    return digits_network(api)


@pytest.fixture(scope="session")
def undisturbed(api: LiveApi, network: dict[str, Any], data_folder: Path) -> Numbers:
    """What `LONG` computes when it is left alone."""
    run = start(api, network, LONG)
    told = wait_for_success(api, run["id"])
    assert len(told["attempts"]) == 1
    numbers = numbers_of(api, data_folder, run["id"])
    steps, _ = numbers.curves["train", "loss"]
    assert steps == list(range(1, told["started"]["total_steps"] + 1))
    return numbers
