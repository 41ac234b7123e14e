"""What a network was trained to, and where the weights of each of its layers stand since."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from designer.documents import stored_document
from designer.models import Network, Version, WeightSet
from netloom.graph.document import Document
from netloom.surgery.standing import WeightStanding, weight_standing
from netloom.surgery.transfer import TakenApart, take_apart
from training.models import Checkpoint
from training.selectors import best_checkpoint

Trained = WeightSet | Checkpoint
_MOST_KEPT = 4
"""Networks that weights belong to never change, and are compared with after every edit."""


def newest_weights(network: Network) -> Trained | None:
    """Weights that were loaded last, or the best of the newest run: whichever is newer."""
    brought_sets = network.weight_sets.filter(num_tensors__gt=0).defer("document")
    brought = brought_sets.order_by("-created_at").first()
    trained = best_checkpoint(network.id)
    if brought is None or trained is None:
        return brought or trained
    return brought if brought.created_at > trained.created_at else trained


def words_of(source: Trained) -> str:
    """Where weights come from, for people: a file's name, or a run and its epoch."""
    if isinstance(source, WeightSet):
        return source.source
    return f"run {source.run.number}, epoch {source.epoch:g}"


def standing_of(source: Trained, after: Document) -> dict[str, WeightStanding]:
    """Say for each layer of a network as it is drawn now what became of its weights."""
    if isinstance(source, Checkpoint):
        return weight_standing(_of_version(source.run.network_version_id), after)
    report: dict[str, Any] = source.report
    return weight_standing(_of_weights(source.id), after, missing=report.get("missing_weights", []))


@lru_cache(maxsize=_MOST_KEPT)
def _of_version(version_id: str) -> TakenApart:
    return take_apart(stored_document(Version.objects.get(pk=version_id).document))


@lru_cache(maxsize=_MOST_KEPT)
def _of_weights(weight_set_id: str) -> TakenApart:
    return take_apart(stored_document(WeightSet.objects.get(pk=weight_set_id).document))
