"""Where the weights of each layer stand while a network is edited: trained, changed or new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from netloom.graph.document import Document
from netloom.surgery.expand import LayerUse
from netloom.surgery.transfer import Fate, TakenApart, plan_transfer, take_apart

WeightStanding = Literal["pretrained", "changed", "new"]


def weight_standing(
    before: Document | TakenApart, after: Document, *, missing: Iterable[str] = ()
) -> dict[str, WeightStanding]:
    """Say for each node with weights what a run would start it from.

    A block is `changed` when some of its layers keep their weights and others do not.

    Args:
        before: The network that the weights belong to; taken apart already where it is asked for
            after every edit.
        missing: Keys of its weights that are not there after all.

    Returns:
        By path of node ids, `instance/inner`, without the numbers of repeats.
    """
    known = before if isinstance(before, TakenApart) else take_apart(before)
    absent = frozenset(missing)
    found: dict[str, set[WeightStanding]] = {}
    for use, fates in _fates(known, after):
        for fate, source in fates:
            standing: WeightStanding = "new" if source in absent else _WORDS[fate]
            nodes = use.path.split("/")[::2]
            for depth in range(1, len(nodes) + 1):
                found.setdefault("/".join(nodes[:depth]), set()).add(standing)
    return {path: _joined(each) for path, each in found.items()}


def _fates(
    before: TakenApart, after: Document
) -> Iterator[tuple[LayerUse, list[tuple[Fate, str | None]]]]:
    """Yield for each use of a layer what became of its parameters, and what they were."""
    if before.document.graph == after.graph:
        for use in before.expansion.uses:
            yield use, [("kept", spec.key) for spec in use.parameters]
        return
    transfer = plan_transfer(before, after)
    for use in transfer.after.uses:
        tensors = [transfer.tensors[spec.key] for spec in use.parameters]
        yield use, [(tensor.fate, tensor.source) for tensor in tensors]


_WORDS: dict[Fate, WeightStanding] = {"kept": "pretrained", "resized": "changed", "new": "new"}


def _joined(standings: set[WeightStanding]) -> WeightStanding:
    return next(iter(standings)) if len(standings) == 1 else "changed"
