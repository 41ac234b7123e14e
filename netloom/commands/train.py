"""`train`: one run of the trainer, in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Self

from netloom.commands.output import complain, say
from netloom.commands.problem import CommandError
from netloom.data.manifest import Manifest
from netloom.train.events import (
    EVENT,
    Checkpoint,
    EpochEnd,
    Event,
    Failed,
    Finished,
    Log,
    Started,
    Unfrozen,
)
from netloom.train.spec import read_spec


def train(options: Namespace) -> int:
    """Train as a specification says; with `--json` every event is a line of JSON.

    Ctrl-C stops after a checkpoint; a second one ends at once.
    """
    spec: Path = options.spec
    if not spec.is_file():
        raise CommandError(f"{spec} is not a file; give a run specification (JSON).")
    failure: Failed | None = None
    checkpoint: Checkpoint | None = None
    with _Trainer(spec) as trainer:
        for line in trainer.lines():
            event = EVENT.validate_json(line)
            if options.json:
                say(line.rstrip("\n"))
            elif text := describe_event(event):
                say(text)
            if isinstance(event, Failed):
                failure = event
            if isinstance(event, Checkpoint) and (event.is_best or checkpoint is None):
                checkpoint = event
        status = trainer.wait()
    if failure is not None and not options.json:
        at = f" (layer {failure.node})" if failure.node else ""
        raise CommandError(f"The run failed{at}: {failure.message}")
    if status != 0:
        return 1
    if options.bundle is not None:
        if checkpoint is None:
            raise CommandError("The run left no checkpoint, so there is no bundle to write.")
        _write_bundle(spec, checkpoint, options.bundle)
        if not options.json:
            say(f"Bundle {options.bundle} with {checkpoint.path}")
    return 0


def _write_bundle(spec_path: Path, checkpoint: Checkpoint, out: Path) -> None:
    """Pack the best checkpoint, so that `predict` and `explain` can take it."""
    from netloom.formats.bundle import make_meta, write_bundle
    from netloom.train.checkpoint import CheckpointError, read_checkpoint_weights

    spec = read_spec(spec_path)
    metric = {} if checkpoint.metric is None else {spec.config.best_metric: checkpoint.metric}
    try:
        classes = Manifest.read(Path(spec.manifest)).classes
        weights = read_checkpoint_weights(Path(spec.output) / checkpoint.path)
        meta = make_meta(spec.document, classes=classes, metrics=metric)
        write_bundle(out, spec.document, weights, meta)
    except (OSError, ValueError, CheckpointError) as error:
        raise CommandError(f"{out} could not be written: {error}") from error


def describe_event(event: Event) -> str:
    """Return a line for people; empty for events that would only flood the screen."""
    match event:
        case Started():
            devices = f"{event.num_devices} x " if event.num_devices > 1 else ""
            return (
                f"Training {event.num_parameters:,} parameters on {devices}{event.device_name} "
                f"({event.precision}): {event.num_train:,} images, {event.num_validation:,} to "
                f"validate, {event.total_steps:,} steps"
            )
        case EpochEnd():
            values = ", ".join(f"{name} {value:.4f}" for name, value in event.values.items())
            return f"Epoch {event.epoch}: {values}"
        case Unfrozen():
            return f"Layer group {event.group} unfrozen at epoch {event.epoch}"
        case Checkpoint():
            return f"Checkpoint {event.path}{' (best so far)' if event.is_best else ''}"
        case Log():
            return f"{event.level}: {event.message}"
        case Finished():
            best = f"; best {event.best_metric:.4f}" if event.best_metric is not None else ""
            return f"Finished ({event.reason.replace('_', ' ')}) at step {event.step}{best}"
        case _:
            return ""


class _Trainer:
    """The child process. It gets its own session, so that Ctrl-C reaches it through us."""

    def __init__(self, spec: Path) -> None:
        self._is_stopping = False
        self._events, event_end = os.pipe()
        control_end, self._control = os.pipe()
        command = [
            sys.executable, "-m", "netloom.train", str(spec),
            "--event-fd", str(event_end), "--control-fd", str(control_end),
        ]  # fmt: skip
        self._process = subprocess.Popen(
            command, pass_fds=(event_end, control_end), start_new_session=True
        )
        os.close(event_end)
        os.close(control_end)

    def __enter__(self) -> Self:
        # A handler, because an exception could come anywhere, also between two lines.
        self._former_handler = signal.signal(signal.SIGINT, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._former_handler)
        # The closed control pipe ends a child that still runs.
        os.close(self._control)
        self._process.wait()

    def lines(self) -> Iterator[str]:
        """Yield lines until the child has said everything."""
        with os.fdopen(self._events, encoding="utf-8") as stream:
            yield from stream

    def wait(self) -> int:
        """Return the exit status."""
        return self._process.wait()

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        if self._is_stopping:
            raise KeyboardInterrupt
        self._is_stopping = True
        complain("Stopping after a checkpoint; press Ctrl-C again to end at once.")
        self._process.send_signal(signal.SIGTERM)
