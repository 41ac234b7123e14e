"""A running studio from the outside: who may reach its Redis, its ports, its files, its workers."""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
import redis
from celery import Celery

from config.broker import RUNTIME_FILE
from config.secrets import FILE_NAME
from tests.api.datasets.conftest import png, zip_of
from tests.faults.live import LiveApi
from tests.waiting import until
from tour.studio import Studio, private_studio

pytestmark = pytest.mark.slow


class Evil:
    """Whoever unpickles it runs a command."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.marker}",)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("studio") / "data"


@pytest.fixture(scope="module")
def studio(data: Path) -> Iterator[Studio]:
    with private_studio(data, extra_settings={"NETLOOM_RESERVE_MB": "0"}) as running:
        yield running


@pytest.fixture(scope="module")
def redis_url(studio: Studio, data: Path) -> str:
    return json.loads((data / RUNTIME_FILE).read_text())["redis_url"]


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_web_server_listens_and_only_here(studio: Studio) -> None:
    listening = {
        (connection.laddr.ip, connection.laddr.port)
        for process in psutil.Process(studio.process.pid).children(recursive=True)
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {("127.0.0.1", urlsplit(studio.url).port)}
    with socket.socket() as elsewhere:
        outside = _own_address()
        if outside != "127.0.0.1":
            assert elsewhere.connect_ex((outside, urlsplit(studio.url).port or 0)) != 0


def _own_address() -> str:
    """An address of this machine that others can reach, or the loopback one."""
    found = [
        address.address
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family == socket.AF_INET and not address.address.startswith("127.")
    ]
    return found[0] if found else "127.0.0.1"


def test_redis_is_reached_by_its_owner_alone(redis_url: str) -> None:
    address = urlsplit(redis_url)
    assert address.scheme == "unix"
    path = Path(address.path)
    assert stat.S_ISSOCK(path.stat().st_mode)
    assert _mode(path) & 0o077 == 0
    assert _mode(path.parent) == 0o700
    told = redis.Redis.from_url(redis_url).config_get()
    assert told["port"] == "0"
    assert told["save"] == ""


def test_files_are_their_owners(studio: Studio, data: Path) -> None:
    assert _mode(data) == 0o700
    assert _mode(data / FILE_NAME) == 0o600


@pytest.mark.parametrize("lane", ["interactive", "bulk", "train"])
def test_a_pickle_in_the_queue_is_refused_and_the_worker_lives(
    studio: Studio, redis_url: str, data: Path, tmp_path: Path, lane: str
) -> None:
    marker = tmp_path / "pwned"
    broker = redis.Redis.from_url(redis_url)
    prefix = f"netloom-{json.loads((data / FILE_NAME).read_text())['installation_id']}:"
    attacker = Celery(broker=redis_url.replace("unix://", "redis+socket://", 1))
    attacker.conf.broker_transport_options = {"global_keyprefix": prefix}
    workers = {process.pid for process in _workers(studio)}
    assert len(workers) >= 3
    name = "training.work" if lane == "train" else "jobs.work"
    attacker.send_task(name, args=[Evil(marker)], serializer="pickle", queue=lane)
    until(lambda: broker.llen(f"{prefix}{lane}") == 0)
    assert not marker.exists()
    assert {process.pid for process in _workers(studio)} == workers


def test_work_goes_on_afterwards(studio: Studio) -> None:
    api = LiveApi(studio.url, studio.signin_url)
    project = api.get("/api/session")["projects"][0]["id"]
    dataset = api.call("POST", f"/api/projects/{project}/datasets", {"name": "After"})["id"]
    content = zip_of({"a/1.png": png(1), "b/2.png": png(2)})
    asked = {"project_id": project, "file_name": "a.zip", "size_bytes": len(content)}
    upload = api.call("POST", "/api/uploads", asked)["id"]
    assert api.put_chunk(upload, 0, content)[0] == 200
    source = {"source": {"type": "upload", "upload_ids": [upload]}}
    job = api.call("POST", f"/api/datasets/{dataset}/imports", source)
    done = api.wait_for(
        f"/api/jobs/{job['id']}", lambda one: one["state"] not in ("queued", "running"), 120
    )
    assert done["state"] == "succeeded"


def _workers(studio: Studio) -> list[psutil.Process]:
    """The processes that take messages."""
    children = psutil.Process(studio.process.pid).children(recursive=True)
    return [process for process in children if "worker" in process.cmdline()]
