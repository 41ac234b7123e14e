"""Where the weights of each layer stand while a network is edited: trained, changed or new."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from netloom.graph.document import Document
from netloom.surgery.transfer import plan_transfer

WeightStanding = Literal["pretrained", "changed", "new"]


def weight_standing(
    before: Document, after: Document, *, missing: Iterable[str] = ()
) -> dict[str, WeightStanding]:
    """Say for each node with weights what a run would start it from.

    A block is `changed` when some of its layers keep their weights and others do not.

    Args:
        before: The network that the weights belong to.
        missing: Keys of its weights that are not there after all.

    Returns:
        By path of node ids, `instance/inner`, without the numbers of repeats.
    """
    transfer = plan_transfer(before, after)
    absent = frozenset(missing)
    found: dict[str, set[WeightStanding]] = {}
    for use in transfer.after.uses:
        for spec in use.parameters:
            tensor = transfer.tensors[spec.key]
            fate = "new" if tensor.source in absent else tensor.fate
            standing: WeightStanding = _WORDS[fate]
            nodes = use.path.split("/")[::2]
            for depth in range(1, len(nodes) + 1):
                found.setdefault("/".join(nodes[:depth]), set()).add(standing)
    return {path: _joined(each) for path, each in found.items()}


_WORDS: dict[str, WeightStanding] = {"kept": "pretrained", "resized": "changed", "new": "new"}


def _joined(standings: set[WeightStanding]) -> WeightStanding:
    return next(iter(standings)) if len(standings) == 1 else "changed"
