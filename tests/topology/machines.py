"""The processes of an installation on many machines, started one by one and killed on purpose."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis

from config.launcher.redis import find_redis
from tests.objects import BUCKET, KEYS, ObjectServer
from tests.postgres import PrivatePostgres
from tests.waiting import until
from tour.studio import free_port

REPOSITORY = Path(__file__).resolve().parents[2]
# Short, so that nobody waits long for a dead machine; long enough for a database that restarts.
TIMES = {
    "NETLOOM_HEARTBEAT_S": "0.3",
    "NETLOOM_LEASE_S": "10",
    "NETLOOM_RECONCILE_S": "0.5",
    "NETLOOM_RESERVE_MB": "0",
}
START_TIMEOUT_S = 300.0


@dataclass(slots=True)
class Machine:
    """One machine: what it is called, its folder, and the processes on it."""

    name: str
    folder: Path
    settings: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def run(self, *arguments: str) -> str:
        """Run a command of the studio to its end; returns what it printed."""
        done = subprocess.run(
            self._command(*arguments),
            cwd=REPOSITORY,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=START_TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self, *arguments: str) -> None:
        """Start a process of the studio, in a group of its own."""
        name = arguments[-1]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                self._command(*arguments),
                cwd=REPOSITORY,
                env=self._environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """SIGKILL to a process and its group: nothing of it says goodbye."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def ask_to_end(self) -> None:
        for process in self.processes.values():
            process.terminate()

    def end(self) -> None:
        for name, process in list(self.processes.items()):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill(name)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(REPOSITORY / "manage.py"), *arguments]

    def _environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("NETLOOM_", "DJANGO_", "PYTEST_", "AWS_"))
        }
        return {
            **kept,
            **self.settings,
            "NETLOOM_DATA": str(self.folder),
            "NETLOOM_MACHINE": self.name,
        }


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """A Redis that keeps nothing and asks for a password; yields its address."""
    port, password = free_port(), secrets.token_urlsafe(24)
    command = [find_redis(), "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    config = folder / "redis.conf"
    config.write_text(f"requirepass {password}\n")
    config.chmod(0o600)
    with _running([command[0], str(config), *command[1:]], folder / "redis.log"):
        client = redis.Redis(port=port, password=password)
        until(lambda: _answers(client.ping), 30)
        yield f"redis://:{password}@127.0.0.1:{port}/0"


@contextmanager
def object_server() -> Iterator[dict[str, str]]:
    """An S3 server with an empty bucket; yields the settings that name it."""
    with ObjectServer().running() as server:
        keys = {f"NETLOOM_{name.upper()}": value for name, value in KEYS.items()}
        yield {
            "NETLOOM_S3_BUCKET": BUCKET,
            "NETLOOM_S3_ENDPOINT": server.endpoint,
            **keys,
        }


def shared_settings(
    cluster: PrivatePostgres, redis_url: str, objects: dict[str, str]
) -> dict[str, str]:
    """What every machine of the installation is told."""
    return {
        **TIMES,
        **objects,
        "NETLOOM_DATABASE_URL": cluster.create_database("netloom"),
        "NETLOOM_REDIS_URL": redis_url,
        "NETLOOM_SECRET_KEY": secrets.token_urlsafe(64),
        "NETLOOM_INSTALLATION_ID": secrets.token_hex(4),
    }


@contextmanager
def _running(command: list[str], log_file: Path) -> Iterator[None]:
    with log_file.open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _answers(ask: Callable[[], object]) -> bool:
    try:
        return bool(ask())
    except redis.ConnectionError:
        return False
