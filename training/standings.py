"""What a network was trained to, and where the weights of each of its layers stand since."""

from __future__ import annotations

from typing import Any

from designer.documents import stored_document
from designer.models import Network, WeightSet
from netloom.graph.document import Document
from netloom.surgery.standing import WeightStanding, weight_standing
from training.models import Checkpoint
from training.selectors import best_checkpoint

Trained = WeightSet | Checkpoint


def newest_weights(network: Network) -> Trained | None:
    """Weights that were loaded last, or the best of the newest run: whichever is newer."""
    brought = network.weight_sets.filter(num_tensors__gt=0).order_by("-created_at").first()
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
        return weight_standing(stored_document(source.run.network_version.document), after)
    report: dict[str, Any] = source.report
    before = stored_document(source.document)
    return weight_standing(before, after, missing=report.get("missing_weights", []))
