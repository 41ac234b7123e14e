"""Counts what a page does: React's commits, what each renders, drawings on a canvas, requests.

Counts are the same on every machine, however busy it is, which times are not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page, Request

# React reports every commit to the hook that its developer tools use. A subtree that a commit left
# alone keeps its children; a component that rendered carries the flag `PerformedWork`, and an
# element that was made anew has other properties.
COUNT = """
(() => {
    const PANELS = __PANELS__;
    const PERFORMED_WORK = 1;
    const ELEMENT = 5;
    const none = () => ({
        commits: 0, mounted: 0, panels: {}, drawn: { far: 0, minimap: 0 }, painted: 0,
    });
    window.counted = none();
    window.takeCounts = () => {
        const taken = window.counted;
        window.counted = none();
        return taken;
    };
    const panelOf = (element) => Object.keys(PANELS).find((name) => element.matches(PANELS[name]));
    const visit = (fiber, outer) => {
        const before = fiber.alternate;
        const isElement = fiber.tag === ELEMENT;
        const panel = (isElement ? panelOf(fiber.stateNode) : undefined) ?? outer;
        if (before === null && isElement && fiber.stateNode.matches('.react-flow__node')) {
            window.counted.mounted += 1;
        }
        const isNew = isElement && before?.memoizedProps !== fiber.memoizedProps;
        if (panel !== undefined && (isNew || (fiber.flags & PERFORMED_WORK) !== 0)) {
            const { panels } = window.counted;
            panels[panel] = (panels[panel] ?? 0) + 1;
        }
        if (before !== null && before.child === fiber.child) return;
        for (let child = fiber.child; child !== null; child = child.sibling) visit(child, panel);
    };
    window.__REACT_DEVTOOLS_GLOBAL_HOOK__ = {
        supportsFiber: true,
        renderers: new Map(),
        inject: () => 1,
        checkDCE: () => {},
        onCommitFiberUnmount: () => {},
        onPostCommitFiberRoot: () => {},
        onCommitFiberRoot: (_, root) => {
            window.counted.commits += 1;
            visit(root.current, undefined);
        },
    };
    const { clearRect } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.clearRect = function (...place) {
        window.counted.drawn[this.canvas.closest('.react-flow') ? 'far' : 'minimap'] += 1;
        return clearRect.apply(this, place);
    };
    // All connections of a scene are one path.
    const { stroke } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.stroke = function (...path) {
        if (path[0] instanceof Path2D) window.counted.painted += 1;
        return stroke.apply(this, path);
    };
})();
"""
PANELS = {
    "palette": "[aria-label='Palette']",
    "properties": "[data-testid='properties']",
    "bottom": "section[aria-label='About the network']",
}


@dataclass(slots=True)
class Counts:
    """What happened between two looks.

    Attributes:
        mounted: Cards that React made, whether or not they are there any more.
        panels: Components and elements that were rendered again, by panel.
        drawn: Times that the far view and the minimap were drawn, be it as a copy.
        painted: Times that a whole scene was painted.
        operations: Of each request that saves, its operations.
    """

    commits: int
    mounted: int
    panels: dict[str, int]
    drawn: dict[str, int]
    painted: int
    operations: list[list[str]] = field(default_factory=list[list[str]])
    num_analyses: int = 0


class Counter:
    """Counts from the page's first script on."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._operations: list[list[str]] = []
        self._num_analyses = 0
        page.add_init_script(COUNT.replace("__PANELS__", json.dumps(PANELS)))
        page.on("request", self._note)

    def take(self) -> Counts:
        """Return the counts since the last time."""
        told: dict[str, Any] = self._page.evaluate("() => window.takeCounts()")
        counts = Counts(**told, operations=self._operations, num_analyses=self._num_analyses)
        self._operations, self._num_analyses = [], 0
        return counts

    def _note(self, request: Request) -> None:
        if request.method != "POST":
            return
        if request.url.endswith("/operations"):
            body = json.loads(request.post_data or "{}")
            self._operations.append([each["op"] for each in body["operations"]])
        if request.url.endswith("/api/analysis"):
            self._num_analyses += 1
