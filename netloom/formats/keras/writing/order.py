"""The order in which Keras lists the layers of a model: weights are found by it.

Layers stand by their distance from the outputs, the farthest first, and those of one distance as a
walk back from the outputs meets them (`keras.src.ops.function.map_graph`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

Call = tuple[str, int]
"""Name of a layer, and which use of it."""


def layer_order(
    sources: Mapping[str, Sequence[Sequence[Call]]], inputs: Iterable[Call], outputs: Iterable[Call]
) -> list[str]:
    """Return the names of layers in Keras's order.

    Args:
        sources: What each use of each layer takes; a layer without uses is an input.
    """
    met: dict[str, int] = {}
    finished: dict[Call, None] = {}
    for output in outputs:
        _walk(sources, output, met, finished)
    depths = _depths(sources, list(finished))
    for name, _ in inputs:
        if name not in depths:
            depths[name], met[name] = 0, -1
    return sorted(depths, key=lambda name: (-depths[name], met[name]))


def _walk(
    sources: Mapping[str, Sequence[Sequence[Call]]],
    output: Call,
    met: dict[str, int],
    finished: dict[Call, None],
) -> None:
    """Go back from an output, depth first, as a stack: networks may be deep."""
    stack: list[tuple[Call, bool]] = [(output, False)]
    while stack:
        call, is_done = stack.pop()
        if call in finished:
            continue
        if is_done:
            finished[call] = None
            continue
        met.setdefault(call[0], len(met))
        stack.append((call, True))
        stack.extend((source, False) for source in reversed(_taken(sources, call)))


def _depths(
    sources: Mapping[str, Sequence[Sequence[Call]]], finished: Sequence[Call]
) -> dict[str, int]:
    """Return how far each layer is from the outputs, its farthest use counted."""
    of_calls: dict[Call, int] = {}
    of_layers: dict[str, int] = {}
    for call in reversed(finished):
        depth = max(of_calls.setdefault(call, 0), of_layers.get(call[0], 0))
        of_layers[call[0]] = of_calls[call] = depth
        for source in _taken(sources, call):
            of_calls[source] = max(depth + 1, of_calls.get(source, 0))
    return of_layers


def _taken(sources: Mapping[str, Sequence[Sequence[Call]]], call: Call) -> Sequence[Call]:
    uses = sources[call[0]]
    return uses[call[1]] if uses else ()
