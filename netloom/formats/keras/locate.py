"""Which layer of a Keras file computes other numbers here: outputs side by side, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from netloom.formats.imported import ImportedNetwork
from netloom.formats.runnable import NOTED_ABOVE, make_runnable

if TYPE_CHECKING:
    from torch import Tensor, nn


def is_equal(difference: float, largest: float) -> bool:
    """Say whether two sides are equal but for rounding."""
    return difference <= NOTED_ABOVE * max(1.0, largest)


def first_above(
    network: ImportedNetwork, inputs: Sequence[Tensor], theirs: Mapping[str, Tensor]
) -> str | None:
    """Return the first layer, in the order of computing, that differs; None where none does.

    Args:
        network: Without blocks, so that each layer of the file has nodes of its own.
        theirs: What layers give in Keras, as `number path`.
    """
    ours = _outputs(network, inputs)
    seen: set[str] = set()
    in_order = sorted(theirs.items(), key=lambda each: int(each[0].partition(" ")[0]))
    for key, tensor in in_order:
        path = key.partition(" ")[2]
        found = ours.get(path)
        if found is None or path in seen:
            continue
        seen.add(path)
        source, given = found
        distance = _distance(given, tensor)
        if distance is not None and not is_equal(distance, float(tensor.double().abs().max())):
            return source
    return None


def _outputs(network: ImportedNetwork, inputs: Sequence[Tensor]) -> dict[str, tuple[str, Tensor]]:
    """Return what stands here for each layer of the file, by its path: kind and output."""
    runnable = make_runnable(network)
    by_node: dict[str, Tensor] = {}

    def keep(node: str) -> object:
        def kept(_module: nn.Module, _given: object, found: object) -> None:
            given = cast("tuple[object, ...]", found) if isinstance(found, tuple) else (found,)
            by_node[node] = cast("Tensor", given[0])

        return kept

    for name, node in runnable.module.netloom_nodes.items():
        runnable.module.get_submodule(name).register_forward_hook(keep(node))  # pyright: ignore[reportArgumentType]
    runnable.run(inputs)
    found: dict[str, tuple[str, Tensor]] = {}
    for piece in network.report.pieces:
        if piece.nodes and piece.nodes[-1] in by_node:
            path = piece.source.partition(" ")[2]
            found.setdefault(path, (piece.source, by_node[piece.nodes[-1]]))
    return found


def _distance(ours: Tensor, theirs: Tensor) -> float | None:
    """Return the largest difference in the layout that fits best; None where none fits."""
    distances = [
        float((laid.double() - theirs.double()).abs().max())
        for laid in _layouts(ours, theirs)
        if laid.shape == theirs.shape and laid.numel()
    ]
    return min(distances, default=None)


def _layouts(ours: Tensor, theirs: Tensor) -> Iterator[Tensor]:
    """Give a tensor as it lies, with channels last, and as features in another order."""
    yield ours
    if ours.ndim > 2:
        yield ours.movedim(1, -1)
    elif ours.shape == theirs.shape and ours.ndim == 2:
        # What is flattened stands in another order: each number beside its like.
        order = theirs.argsort(dim=1).argsort(dim=1)
        yield ours.sort(dim=1).values.gather(1, order)
