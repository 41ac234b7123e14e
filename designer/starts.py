"""What a network begins with: a template, fitted to a dataset."""

from __future__ import annotations

from common.errors import Code, Problem
from datasets.models import Dataset
from datasets.services import binding_of
from netloom.graph.document import Document
from netloom.templates import make_template, templates

UNBOUND = {"channels": 3, "height": 64, "width": 64, "num_classes": 10}
MAX_TEMPLATE_SIDE_PX = 224


def can_train(template: str) -> bool:
    """Return whether a template is for a task that is trained here."""
    return any(info.id == template and info.can_train for info in templates())


def document_from_template(template: str, dataset: Dataset | None) -> Document:
    """Return a template fitted to a dataset.

    Raises:
        Problem: `invalid` for an unknown template.
    """
    known = [info.id for info in templates()]
    if template not in known:
        raise Problem(
            Code.INVALID,
            f"There is no template {template!r}.",
            f"Choose one of {', '.join(known)}.",
        )
    return make_template(template, **(_fitting(dataset) if dataset else UNBOUND))


def _fitting(dataset: Dataset) -> dict[str, int]:
    """Sizes for a template: those of the data, photographs reduced to what trains well."""
    binding = binding_of(dataset)
    height, width = binding.typical_size or (UNBOUND["height"], UNBOUND["width"])
    scale = min(1.0, MAX_TEMPLATE_SIDE_PX / max(height, width))
    return {
        "channels": binding.channels or UNBOUND["channels"],
        "height": max(1, round(height * scale)),
        "width": max(1, round(width * scale)),
        "num_classes": binding.num_classes or UNBOUND["num_classes"],
    }
