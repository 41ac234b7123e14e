"""A studio of our own and a client that speaks with it over HTTP, as the pages do."""

from __future__ import annotations

import http.client
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from bench.registry import NotMeasurable
from tour.studio import Studio, StudioFailed, private_studio

_SAMPLES_TIMEOUT_S = 300
_JOB_TIMEOUT_S = 900
_POLL_S = 0.005


@dataclass(slots=True)
class Client:
    """One signed-in connection that is kept open. Not for several threads: see `another`."""

    host: str
    cookies: dict[str, str] = field(default_factory=dict[str, str])
    csrf_token: str = ""
    project_id: str = ""
    _connection: http.client.HTTPConnection | None = None

    @classmethod
    def sign_in(cls, studio: Studio) -> Client:
        """Follow the one-time link."""
        client = cls(urlsplit(studio.url).netloc)
        client._keep(client.get("/api/session"))
        token = urlsplit(studio.signin_url).fragment.rpartition("=")[2]
        client._keep(client.post("/api/session/link", {"token": token}))
        return client

    def another(self) -> Client:
        """Return a second connection of the same person."""
        return Client(self.host, dict(self.cookies), self.csrf_token, self.project_id)

    def get(self, path: str) -> Any:
        return self.request("GET", path)

    def post(self, path: str, body: Any) -> Any:
        return self.request("POST", path, json.dumps(body).encode())

    def request(
        self, method: str, path: str, body: bytes | None = None, kind: str = "application/json"
    ) -> Any:
        """Send a request and read the JSON answered; raises RuntimeError unless it is a success."""
        content = self.read(path, method, body, kind)
        return json.loads(content) if content else None

    def read(
        self,
        path: str,
        method: str = "GET",
        body: bytes | None = None,
        kind: str = "application/json",
    ) -> bytes:
        """Send a request and read the bytes answered; raises RuntimeError unless it succeeds."""
        headers = {"Cookie": "; ".join(f"{name}={text}" for name, text in self.cookies.items())}
        if body is not None:
            headers |= {"Content-Type": kind, "X-CSRFToken": self.csrf_token}
        connection = self._connection or http.client.HTTPConnection(self.host, timeout=120)
        self._connection = connection
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
        except (http.client.HTTPException, ConnectionError):
            # The server closes connections that were quiet for long.
            connection.close()
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
        content = answer.read()
        for text in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = text.split(";", 1)[0].partition("=")
            self.cookies[name] = value
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return content

    def upload(self, path: Path) -> str:
        """Upload a file in chunks; return the id of the upload."""
        size = path.stat().st_size
        names = {"project_id": self.project_id, "file_name": path.name, "size_bytes": size}
        upload = self.post("/api/uploads", names)
        with path.open("rb") as file:
            while not upload["is_complete"]:
                chunk = file.read(upload["chunk_bytes"])
                address = f"/api/uploads/{upload['id']}?offset={upload['offset']}"
                upload = self.request("PUT", address, chunk, "application/octet-stream")
        return upload["id"]

    def wait_for_job(self, job_id: str) -> dict[str, Any]:
        """Return a job as it ended; raises RuntimeError when it did not succeed."""
        job = wait_until(
            lambda: self.get(f"/api/jobs/{job_id}"),
            lambda job: job["state"] not in ("queued", "running"),
            _JOB_TIMEOUT_S,
        )
        if job["state"] != "succeeded":
            raise RuntimeError(f"{job['kind']} {job['state']}: {job['problem']}")
        return job

    def _keep(self, session: dict[str, Any]) -> None:
        self.csrf_token = session["csrf_token"]
        self.project_id = session["projects"][0]["id"] if session["projects"] else ""


def wait_until(read: Callable[[], Any], is_enough: Callable[[Any], bool], timeout_s: float) -> Any:
    """Read again and again until it is enough; return what was read."""
    deadline = time.monotonic() + timeout_s
    while not is_enough(found := read()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"Nothing happened within {timeout_s:.0f} s; last seen: {found}")
        time.sleep(_POLL_S)
    return found


@contextmanager
def open_studio(
    data_folder: Path | None = None, **settings: str
) -> Iterator[tuple[Studio, Client]]:
    """Start a studio, sign in, and wait until the sample images are in and nothing works."""
    with tempfile.TemporaryDirectory(prefix="netloom-bench-", ignore_cleanup_errors=True) as folder:
        data = data_folder or Path(folder) / "data"
        try:
            with private_studio(data, extra_settings=settings) as studio:
                client = Client.sign_in(studio)
                wait_until(
                    lambda: [_active_jobs(client), _datasets(client)],
                    lambda found: not found[0] and len(found[1]) > 1 and all(found[1]),
                    _SAMPLES_TIMEOUT_S,
                )
                yield studio, client
        except StudioFailed as problem:
            raise NotMeasurable(str(problem)) from problem


def _active_jobs(client: Client) -> list[str]:
    states = ("queued", "running")
    return [j["kind"] for s in states for j in client.get(f"/api/jobs?state={s}")["items"]]


def _datasets(client: Client) -> list[int]:
    found = client.get(f"/api/projects/{client.project_id}/datasets")
    return [dataset["num_items"] for dataset in found]


def web_processes(studio: Studio) -> list[psutil.Process]:
    """Return the processes that answer requests."""
    family = psutil.Process(studio.process.pid).children(recursive=True)
    return [process for process in family if "web" in process.cmdline()[1:4]]


def web_rss_mb(studio: Studio) -> float:
    """Return the resident memory of the web process."""
    found = [process.memory_info().rss for process in web_processes(studio)]
    if len(found) != 1:
        raise RuntimeError(f"{len(found)} web processes where one was expected")
    return found[0] / 2**20
