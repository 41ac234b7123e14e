"""A person at the designer, whose every gesture is counted."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from playwright.sync_api import Locator, Page, expect

from tests.e2e.designer_canvas import OPENED_WITHIN_MS, DesignerCanvas, middle_of

HEAD = {"x": 80, "y": 12}


class Person(DesignerCanvas):
    """Draws with a mouse and keys alone, one gesture after the other.

    A key or a combination of keys, a word typed, a click and a drag are one gesture each.

    Attributes:
        num_gestures: How many there were so far.
        seconds: How long the drawing took, once it has ended.
    """

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.num_gestures = 0
        self.seconds = 0.0
        self._began_s = 0.0

    def __enter__(self) -> Self:
        self._began_s = time.monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.seconds = time.monotonic() - self._began_s

    def hit(self, keys: str, times: int = 1) -> None:
        for _ in range(times):
            self.num_gestures += 1
            self.page.keyboard.press(keys)

    def write(self, text: str) -> None:
        self.num_gestures += 1
        self.page.keyboard.type(text)

    def click(self, locator: Locator) -> None:
        self.num_gestures += 1
        locator.click()

    def new_network(self, name: str) -> None:
        """Begin with nothing, and without data."""
        self.page.goto("/networks")
        self.click(self.page.get_by_test_id("network-new").first)
        self.click(self.page.get_by_test_id("network-template-empty"))
        self.click(self.page.get_by_label("No data"))
        self.click(self.page.get_by_test_id("network-new-name"))
        self.write(name)
        self.hit("Enter")
        expect(self.page.get_by_text("Nothing is drawn yet")).to_be_visible(
            timeout=OPENED_WITHIN_MS
        )

    def add(self, text: str, *values: str) -> None:
        """Insert what is meant by some letters; type into its first fields, one after the other."""
        self.hit("/")
        expect(self.page.get_by_test_id("insert-input")).to_be_focused()
        self.write(text)
        self.hit("Enter")
        expect(self.page.get_by_test_id("insert-menu")).to_be_hidden()
        if values:
            self.set(*values)

    def set(self, *values: str) -> None:
        """Type into the first fields of what is selected; an empty text leaves one as it is."""
        self.hit("Enter")
        for index, value in enumerate(values):
            if index:
                self.hit("Tab")
            if value:
                self.write(value)
        self.hit("Enter")
        expect(self.canvas).to_be_focused()

    def put(self, field: str, value: str) -> None:
        """Type into a field of the form, in place of what stands there."""
        self.click(self.page.get_by_test_id(field))
        self.write(value)
        self.hit("Enter")
        expect(self.canvas).to_be_focused()

    def without_bias(self) -> None:
        """What is normalised next needs no bias of its own."""
        self.click(self.page.get_by_role("button", name="More settings"))
        self.click(self.page.get_by_test_id("param-bias"))
        self.hit("Escape")
        expect(self.canvas).to_be_focused()

    def feed(self, port: str, source: str) -> None:
        """Say what feeds an input of the selected layer."""
        self.click(self.page.get_by_role("combobox", name=f"What feeds {port}", exact=True))
        self.click(self.page.get_by_role("option", name=source, exact=True))
        self.hit("Escape")
        expect(self.canvas).to_be_focused()

    def group(self, num_layers: int, name: str) -> None:
        """Make a block of the newest layers in the row, which end at the selected one."""
        self.hit("Shift+ArrowLeft", num_layers - 1)
        self.hit("Control+g")
        self.put("block-name", name)

    def offer(self, setting: str, *names: str) -> None:
        """In the selected block: let its uses set what these layers share."""
        self.hit("Enter")
        trail = self.page.get_by_test_id("designer-breadcrumb")
        expect(trail.get_by_role("button")).to_have_count(1)
        for index, name in enumerate(names):
            self.num_gestures += 1
            self.node(name).click(position=HEAD)  # type: ignore[arg-type]
            self.click(self.page.get_by_test_id("expose-param"))
            word = "together with" if index else "as"
            label = f"{setting} {word} “{setting}”"
            self.click(self.page.get_by_role("option", name=label, exact=True))
        self.hit("Escape")
        expect(self.canvas).to_be_focused()
        self.hit("Escape", 2)
        expect(self.page.get_by_test_id("block-name")).to_be_visible()

    def join(self, source: str, target: str, port: str, output: str = "output") -> None:
        """Drag a connection from an output to an input."""
        self.num_gestures += 1
        before = self.edges().count()
        self.drag(middle_of(self.port(source, output)), middle_of(self.port(target, port)))
        expect(self.edges()).to_have_count(before + 1)

    def tidy(self) -> None:
        """Lay out, and go near enough to see the ports."""
        said = self.page.get_by_role("status").filter(has_text="Tidy")
        self.hit("t")
        expect(said).to_have_count(1)
        self.fit()
