"""What an attempt needs on the local disk before its trainer starts."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from common.errors import Code, Problem
from datasets.services import write_manifest
from designer.documents import stored_document
from netloom.train.spec import RunConfig, TrainSpec
from storage.services import local_blob
from training.models import Attempt, Checkpoint, Run
from training.selectors import document_of
from training.services import MERGED_WEIGHTS, START_WEIGHTS, Start, file_name_of, starts_of
from training.supervision.process import trainer_device
from training.tidy import pixel_cache


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the trainer is started with.

    Attributes:
        resume_step: Step of the checkpoint it continues from, None for the start.
        warnings: What people should know of how it was prepared.
    """

    spec_path: Path
    output: Path
    num_threads: int
    resume_step: int | None
    warnings: list[str]


def attempt_folder(run_id: str, number: int) -> Path:
    """The folder that belongs to one attempt alone."""
    return Path(settings.DATA_FOLDER) / "runs" / run_id / f"attempt-{number}"


def threads_per_slot(device_slots: int) -> int:
    """Torch threads of one slot when all slots of the device are taken."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, (cores or 1) // device_slots)


def prepare(attempt: Attempt, num_threads: int) -> Prepared:
    """Write manifest, start weights and specification into the attempt's folder."""
    run = attempt.run
    folder = attempt_folder(run.id, attempt.number)
    shutil.rmtree(folder, ignore_errors=True)
    output = folder / "output"
    output.mkdir(parents=True)
    manifest = write_manifest(run.dataset_version, folder / "data")
    resume, resume_step, warnings = _fetch_checkpoints(run, folder / "resume")
    # What goes on from a checkpoint of its own needs no weights to start from.
    start, merged = (None, None) if resume else starts_of(run)
    spec = TrainSpec(
        document=stored_document(run.network_version.document),
        manifest=str(manifest),
        output=str(output),
        config=RunConfig.model_validate({**run.config, "device": trainer_device(attempt.device)}),
        initial_weights=_bring_weights(start, folder, START_WEIGHTS),
        initial_document=document_of(start),
        merged_weights=_bring_weights(merged, folder, MERGED_WEIGHTS),
        merged_document=document_of(merged),
        resume_from=str(resume) if resume else None,
        cache=str(pixel_cache()),
        num_threads=num_threads,
    )
    spec_path = folder / "spec.json"
    spec_path.write_text(spec.model_dump_json(by_alias=True))
    return Prepared(spec_path, output, num_threads, resume_step, warnings)


def remove_folder(run_id: str, number: int) -> None:
    """Forget an attempt's folder; its checkpoints are in storage."""
    shutil.rmtree(attempt_folder(run_id, number), ignore_errors=True)


def _fetch_checkpoints(run: Run, folder: Path) -> tuple[Path | None, int | None, list[str]]:
    """Fetch the newest checkpoints; the trainer falls back on the older when one is damaged.

    Returns:
        The newest there is with its step, and what is said of one that is gone.
    """
    newest = list(Checkpoint.objects.filter(run=run).order_by("-step")[:2])
    if not newest:
        return None, None, []
    folder.mkdir()
    found: list[tuple[Path, int]] = []
    missing: list[Problem] = []
    for checkpoint in newest:
        path = folder / f"step-{checkpoint.step:08d}.ckpt"
        try:
            found.append((_bring(checkpoint.blob_id, path), checkpoint.step))
        except Problem as problem:
            missing.append(problem)
    if not found:
        raise missing[0]
    return (*found[0], [problem.detail for problem in missing])


def _bring_weights(start: Start, folder: Path, stem: str) -> str | None:
    name = file_name_of(stem, start)
    return None if start is None or name is None else str(_bring(start.blob_id, folder / name))


def _bring(sha256: str, path: Path) -> Path:
    """Give a stored file a name in the attempt's folder; blobs never change, so a link will do."""
    try:
        stored = local_blob(sha256, path.parent / "blobs")
    except Problem as problem:
        raise Problem(
            problem.code,
            f"The checkpoint {path.name} cannot be used: {problem.detail}",
            "Ask the operator to restore a backup, or start a new run."
            if problem.code is Code.FILE_MISSING
            else problem.next_step,
        ) from None
    try:
        os.link(stored, path)
    except OSError:
        shutil.copyfile(stored, path)  # another disk, or no hard links there
    return path
