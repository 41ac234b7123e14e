"""The order in which nodes run: deterministic, and with every branch in one piece."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence


def natural_key(name: str) -> list[tuple[bool, int, str]]:
    """Sort `conv2` before `conv10`."""
    return [
        (not part.isdigit(), int(part) if part.isdigit() else 0, part)
        for part in re.split(r"([0-9]+)", name)
        if part
    ]


def execution_order(output_ids: Iterable[str], feeders: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the nodes that the outputs need, each after everything it takes.

    A depth-first walk back from the outputs along the inputs in port order: a branch is finished
    before the next one starts, and nothing depends on ids, names or the order of creation.

    Args:
        feeders: For each node, the nodes it takes from, in port order. Without cycles.
    """
    order: list[str] = []
    is_placed: set[str] = set()
    for output_id in output_ids:
        stack: list[tuple[str, bool]] = [(output_id, False)]
        while stack:
            node_id, is_ready = stack.pop()
            if node_id in is_placed:
                continue
            if is_ready:
                is_placed.add(node_id)
                order.append(node_id)
                continue
            stack.append((node_id, True))
            stack.extend((feeder, False) for feeder in reversed(feeders[node_id]))
    return order
