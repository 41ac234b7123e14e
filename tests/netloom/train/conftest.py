"""A small dataset, small networks, and the trainer as a process with its two pipes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from netloom.graph.document import Document, Edge, Endpoint, Graph, Node
from netloom.samples import digits, write_samples
from netloom.train.control import Control
from netloom.train.emitter import EventWriter
from netloom.train.events import EVENT, Checkpoint, Event, Metrics
from netloom.train.spec import RunConfig, TrainSpec

REPOSITORY = Path(__file__).resolve().parents[3]


def chain(*layers: tuple[str, dict[str, Any]]) -> Document:
    """Connect layers one after another; node ids are n0, n1..."""
    nodes: dict[str, Node] = {}
    edges: dict[str, Edge] = {}
    for index, (type_, params) in enumerate(layers):
        node_id = f"n{index}"
        nodes[node_id] = Node(type=type_, name=f"{type_.lower()}_{index}", params=params)
        if index:
            source = Endpoint(node=f"n{index - 1}", port="output")
            edges[f"e{index}"] = Edge(source=source, target=Endpoint(node=node_id, port="input"))
    return Document(graph=Graph(nodes=nodes, edges=edges))


def digits_network(*, num_classes: int = 10, tail: tuple[str, ...] = ()) -> Document:
    """A CNN with everything that has state: batch normalisation and dropout."""
    return chain(
        ("ImageInput", {"height": 8, "width": 8, "channels": 1, "mean": [0.3], "std": [0.4]}),
        ("Conv2d", {"out_channels": 16, "kernel_size": 3, "padding": 1}),
        ("BatchNorm2d", {}),
        ("ReLU", {}),
        ("MaxPool2d", {"kernel_size": 2}),
        ("Dropout", {"p": 0.2}),
        ("Flatten", {}),
        ("Linear", {"out_features": num_classes}),
        *((name, {}) for name in tail),
        ("Output", {}),
    )


@pytest.fixture(scope="session")
def digits_manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real handwritten digits as files."""
    folder = tmp_path_factory.mktemp("digits")
    write_samples(digits, folder)
    return folder / "manifest.json"


@pytest.fixture
def make_spec(digits_manifest: Path, tmp_path: Path) -> Callable[..., TrainSpec]:
    """Make a specification; keyword arguments named as in RunConfig go there."""

    def make(document: Document | None = None, **changes: Any) -> TrainSpec:
        config = {k: changes.pop(k) for k in list(changes) if k in RunConfig.model_fields}
        values: dict[str, Any] = {
            "document": document or digits_network(),
            "manifest": str(digits_manifest),
            "output": str(tmp_path / "run"),
            "config": RunConfig.model_validate({"device": "cpu", "epochs": 1} | config),
            "num_threads": 1,
        }
        return TrainSpec.model_validate(values | changes)

    return make


@dataclass
class Trainer:
    """A running trainer process."""

    process: subprocess.Popen[bytes]
    control: int
    events: list[Event] = field(default_factory=list)
    _arrived: threading.Condition = field(default_factory=threading.Condition)
    _is_closed: bool = False

    def read_from(self, fd: int) -> None:
        with os.fdopen(fd, "rb") as stream:
            for line in stream:
                with self._arrived:
                    self.events.append(EVENT.validate_json(line))
                    self._arrived.notify_all()
        with self._arrived:
            self._is_closed = True
            self._arrived.notify_all()

    def wait_for(self, is_it: Callable[[Event], bool], timeout_s: float = 90) -> Event:
        """Wait until an event fits; fails when the trainer ends without one."""
        with self._arrived:
            met = self._arrived.wait_for(
                lambda: self._is_closed or any(map(is_it, self.events)), timeout_s
            )
            found = next(filter(is_it, self.events), None)
        assert met, "the trainer said nothing in time"
        assert found is not None, self.events[-1:]
        return found

    def finish(self, timeout_s: float = 120) -> list[Event]:
        """Wait for the process and return all its events."""
        self.process.wait(timeout_s)
        with self._arrived:
            assert self._arrived.wait_for(lambda: self._is_closed, timeout_s)
        return self.events

    def close_control(self) -> None:
        os.close(self.control)
        self.control = -1


@pytest.fixture
def start_trainer(tmp_path: Path) -> Iterator[Callable[..., Trainer]]:
    """Start `python -m netloom.train` with an event and a control pipe; ended with the test.

    `runner` is put before its command line.
    """
    running: list[Trainer] = []

    def start(spec: TrainSpec, runner: Sequence[str] = ()) -> Trainer:
        path = tmp_path / f"spec-{len(running)}.json"
        path.write_text(spec.model_dump_json(by_alias=True))
        event_read, event_write = os.pipe()
        control_read, control_write = os.pipe()
        command = [*runner, sys.executable, "-m", "netloom.train", str(path)]
        process = subprocess.Popen(
            [*command, "--event-fd", str(event_write), "--control-fd", str(control_read)],
            pass_fds=(event_write, control_read),
            cwd=REPOSITORY,
            start_new_session=True,
        )
        os.close(event_write)
        os.close(control_read)
        trainer = Trainer(process, control_write)
        threading.Thread(target=trainer.read_from, args=(event_read,), daemon=True).start()
        running.append(trainer)
        return trainer

    yield start
    for trainer in running:
        if trainer.process.poll() is None:
            trainer.process.kill()
            trainer.process.wait()
        if trainer.control >= 0:
            trainer.close_control()


class EventList:
    """Events of a run inside this process."""

    def __init__(self) -> None:
        self.read, self.write = os.pipe()
        self.events: list[Event] = []
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def _collect(self) -> None:
        with os.fdopen(self.read, "rb") as stream:
            self.events.extend(EVENT.validate_json(line) for line in stream)

    def close(self) -> list[Event]:
        os.close(self.write)
        self._thread.join()
        return self.events


def train_here(spec: TrainSpec, control: Control | None = None) -> list[Event]:
    """Run a specification in this process and return its events."""
    from netloom.train.deferred_compiler import defer_compiler

    defer_compiler()
    from netloom.train.run import run_training

    collected = EventList()
    try:
        run_training(spec, EventWriter(collected.write), control or Control())
    finally:
        events = collected.close()
    return events


def of_type(events: list[Event], name: str) -> list[Any]:
    """Return the events called `name`."""
    return [event for event in events if event.event == name]


def train_losses(events: list[Event]) -> dict[int, float]:
    """Return the training loss of each step; what a rewind supersedes is replaced."""
    losses: dict[int, float] = {}
    for event in events:
        if isinstance(event, Metrics):
            for point in event.points:
                if point.split == "train":
                    losses[point.step] = point.values["loss"]
    return losses


def checkpoint_paths(events: list[Event], folder: str) -> list[Path]:
    """Return the checkpoints that were announced, in order."""
    return [Path(folder) / event.path for event in events if isinstance(event, Checkpoint)]
