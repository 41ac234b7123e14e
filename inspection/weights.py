"""Whose weights are meant: of a run, of a checkpoint, of a file, or random ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from accounts.models import Person
from common.errors import Code, Problem
from designer.access import access_weight_set
from designer.models import WeightSet
from inspection.preview_schemas import PreviewCheckpoint, Weights
from netloom.serve.requests import TrainedWeights
from storage.services import local_blob
from training.access import access_checkpoint, access_run
from training.models import Checkpoint


def require_weights_seen(person: Person, weights: Weights) -> None:
    """Raise Problem not_found for weights that the person may not see."""
    if weights.kind == "run":
        access_run(person, weights.run_id, "view")
    elif weights.kind == "checkpoint":
        access_checkpoint(person, weights.checkpoint_id, "view")
    elif weights.kind == "file":
        access_weight_set(person, weights.weight_set_id, "view")
    elif weights.kind == "pretrained":
        raise Problem(
            Code.NO_CHECKPOINT,
            "This studio holds no pretrained weights.",
            "Choose random weights or those of a run.",
        )


def chosen_weights(weights: dict[str, Any]) -> Checkpoint | WeightSet | None:
    """What `Weights`, as plain JSON, means now: the newest or best checkpoint the run has.

    Raises:
        Problem: `no_checkpoint` or `not_found` where it is gone, or not there yet.
    """
    if weights["kind"] == "random":
        return None
    return _weight_set(weights) if weights["kind"] == "file" else _checkpoint(weights)


def trained_weights(source: Checkpoint | WeightSet | None, folder: Path) -> TrainedWeights | None:
    """The same as files for another process; those that are made lie in `folder`."""
    if source is None:
        return None
    is_file = isinstance(source, WeightSet)
    document = folder / "trained.json"
    document.write_text(
        json.dumps(source.document if is_file else source.run.network_version.document)
    )
    return TrainedWeights(
        sha256=source.blob_id,
        checkpoint=local_blob(source.blob_id, folder / "checkpoint"),
        document=document,
        kind="file" if is_file else "checkpoint",
    )


def told_checkpoint(checkpoint: Checkpoint) -> dict[str, Any]:
    """What a job's result says of the checkpoint whose weights were taken."""
    return PreviewCheckpoint(
        id=checkpoint.id,
        run_id=checkpoint.run_id,
        step=checkpoint.step,
        epoch=checkpoint.epoch,
    ).model_dump()


def _checkpoint(weights: dict[str, Any]) -> Checkpoint:
    known = Checkpoint.objects.select_related(
        "run__network_version", "run__dataset_version"
    ).order_by("-step")
    if weights["kind"] == "checkpoint":
        found = known.filter(pk=weights["checkpoint_id"]).first()
    else:
        known = known.filter(run_id=weights["run_id"])
        best = known.filter(is_best=True).first() if weights["pick"] == "best" else None
        found = best or known.first()
    if found is None:
        raise Problem(
            Code.NO_CHECKPOINT,
            "The run has no such checkpoint: it has none yet, or newer ones took its place.",
            "Choose other weights, or wait for the run's first checkpoint.",
        )
    return found


def _weight_set(weights: dict[str, Any]) -> WeightSet:
    found = WeightSet.objects.filter(pk=weights["weight_set_id"]).first()
    if found is None:
        raise Problem(
            Code.NOT_FOUND, "The weights were deleted meanwhile.", "Choose other weights."
        )
    return found
