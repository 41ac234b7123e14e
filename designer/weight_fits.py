"""What else weights alone may belong to: templates, and networks of the zoo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from common.errors import Code, Problem
from designer import zoo
from netloom.formats.match_places import places_of
from netloom.formats.matching import COUNTER, Matching, match_weights
from netloom.formats.weight_file import FileTensor
from netloom.formats.zoo.provider import ZooEntry
from netloom.graph.document import Document
from netloom.templates import TemplateInfo, make_template, templates

LEAST_OF_BOTH = 0.5
"""Of the file's tensors, and of the template's learned numbers."""
MOST_NAMED = 5
_SIDE_PX = 64
_USUAL_CHANNELS, _USUAL_CLASSES = 3, 10


@dataclass(frozen=True, slots=True)
class TemplateMatch:
    """How much of a file a template takes."""

    info: TemplateInfo
    matching: Matching


def num_learned(tensors: Sequence[FileTensor]) -> int:
    """Count the learned numbers of a file; statistics of normalizations are none."""
    return sum(tensor.num_values for tensor in tensors if tensor.is_learned)


def document_for(template: str, tensors: Sequence[FileTensor]) -> Document:
    """Return a template with the channels and classes that the tensors of a file are for.

    Raises:
        Problem: `invalid` for an unknown template.
    """
    if template not in {info.id for info in templates()}:
        raise Problem(
            Code.INVALID, f"There is no template {template!r}.", "Choose one that is offered."
        )
    shapes = [tensor.shape for tensor in tensors if tensor.name == "weight"]
    first = next((shape for shape in shapes if len(shape) >= 4), ())
    heads = [shape[0] for shape in shapes if len(shape) >= 2 and shape[0] > 0]
    return make_template(
        template,
        channels=first[1] if first and first[1] in (1, 3) else _USUAL_CHANNELS,
        height=_SIDE_PX,
        width=_SIDE_PX,
        num_classes=heads[-1] if heads else _USUAL_CLASSES,
    )


def fitting_templates(tensors: Sequence[FileTensor]) -> list[TemplateMatch]:
    """Return templates that take most of a file and find most of themselves in it, best first."""
    found: list[TemplateMatch] = []
    least = LEAST_OF_BOTH * sum(tensor.name != COUNTER for tensor in tensors)
    for info in templates():
        if _num_places(info.id) < least:
            continue
        matching = match_weights(document_for(info.id, tensors), tensors)
        of_file = matching.num_matched / matching.num_in_file if matching.num_in_file else 0.0
        if min(of_file, matching.share) >= LEAST_OF_BOTH:
            found.append(TemplateMatch(info, matching))
    found.sort(key=lambda each: -each.matching.share)
    return found[:MOST_NAMED]


@cache
def _num_places(template: str) -> int:
    """Return how many tensors a template has a place for, whatever its channels and classes."""
    return len(places_of(document_for(template, ()))[0])


def fitting_zoo(source: str, tensors: Sequence[FileTensor]) -> list[ZooEntry]:
    """Return networks of the zoo whose weights are called so, or have as many parameters.

    Their layers are not looked at: opening them takes a process of its own.
    """
    learned = num_learned(tensors)
    named: list[ZooEntry] = []
    counted: list[ZooEntry] = []
    for entry in zoo.entries()[0]:
        if not entry.can_open:
            continue
        if source and any(each.file_name == source for each in entry.weights):
            named.append(entry)
        elif learned and any(each.parameters == learned for each in entry.weights):
            counted.append(entry)
    return [*named, *counted][:MOST_NAMED]
