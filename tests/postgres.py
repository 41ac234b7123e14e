"""A private PostgreSQL on a random port: `python -m tests.postgres PYTEST-ARGUMENTS...`.

Its data and its socket lie in a short temporary folder, and nothing of it is left afterwards. As
root it runs as another user, because PostgreSQL refuses to be root.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config.setup.postgres import find_postgres
from tour.studio import free_port

URL_VARIABLE = "TEST_DATABASE_URL"
READY_TIMEOUT_S = 60.0
OTHER_USERS = ("postgres", "nobody")
# A killed server loses no commit; only a power cut could, and there is none in a test.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "listen_addresses": "127.0.0.1",
    "log_min_messages": "warning",
}


class PrivatePostgres:
    """A cluster of its own that can be killed and started again.

    Attributes:
        port: Of 127.0.0.1 and of the socket in `folder`.
    """

    def __init__(self, folder: Path) -> None:
        programs = find_postgres()
        if programs is None:
            raise RuntimeError("There is no PostgreSQL here; `make test-postgres` gets one.")
        self._programs = programs
        self._folder = folder
        self._user = _other_user()
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        if self._user:
            shutil.chown(folder, self._user)
        made = self._run("initdb", "-D", self._data, "-U", "netloom", "-A", "trust", "-E", "UTF8")
        assert made.returncode == 0, made.stderr

    def url(self, database: str) -> str:
        """Address of a database of the cluster."""
        return f"postgresql://netloom@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        command = ["-D", self._data, "-k", str(self._folder), "-p", str(self.port), *options]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._programs / "postgres"), *command],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                start_new_session=True,
                **self._as_user(),
            )
        deadline = time.monotonic() + READY_TIMEOUT_S
        while self._run("pg_isready", "-h", "127.0.0.1", "-p", str(self.port)).returncode != 0:
            assert self._process.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < deadline, "PostgreSQL did not start"
            time.sleep(0.05)

    def create_database(self, name: str) -> str:
        """Make an empty database; returns its address."""
        made = self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "netloom", name)
        assert made.returncode == 0, made.stderr
        return self.url(name)

    def kill(self) -> None:
        """SIGKILL to the server and all its backends, as a crash of its machine does."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End it."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # "fast": whoever is connected is cut off
            self._process.wait(60)

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self._programs / program), *arguments],
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
            **self._as_user(),
        )

    def _as_user(self) -> Mapping[str, Any]:
        if self._user is None:
            return {}
        return {"user": self._user, "group": pwd.getpwnam(self._user).pw_gid, "extra_groups": []}


@contextmanager
def private_postgres() -> Iterator[PrivatePostgres]:
    """A running cluster, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="nlpg-") as name:
        cluster = PrivatePostgres(Path(name))
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


def _other_user() -> str | None:
    """Whom to run as when we are root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in OTHER_USERS if name in known)


def main(arguments: list[str]) -> int:
    """Run pytest against a cluster of its own."""
    with private_postgres() as cluster:
        environment = {**os.environ, URL_VARIABLE: cluster.url("netloom")}
        command = [sys.executable, "-m", "pytest", *arguments]
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
