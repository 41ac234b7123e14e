"""Frozen layers that a run would start from random weights: what they compute is never learned."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from netloom.graph.document import Document
from netloom.graph.operations import SetAttribute
from netloom.surgery.expand import LayerUse, expand
from netloom.surgery.transfer import plan_transfer


@dataclass(frozen=True, slots=True)
class FrozenAtRandom:
    """Layers that are frozen and get no weights.

    Attributes:
        names: Of the layers, with those of the blocks around them.
        node_id: The first of them on the top level; None where it is not to be seen there.
        unfreeze: Lets what is frozen about them learn.
    """

    names: tuple[str, ...]
    node_id: str | None
    unfreeze: tuple[SetAttribute, ...]


def find_frozen_at_random(
    document: Document, starts: Sequence[Document], *, missing: Collection[str] = ()
) -> FrozenAtRandom | None:
    """Return the frozen layers whose learned tensors no start weights hold; None without any.

    Args:
        starts: Networks whose weights the run starts from, their layers named as here.
        missing: Keys of these networks whose weights are not there after all.
    """
    scopes = {None: document.graph.nodes} | {
        key: block.nodes for key, block in document.graph.blocks.items()
    }
    frozen = {
        node_id: scope_id
        for scope_id, nodes in scopes.items()
        for node_id, node in nodes.items()
        if node.is_frozen
    }
    if not frozen:
        return None
    uses = [
        use
        for use in expand(document).uses
        if use.parameters and not frozen.keys().isdisjoint(_nodes_of(use))
    ]
    given = _given(document, starts, missing) if uses else set[str]()
    bare = [use for use in uses if any(spec.key not in given for spec in use.parameters)]
    if not bare:
        return None
    concerned = dict.fromkeys(key for use in bare for key in _nodes_of(use) if key in frozen)
    return FrozenAtRandom(
        names=tuple(dict.fromkeys(use.name for use in bare)),
        node_id=next((key for key in concerned if frozen[key] is None), None),
        unfreeze=tuple(
            SetAttribute(scope=frozen[key], node_id=key, attribute="is_frozen", value=False)
            for key in concerned
        ),
    )


def _given(document: Document, starts: Iterable[Document], missing: Collection[str]) -> set[str]:
    """Return the keys of the tensors that start weights hold, made to fit or as they are."""
    given: set[str] = set()
    for start in starts:
        for key, tensor in plan_transfer(start, document).tensors.items():
            if tensor.source is not None and tensor.source not in missing:
                given.add(key)
    return given


def _nodes_of(use: LayerUse) -> list[str]:
    """Return the ids of the instances around a layer, and its own."""
    return use.path.split("/")[::2]
