"""Large networks in the designer, beside plain React Flow and Netron in the same browser."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import ExitStack

from playwright.sync_api import BrowserContext

from bench.browser import signed_in_page
from bench.client import Client, open_studio
from bench.registry import Declaration, Figure, NotMeasurable, at_least, at_most, gives
from bench.sides import (
    NETLOOM,
    NETRON,
    REACTFLOW,
    Gesture,
    Measured,
    Side,
    netloom_side,
    netron_side,
    reactflow_side,
)  # fmt: skip
from bench.timing import quantile
from netloom.graph.document import Document

_SIZES = (100, 1000, 5000)
_LARGEST = _SIZES[-1]
_ROUNDS = 3
_MODEL = "residual blocks, 5,000 nodes, 5,713 connections"
_WORK = (
    "main-thread work per frame, no GPU, with the processor time of that thread on average, which "
    "other work on the machine hardly changes"
)
_WITHOUT_NETWORK = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
_GESTURES = {
    "pan_5000_p95_ms": "pan",
    "fit_5000_p95_ms": "fit",
    "fit_pan_5000_p95_ms": "fit_pan",
    "drag_5000_p95_ms": "drag",
    "undo_5000_p95_ms": "undo",
}
Results = dict[tuple[str, int], Measured]


@gives(
    Declaration("open_5000_s", "s", at_most(2), "From the address to 5,000 nodes with shapes"),
    Declaration("pan_5000_p95_ms", "ms", at_most(8), "A frame while panning among 5,000 nodes"),
    Declaration("fit_5000_p95_ms", "ms", at_most(50), "Slowest frame of zooming to fit, or back"),
    Declaration("fit_pan_5000_p95_ms", "ms", at_most(12), "A frame of panning with all in view"),
    Declaration("drag_5000_p95_ms", "ms", at_most(50), "A frame while dragging one of 5,000 nodes"),
    Declaration("undo_5000_p95_ms", "ms", at_most(50), "Slowest frame of undoing or redoing"),
    Declaration("reactflow_open_over_ours", "x", at_least(1), "Plain React Flow opens 5,000 nodes"),
    Declaration("reactflow_pan_over_ours", "x", at_least(1), "Plain React Flow pans among 5,000"),
    Declaration("reactflow_drag_over_ours", "x", at_least(1), "Plain React Flow drags a node"),
    Declaration("netron_open_over_ours", "x", at_least(1), "Netron opens 5,000 nodes"),
    Declaration("netron_pan_over_ours", "x", None, "Netron pans among 5,000"),
)  # fmt: skip
def large_networks() -> Iterator[tuple[str, Figure]]:
    from bench.networks import deep_residual

    documents = {size: deep_residual(size) for size in _SIZES}
    with ExitStack() as stack:
        studio, client = stack.enter_context(open_studio())
        page = stack.enter_context(signed_in_page(studio, client, arguments=(_WITHOUT_NETWORK,)))
        sides = [
            netloom_side(
                {size: f"{studio.url}{_saved(client, documents[size])}" for size in _SIZES}
            ),
            stack.enter_context(reactflow_side(documents)),
        ]
        lacks: NotMeasurable | None = None
        try:
            sides.append(stack.enter_context(netron_side(documents, page.context)))
        except NotMeasurable as reason:
            lacks = reason
        results = _measure(sides, page.context)
    yield from _own_figures(results)
    yield from _ratios(results)
    if lacks is not None:
        raise lacks


def _saved(client: Client, document: Document) -> str:
    """Make a network of a document and return its path."""
    body = {
        "name": f"{len(document.graph.nodes)} nodes",
        "document": document.model_dump(mode="json"),
    }
    return f"/networks/{client.post(f'/api/projects/{client.project_id}/networks', body)['id']}"


def _measure(sides: list[Side], context: BrowserContext) -> Results:
    """Open every network on every side in turn; do the gestures the last time.

    The first round is not counted: by then the browser knows the scripts of all sides.
    """
    results: Results = {}
    for size in _SIZES:
        for number in range(1 + _ROUNDS):
            for side in sides:
                measured = results.setdefault((side.name, size), Measured())
                page, main, opened = side.open(context, size)
                if number > 0:
                    measured.opened.append(opened)
                if number == _ROUNDS:
                    measured.gestures = side.gestures(page, main)
                page.close()
    return results


def _own_figures(results: Results) -> Iterator[tuple[str, Figure]]:
    ours = {size: results[NETLOOM, size] for size in _SIZES}
    opened = "; ".join(f"{size:,} nodes {_openings(ours[size])}" for size in _SIZES)
    note = f"median of {_ROUNDS} with what the browser keeps of the scripts; {opened}"
    yield "open_5000_s", Figure(ours[_LARGEST].wall_s, model=_MODEL, note=note)
    for key, gesture in _GESTURES.items():
        value = quantile(ours[_LARGEST].gestures[gesture].times_ms, 0.95)
        note = f"{_WORK}; p50/p95: {_over_sizes(NETLOOM, gesture, results)}"
        yield key, Figure(value, model=_MODEL, note=note)


def _ratios(results: Results) -> Iterator[tuple[str, Figure]]:
    ours = results[NETLOOM, _LARGEST]
    for name, key in ((REACTFLOW, "reactflow"), (NETRON, "netron")):
        peer = results.get((name, _LARGEST))
        if peer is None:
            continue
        opened = "; ".join(f"{size:,} nodes {_openings(results[name, size])}" for size in _SIZES)
        note = f"{opened}; ours {ours.wall_s:.2f} s, {ours.work_s:.2f} s of work"
        ratio = peer.wall_s / ours.wall_s
        yield f"{key}_open_over_ours", Figure(ratio, peer=name, model=_MODEL, note=note)
        for gesture, theirs in peer.gestures.items():
            ratio = theirs.work_ms / ours.gestures[gesture].work_ms
            note = (
                f"of processor time; {_WORK}; p50/p95: {_over_sizes(name, gesture, results)}; ours "
                f"{_middle_and_most(ours.gestures[gesture])}"
            )
            yield f"{key}_{gesture}_over_ours", Figure(ratio, peer=name, model=_MODEL, note=note)


def _openings(measured: Measured) -> str:
    longest_s = max(each.wall_s for each in measured.opened)
    return f"{measured.wall_s:.2f} s (most {longest_s:.2f}, {measured.work_s:.2f} s of work)"


def _over_sizes(name: str, gesture: str, results: Results) -> str:
    return ", ".join(
        f"{_middle_and_most(results[name, size].gestures[gesture])} at {size:,}" for size in _SIZES
    )


def _middle_and_most(gesture: Gesture) -> str:
    times = gesture.times_ms
    return (
        f"{statistics.median(times):.1f}/{quantile(times, 0.95):.1f} ms "
        f"(processor {gesture.work_ms:.1f})"
    )
