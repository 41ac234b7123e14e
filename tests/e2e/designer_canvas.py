"""The designer as a person works it: with a mouse and keys, never through the API."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from playwright.sync_api import BrowserContext, Error, Locator, Page, expect

from tour.browser import choose

OPENED_WITHIN_MS = 30_000
SAVED = re.compile("^Saved$")
DIGITS = "Handwritten digits"

UNTIL_DRAFT_IS_KEPT = """() => new Promise((resolve, reject) => {
    const end = performance.now() + 10000;
    const look = () => {
        const request = indexedDB.open('netloom-drafts');
        request.onsuccess = () => {
            const database = request.result;
            const count = database.transaction('drafts').objectStore('drafts').count();
            count.onsuccess = () => {
                database.close();
                if (count.result > 0) resolve();
                else if (performance.now() > end) reject(new Error('No draft was kept.'));
                else setTimeout(look, 50);
            };
        };
    };
    look();
})"""


class DesignerCanvas:
    """One open network."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.canvas = page.get_by_test_id("designer-canvas")

    def open(self, network_id: str) -> None:
        self.page.goto(f"/networks/{network_id}")
        expect(self.canvas).to_be_visible(timeout=OPENED_WITHIN_MS)

    @property
    def network_id(self) -> str:
        return self.page.url.rstrip("/").rsplit("/", 1)[-1]

    def node(self, name: str) -> Locator:
        return self.page.get_by_test_id(f"node-{name}")

    def output_of(self, name: str) -> Locator:
        """The output shape at the foot of a card."""
        return self.node(name).get_by_test_id("layer-shape")

    def nodes(self) -> Locator:
        return self.page.locator("[data-testid^='node-'][data-type]")

    def edges(self) -> Locator:
        return self.page.locator(".react-flow__edge")

    def drag_from_palette(self, layer: str, x: float, y: float) -> None:
        """Drop a layer so that its middle is at a point of the canvas."""
        item = self.page.get_by_test_id(f"palette-{layer}")
        item.drag_to(self.canvas, target_position={"x": x, "y": y})

    def insert(self, text: str) -> None:
        """Search-to-insert: what follows the selected layer."""
        self.page.keyboard.press("/")
        self.page.get_by_test_id("insert-input").fill(text)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_test_id("insert-menu")).to_be_hidden()

    def port(self, name: str, port: str) -> Locator:
        return self.node(name).locator(f".react-flow__handle[data-handleid='{port}']")

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
        mouse.move(*end, steps=4)
        mouse.up()

    def pan(self, x: float, y: float) -> None:
        """Push the view by as many pixels, from a point where nothing is drawn."""
        start = self.canvas.evaluate(
            """canvas => {
                const { left, top, right, bottom } = canvas.getBoundingClientRect();
                for (let y = top + 8; y < bottom; y += 8)
                    for (let x = left + 8; x < right; x += 8)
                        if (document.elementFromPoint(x, y).matches('.react-flow__pane'))
                            return [x, y];
            }"""
        )
        self.drag((start[0], start[1]), (start[0] + x, start[1] + y))

    def fit(self) -> None:
        """Bring all layers into view and wait until nothing moves any more."""
        self.press("Shift+Digit1")
        self.rest()

    def rest(self) -> None:
        """Wait until the view does not move any more."""
        self.page.locator(".react-flow__viewport").evaluate(
            """viewport => new Promise(done => {
                let before = '', same = 0;
                const look = () => {
                    const now = viewport.style.transform;
                    same = now === before ? same + 1 : 0;
                    before = now;
                    if (same > 20) done(); else requestAnimationFrame(look);
                };
                look();
            })"""
        )

    def connect(self, source: str, target: str, port: str = "input") -> None:
        """Drag a connection from an output to an input."""
        self.drag(middle_of(self.port(source, "output")), middle_of(self.port(target, port)))

    def point_at_edge(self, index: int) -> None:
        """Move the mouse onto a connection, half way along."""
        path = self.edges().nth(index).locator(".react-flow__edge-interaction")
        x, y = path.evaluate(
            """path => {
                const half = path.getPointAtLength(path.getTotalLength() / 2);
                const at = half.matrixTransform(path.getScreenCTM());
                return [at.x, at.y];
            }"""
        )
        self.page.mouse.move(x, y)

    def set_param(self, name: str, value: str) -> None:
        """Type a value into the form of the selected layer."""
        field = self.page.get_by_test_id(f"param-{name}")
        field.fill(value)
        field.press("Enter")

    def set_name(self, name: str) -> None:
        """Rename the selected layer."""
        field = self.page.get_by_test_id("property-name")
        field.fill(name)
        field.press("Enter")

    def select(self, name: str) -> None:
        self.node(name).click(position={"x": 80, "y": 12})

    def press(self, keys: str) -> None:
        """Press keys while the canvas has the keyboard."""
        self.canvas.focus()
        self.page.keyboard.press(keys)

    def bind(self, dataset: str) -> None:
        choose(self.page, "dataset-picker", dataset)

    def show(self, tab: str) -> None:
        """Open a tab of the lower panel."""
        button = self.page.get_by_test_id(f"bottom-{tab}")
        if button.get_attribute("aria-selected") != "true":
            button.click()

    def expect_saved(self) -> None:
        expect(self.page.get_by_test_id("save-state")).to_have_text(SAVED)

    def expect_no_problems(self) -> None:
        self.show("problems")
        expect(self.page.get_by_text("No problems found.")).to_be_visible()

    def served(self) -> dict[str, Any]:
        """The network as the server has it."""
        answer = self.page.request.get(f"/api/networks/{self.network_id}")
        assert answer.ok, answer.text()
        return answer.json()


def middle_of(locator: Locator) -> tuple[float, float]:
    box = locator.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def new_network(
    context: BrowserContext,
    template: str | None,
    name: str,
    *,
    document: dict[str, Any] | None = None,
) -> str:
    """Make a network of the sample project, bound to the digits, and return its id."""
    session = context.request.get("/api/session").json()
    # Other tests make projects too, and the one that was opened last comes first.
    project = next(each["id"] for each in session["projects"] if each["name"] == "Sample project")
    datasets = context.request.get(f"/api/projects/{project}/datasets").json()
    digits = next(each["id"] for each in datasets if each["name"] == DIGITS)
    body: dict[str, Any] = {"name": name, "dataset_id": digits}
    if template is not None:
        body["template"] = template
    if document is not None:
        body["document"] = document
    answer = context.request.post(
        f"/api/projects/{project}/networks",
        data=body,
        headers={"X-CSRFToken": session["csrf_token"]},
    )
    assert answer.ok, answer.text()
    return answer.json()["id"]


def open_designer(context: BrowserContext, network_id: str) -> DesignerCanvas:
    designer = DesignerCanvas(context.new_page())
    designer.open(network_id)
    return designer


def kill(page: Page) -> None:
    """End the tab's process, as a crash or a closed laptop would."""
    with page.expect_event("crash"), suppress(Error):
        page.goto("chrome://crash")
    page.close()
