"""The trained networks that can be asked: a run's checkpoint, or weights that came with a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field

from accounts.access import Action
from accounts.models import Person, Project
from common.errors import Code, Problem
from designer.access import access_weight_set
from designer.documents import analyze_document, stored_document
from designer.models import Network, WeightSet
from netloom.graph.document import Document
from netloom.surgery.survival import report_survival
from training.access import access_checkpoint
from training.models import Checkpoint, Run
from training.schemas import StartFromCheckpoint, StartFromWeights

WeightsChoice = Annotated[StartFromCheckpoint | StartFromWeights, Field(discriminator="type")]
"""One of those descriptions that a run can start from."""


NOBODY = {"checkpoint_id": None, "weight_set_id": None}
"""How a job says that it asks no network."""


@dataclass(frozen=True)
class Source:
    """A network with the weights it is asked with: one of `checkpoint` and `weight_set` is set."""

    checkpoint: Checkpoint | None = None
    weight_set: WeightSet | None = None

    @property
    def network(self) -> Network:
        """The network in the studio; what it was drawn like then is `document`."""
        return self._weight_set.network if self.checkpoint is None else self.checkpoint.run.network

    @property
    def project(self) -> Project:
        """Whose members see the answers."""
        return self.network.project

    @property
    def run(self) -> Run | None:
        """The run that the weights come from."""
        return None if self.checkpoint is None else self.checkpoint.run

    @property
    def document(self) -> Any:
        """The network that is asked: as a run trained it, or as `is_as_drawn` says."""
        if self.checkpoint is not None:
            return self.checkpoint.run.network_version.document
        return self.network.document if self.is_as_drawn else self._weight_set.document

    @cached_property
    def is_as_drawn(self) -> bool:
        """Whether weights that came with a file are asked in the network as it is drawn now.

        So they are while every one has its place there: boxes that were chosen behind a detector
        since, or another normalisation of its input, count. Else it is asked as it was opened.
        """
        if self.weight_set is None:
            return False
        drawn, opened = self.network.document, self.weight_set.document
        return drawn == opened or _keeps_weights(stored_document(opened), stored_document(drawn))

    @property
    def sha256(self) -> str:
        """Digest of the weights' bytes."""
        return self._weight_set.blob_id if self.checkpoint is None else self.checkpoint.blob_id

    @property
    def classes(self) -> list[str]:
        """Names in the order of the output; empty where a file told none."""
        if self.checkpoint is None:
            return list(self._weight_set.classes)
        return [entry["name"] for entry in self.checkpoint.run.dataset_version.classes]

    @property
    def class_ids(self) -> list[str]:
        """Ids of the classes of the dataset that a run learned from; empty without a run."""
        if self.checkpoint is None:
            return []
        return [entry["id"] for entry in self.checkpoint.run.dataset_version.classes]

    @property
    def subject(self) -> tuple[str, str]:
        """What a job about it is about."""
        if self.checkpoint is None:
            return "weights", self._weight_set.id
        return "checkpoint", self.checkpoint.id

    @property
    def title(self) -> str:
        """What people call it."""
        if self.checkpoint is None:
            return f"{self._weight_set.source} ({self._weight_set.format})"
        run = self.checkpoint.run
        return f"{run.name or f'Run {run.number}'}, step {self.checkpoint.step:,}"

    @property
    def payload(self) -> dict[str, str | None]:
        """How a job names it; `source_of` reads it."""
        return {
            "checkpoint_id": None if self.checkpoint is None else self.checkpoint.id,
            "weight_set_id": None if self.weight_set is None else self.weight_set.id,
        }

    @property
    def _weight_set(self) -> WeightSet:
        if self.weight_set is None:
            raise ValueError("a source has a checkpoint or a weight set")
        return self.weight_set


def _keeps_weights(opened: Document, drawn: Document) -> bool:
    if not analyze_document(drawn, None).is_trainable:
        return False
    survival = report_survival(opened, drawn)
    return survival.is_complete and survival.resized == survival.new == 0


def access_source(person: Person, choice: WeightsChoice, action: Action) -> Source:
    """Fetch what a person may ask; raises Problem not_found or in_bin, invalid without weights."""
    if isinstance(choice, StartFromCheckpoint):
        return Source(checkpoint=access_checkpoint(person, choice.checkpoint_id, action))
    weight_set = access_weight_set(person, choice.weight_set_id, action)
    if weight_set.num_tensors == 0:
        raise Problem(
            Code.NO_CHECKPOINT,
            f"{weight_set.source} held an architecture without weights.",
            "Choose other weights, or train the network first.",
        )
    return Source(weight_set=weight_set)


def source_of(payload: Mapping[str, Any]) -> Source:
    """The source that a job names; raises Problem no_checkpoint when it is gone."""
    if payload.get("weight_set_id") is not None:
        found = WeightSet.objects.select_related("network__project")
        weight_set = found.filter(pk=payload["weight_set_id"]).first()
        if weight_set is None:
            raise Problem(
                Code.NO_CHECKPOINT, "The weights were deleted meanwhile.", "Choose other weights."
            )
        return Source(weight_set=weight_set)
    checkpoint = (
        Checkpoint.objects.select_related(
            "blob", "run__network_version", "run__network__project", "run__dataset_version"
        )
        .filter(pk=payload["checkpoint_id"])
        .first()
    )
    if checkpoint is None:
        raise Problem(
            Code.NO_CHECKPOINT,
            "The checkpoint is gone: newer ones of the run took its place.",
            "Choose one of the checkpoints the run has now.",
        )
    return Source(checkpoint=checkpoint)
