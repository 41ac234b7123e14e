"""A run from specification to last event."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from pathlib import Path

import psutil
import torch

from netloom.data.items import LabelledItems
from netloom.data.manifest import Manifest
from netloom.graph.document import graph_hash
from netloom.train.check import check_cpu_devices, check_spec
from netloom.train.checkpoint import (
    CheckpointContent,
    CheckpointError,
    CheckpointKeeper,
    load_newest_usable,
)
from netloom.train.control import Control, StopRequestedError
from netloom.train.device import Placement, choose_placement, cpu_name, prepare_device
from netloom.train.diagnose import describe_failure, describe_non_finite
from netloom.train.emitter import EventWriter
from netloom.train.events import Failed, Finished, Phase, Rewind, Started
from netloom.train.loop import TrainingLoop
from netloom.train.ranks import ALONE, Meeting, Ranks, is_connection_lost
from netloom.train.recorder import NonFiniteLossError
from netloom.train.session import Session, build_session, open_dataset
from netloom.train.spec import TrainSpec
from netloom.train.starting import build_network

_TRACEBACK_CHARS = 8000


def run_training(
    spec: TrainSpec,
    writer: EventWriter,
    control: Control,
    meeting: Meeting | None = None,
    await_reason: Callable[[], None] | None = None,
) -> bool:
    """Train as specified; everything worth knowing leaves through `writer`.

    The last event is `finished` or `failed`.

    Args:
        meeting: Where the ranks meet, for a run on several devices.
        await_reason: Called when another rank is gone; may end this process.

    Returns:
        Whether the run finished (completed, early stopped, stopped or paused).
    """
    if spec.config.devices != (meeting.count if meeting else 1):
        raise ValueError("A run on several devices needs a process for each; see netloom.train.")
    loop: TrainingLoop | None = None
    session: Session | None = None
    try:
        manifest = _checked_manifest(spec, writer)
        if manifest is None:
            return False
        writer.emit(Phase(time_s=time.time(), phase="loading"))
        placement = _prepare_placement(spec, meeting, writer)
        ranks = meeting.join(placement.device) if meeting else ALONE
        content = _read_resume_point(spec, writer)
        # Ranks drop other units: alike, their shares of a batch would learn alike.
        torch.manual_seed(spec.config.seed + ranks.index * 2**32)  # pyright: ignore[reportUnknownMemberType]
        session = _open_session(spec, manifest, placement, ranks, writer, control)
        loop = _make_loop(session, content, writer, control)
        control.raise_if_requested()
        num_test = len(LabelledItems.select(manifest, Path(), ("test",)).ids)
        _announce(session, loop, num_test, writer)
        writer.emit(loop.run())
        return True
    except StopRequestedError:
        writer.emit(_stopped_early(control))
        return True
    except NonFiniteLossError as error:
        if session is None or loop is None:
            raise
        if not session.ranks.is_lead:
            return False
        writer.emit(describe_non_finite(error, session, loop.last_checkpoint))
        return False
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 (whatever ends a run is reported as its last event)
        if meeting is not None and is_connection_lost(error):
            if await_reason is None:
                return False
            await_reason()
        failed = describe_failure(error, loop.step if loop else None)
        if failed.code == "error":
            writer.log("error", "".join(traceback.format_exception(error))[-_TRACEBACK_CHARS:])
        writer.emit(failed)
        return False
    finally:
        if session is not None:
            session.dataset.pixels.close()


def _prepare_placement(spec: TrainSpec, meeting: Meeting | None, writer: EventWriter) -> Placement:
    index = meeting.index if meeting else 0
    config = spec.config
    placement = choose_placement(config.device, config.precision, index=index, count=config.devices)
    prepare_device(placement, spec.threads_per_device)
    for warning in placement.warnings:
        writer.log("warning", warning)
    if placement.device.type == "cpu" and config.device != "cpu":
        for problem in check_cpu_devices(spec):
            writer.log("warning", problem.message)
    return placement


def _checked_manifest(spec: TrainSpec, writer: EventWriter) -> Manifest | None:
    """Read the manifest and say everything that is wrong before any image is read."""
    try:
        manifest = Manifest.read(Path(spec.manifest))
    except (OSError, ValueError) as error:
        message = f"The dataset manifest {spec.manifest} cannot be read: {error}"
        writer.emit(Failed(time_s=time.time(), code="bad_spec", message=message))
        return None
    problems = check_spec(spec, manifest)
    errors = [problem for problem in problems if problem.severity == "error"]
    for problem in problems:
        if problem.severity != "error":
            writer.log("warning" if problem.severity == "warning" else "info", problem.message)
    if not errors:
        return manifest
    writer.emit(
        Failed(
            time_s=time.time(),
            code="bad_spec",
            message=" ".join(problem.message for problem in errors),
            node=next((p.node_id for p in errors if p.node_id), None),
        )
    )
    return None


def _read_resume_point(spec: TrainSpec, writer: EventWriter) -> CheckpointContent | None:
    if spec.resume_from is None:
        return None
    content, path, reasons = load_newest_usable(Path(spec.resume_from))
    if reasons:
        writer.log("warning", f"{' '.join(reasons)} Continuing from {path.name} instead.")
    if content["graph_hash"] != graph_hash(spec.document):
        raise CheckpointError(
            f"{path.name} belongs to another network, so the run cannot be resumed from it. "
            "Start a new run with it as initial weights instead."
        )
    return content


def _open_session(
    spec: TrainSpec,
    manifest: Manifest,
    placement: Placement,
    ranks: Ranks,
    writer: EventWriter,
    control: Control,
) -> Session:
    module = build_network(spec, writer, placement.device)
    dataset = open_dataset(spec, manifest, placement.device, writer, control, ranks)
    return build_session(spec, placement, module, dataset, ranks)


def _make_loop(
    session: Session, content: CheckpointContent | None, writer: EventWriter, control: Control
) -> TrainingLoop:
    best = content["best"] if content else None
    keeper = CheckpointKeeper(
        Path(session.spec.output), best_step=int(best["step"]) if best else None
    )
    environment = describe_environment(session.ranks.count)
    loop = TrainingLoop(session, keeper, writer, control, environment)
    if content is None:
        return loop
    if content["data_fingerprint"] != session.dataset.fingerprint:
        raise CheckpointError(
            "The dataset has changed since the checkpoint was made, so resuming would not give "
            "the same run. Start a new run with it as initial weights instead."
        )
    before = {"num_devices": "1", **content["environment"]}
    changed = [k for k, v in environment.items() if before.get(k) != v]
    if changed:
        was = ", ".join(f"{k} {before.get(k)} -> {environment[k]}" for k in changed)
        writer.log("warning", f"Resumed elsewhere ({was}): numbers may differ in the last digits.")
    loop.restore(content)
    writer.emit(Rewind(time_s=time.time(), to_step=loop.step))
    return loop


def _announce(session: Session, loop: TrainingLoop, num_test: int, writer: EventWriter) -> None:
    placement = session.placement
    dataset = session.dataset
    if session.is_probability:
        writer.log(
            "info",
            "The network ends in a Softmax, so the loss is taken on the logarithm of its "
            "probabilities. Without the Softmax training is a little faster and more exact.",
        )
    writer.emit(
        Started(
            time_s=time.time(),
            device=str(placement.device),
            device_name=placement.name,
            num_devices=session.ranks.count,
            precision=placement.precision,
            num_threads=torch.get_num_threads(),
            torch_version=str(torch.__version__),
            cpu=cpu_name(),
            num_train=len(dataset.train_rows),
            num_validation=len(dataset.validation_rows),
            num_test=num_test,
            steps_per_epoch=session.sampler.batches_per_epoch,
            total_steps=session.total_steps,
            start_step=loop.step,
            data_tier=dataset.pixels.tier,
            num_parameters=sum(p.numel() for p in session.module.parameters()),
        )
    )


def describe_environment(num_devices: int = 1) -> dict[str, str]:
    """Return what resuming bit-identically depends on."""
    return {
        "num_devices": str(num_devices),
        "torch": str(torch.__version__),
        "cpu": cpu_name(),
        "num_threads": str(torch.get_num_threads()),
        "num_cores": str(psutil.cpu_count()),
    }


def _stopped_early(control: Control) -> Finished:
    return Finished(
        time_s=time.time(),
        reason="paused" if control.request == "pause" else "stopped",
        step=0,
        best_metric=None,
        best_step=None,
    )
