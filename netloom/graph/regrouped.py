"""Which layer of a network is which of another, where layers were moved into blocks or out of them.

Weights are named by the path to their layer, `instance/0/layer`. A layer keeps its id when it is
grouped, moved across the border of a block or set free by dissolving one, so what is at the end of
a path says who it is. A copy that dissolving made has the path it had in its own id:
`instance-0-layer`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable


def match_regrouped(before: Iterable[str], after: Iterable[str]) -> dict[str, str]:
    """Find layers again that another path leads to than before.

    Args:
        before: Paths to the layers of a network, in an order that regrouping keeps.
        after: Those of another version of it.

    Returns:
        Former paths by those of today, of layers whose path was there on one side alone. Those
        that have most of the way in common are matched first, each once.
    """
    old, new = dict.fromkeys(before), dict.fromkeys(after)
    missing = {path: _ids(path) for path in old if path not in new}
    unknown = {path: _ids(path) for path in new if path not in old}
    matched: dict[str, str] = {}
    longest = min(
        max((len(ids) for ids in paths.values()), default=0) for paths in (missing, unknown)
    )
    for length in range(longest, 0, -1):
        ends: dict[tuple[str, ...], deque[str]] = {}
        for path, ids in missing.items():
            if len(ids) >= length:
                ends.setdefault(ids[-length:], deque()).append(path)
        for path, ids in list(unknown.items()):
            candidates = ends.get(ids[-length:]) if len(ids) >= length else None
            if candidates:
                matched[path] = candidates.popleft()
                del unknown[path], missing[matched[path]]
    return matched


def _ids(path: str) -> tuple[str, ...]:
    """Split `instance/0/layer`, and ids that were made of such a path."""
    return tuple(path.replace("-", "/").split("/"))
