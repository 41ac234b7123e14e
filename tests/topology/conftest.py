"""One installation for all tests here: two web machines, two that work."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.faults.runs import LONG, digits_network, start, wait_for_success
from tests.postgres import PrivatePostgres, private_postgres
from tests.topology.machines import (
    START_TIMEOUT_S,
    Machine,
    object_server,
    redis_server,
    shared_settings,
)
from tests.topology.numbers import Numbers, numbers_of
from tests.topology.program import Program
from tests.waiting import until
from tour.studio import free_port


@dataclass(frozen=True, slots=True)
class Installation:
    """Attributes: link: one-time sign-in address, whose host does not matter."""

    cluster: PrivatePostgres
    web: dict[str, Machine]
    workers: dict[str, Machine]
    base: dict[str, str]
    link: str


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("services")
        cluster = stack.enter_context(private_postgres())
        redis_url = stack.enter_context(redis_server(folder))
        objects = stack.enter_context(object_server())
        settings = shared_settings(cluster, redis_url, objects)
        machines: list[Machine] = []
        stack.callback(lambda: [machine.end() for machine in machines])
        stack.callback(lambda: [machine.ask_to_end() for machine in machines])

        def machine(name: str, **more: str) -> Machine:
            made = Machine(name, tmp_path_factory.mktemp(name), {**settings, **more})
            machines.append(made)
            return made

        ports = {name: free_port() for name in "ab"}
        web = {name: machine(f"web-{name}", NETLOOM_PORT=str(port)) for name, port in ports.items()}
        web["a"].run("migrate", "--verbosity", "0")
        link = web["a"].run("signin")
        for each in web.values():
            each.start("web")
        workers = {name: machine(f"worker-{name}") for name in "12"}
        workers["1"].start("worker", "bulk")
        workers["2"].start("worker", "interactive")
        for each in workers.values():
            each.start("worker", "train")
        base = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        for address in base.values():
            until(lambda address=address: _answers(address), START_TIMEOUT_S)
        yield Installation(cluster, web, workers, base, link)


@pytest.fixture(scope="session")
def api_a(installation: Installation) -> Program:
    """A program that signed in at web A."""
    return Program(installation.base["a"], installation.link)


@pytest.fixture(scope="session")
def api_b(installation: Installation, api_a: Program) -> Program:
    """The same program, speaking with web B."""
    return api_a.at(installation.base["b"])


@pytest.fixture(scope="session")
def network(api_b: Program) -> dict[str, Any]:
    return digits_network(api_b)


@pytest.fixture(scope="session")
def undisturbed(api_a: Program, network: dict[str, Any]) -> Numbers:
    """What `LONG` computes when it is left alone."""
    run = start(api_a, network, LONG)
    assert len(wait_for_success(api_a, run["id"])["attempts"]) == 1
    return numbers_of(api_a, run["id"])


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/api/session", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False
