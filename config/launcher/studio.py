"""All processes of the studio under one roof."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from config.broker import runtime_file
from config.environment import Environment
from config.launcher.child import MAX_RESTARTS, Child
from config.launcher.problem import LaunchProblem
from config.launcher.redis import find_redis, redis_command, runtime_folder
from config.setup.node import find_node

LANES = ("interactive", "bulk", "train")
READY_TIMEOUT_S = 60.0
POLL_S = 0.2
REPOSITORY = Path(__file__).resolve().parent.parent.parent


class Studio:
    """Redis, the web processes and one worker per lane.

    Args:
        door: The open socket that all web processes serve.
        dev_port: Also run Vite on it, which then has the pages' address.
    """

    def __init__(
        self, env: Environment, door: socket.socket, *, dev_port: int | None = None
    ) -> None:
        self.env = env
        self.door = door
        self.port = int(door.getsockname()[1])
        self.dev_port = dev_port
        self.redis_url = env.redis_url
        self.children: list[Child] = []
        self.interrupted = threading.Event()

    @property
    def base_url(self) -> str:
        """What people type, without a trailing slash."""
        if self.dev_port is not None:
            return f"http://127.0.0.1:{self.dev_port}"
        if self.env.public_url:
            return self.env.public_url
        host = "127.0.0.1" if self.env.host in ("0.0.0.0", "::") else self.env.host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Everything is up inside of this; nothing is left after it."""
        previous = {
            number: signal.signal(number, self._interrupt)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        try:
            self._start_all()
            yield
        finally:
            self._end_all()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def watch(self) -> None:
        """Restart what dies, until interrupted; raises LaunchProblem when one keeps dying."""
        while not self.interrupted.wait(POLL_S):
            for child in self.children:
                if child.exit_status() is not None:
                    self._restart(child)

    def _start_all(self) -> None:
        if not self.redis_url:
            self._start_redis()
        manage = [sys.executable, str(REPOSITORY / "manage.py")]
        for number in range(1, self.env.web_processes + 1):
            self._add_web("web" if number == 1 else f"web-{number}", manage)
        if self.dev_port is not None:
            self._add_dev_server(self.dev_port)
        self._write_runtime_file()
        # Pages first: what people start meanwhile waits in the database for the workers.
        self._await(self._web_answers, "web")
        for lane in LANES:
            self._add(f"worker-{lane}", [*manage, "worker", lane], stop_timeout_s=30)

    def _start_redis(self) -> None:
        address = runtime_folder(self.env.data) / "redis.sock"
        self.redis_url = f"unix://{address}"
        self._add("redis", redis_command(find_redis(), address), stop_timeout_s=5)
        self._await(address.exists, "redis")

    def _add_web(self, name: str, manage: list[str]) -> None:
        """One of several processes that take what comes to the same door."""
        door = self.door.fileno()
        command = [*manage, "web", "--fd", str(door)]
        self._add(name, command, stop_timeout_s=10, passed_fds=[door])

    def _add(
        self,
        name: str,
        command: list[str],
        *,
        stop_timeout_s: float,
        passed_fds: Sequence[int] = (),
    ) -> Child:
        child = Child(
            name=name,
            command=command,
            log_file=self.env.data / "logs" / f"{name}.log",
            environment={
                **os.environ,
                "NETLOOM_REDIS_URL": self.redis_url,
                "PYTHONUNBUFFERED": "1",
            },
            folder=REPOSITORY,
            stop_timeout_s=stop_timeout_s,
            passed_fds=passed_fds,
        )
        child.start()
        self.children.append(child)
        return child

    def _add_dev_server(self, dev_port: int) -> None:
        """Vite serves the pages and passes /api and /ws on: one origin for the browser."""
        vite = REPOSITORY / "frontend" / "node_modules" / "vite" / "bin" / "vite.js"
        child = Child(
            name="vite",
            command=[find_node().program, str(vite), "--port", str(dev_port), "--strictPort"],
            log_file=self.env.data / "logs" / "vite.log",
            environment={**os.environ, "NETLOOM_BACKEND": f"http://127.0.0.1:{self.port}"},
            folder=REPOSITORY / "frontend",
            stop_timeout_s=5,
        )
        child.start()
        self.children.append(child)

    def _await(self, is_ready: object, name: str) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_S
        child = next(child for child in self.children if child.name == name)
        while not (callable(is_ready) and is_ready()):
            if child.exit_status() is not None:
                raise LaunchProblem(
                    f"The {name} process ended while starting:\n{child.last_words()}"
                )
            if time.monotonic() > deadline:
                raise LaunchProblem(
                    f"The {name} process did not answer within {READY_TIMEOUT_S:.0f} seconds;"
                    f" see {child.log_file}."
                )
            if self.interrupted.wait(0.05):
                raise KeyboardInterrupt

    def _web_answers(self) -> bool:
        host = "127.0.0.1" if self.env.host in ("0.0.0.0", "::") else self.env.host  # noqa: S104
        connection = http.client.HTTPConnection(host, self.port, timeout=2)
        prefix = urlsplit(self.env.public_url).path if self.env.public_url else ""
        try:
            connection.request("GET", f"{prefix}/api/session")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def _restart(self, child: Child) -> None:
        status = child.exit_status()
        child.end()
        if not child.count_restart():
            raise LaunchProblem(
                f"The {child.name} process died {MAX_RESTARTS + 1} times (last status {status})."
                f" Its last words, from {child.log_file}:\n{child.last_words()}"
            )
        print(
            f"The {child.name} process ended with status {status}; starting it again"
            f" ({child.num_restarts} of {MAX_RESTARTS}).",
            file=sys.stderr,
            flush=True,
        )
        child.start()

    def _write_runtime_file(self) -> None:
        content = {"redis_url": self.redis_url, "url": self.base_url, "pid": os.getpid()}
        path = runtime_file(self.env.data)
        draft = path.with_suffix(".part")
        draft.write_text(json.dumps(content))
        draft.chmod(0o600)
        draft.replace(path)

    def _end_all(self) -> None:
        """Those who ask first, those who are asked last: web, workers, then Redis."""
        runtime_file(self.env.data).unlink(missing_ok=True)
        asked_first = [child for child in self.children if child.name != "redis"]
        for child in asked_first:
            child.ask_to_end()
        for child in asked_first:
            child.end()
        for child in self.children:
            if child.name == "redis":
                child.ask_to_end()
                child.end()

    def _interrupt(self, number: int, frame: object) -> None:
        del number, frame
        if self.interrupted.is_set():
            # A second Ctrl-C: do not wait for anyone.
            for child in self.children:
                child.stop_timeout_s = 0.0
        self.interrupted.set()
