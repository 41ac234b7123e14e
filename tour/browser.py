"""A Chromium that behaves like a person's, and what it saw on the websocket."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, WebSocket, expect, sync_playwright

QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WINDOW = {"width": 1440, "height": 900}


@contextmanager
def chromium(*, arguments: tuple[str, ...] = ()) -> Iterator[Browser]:
    """Start a headless Chromium: the one on PATH, else Playwright's own."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=[*sandbox, *QUIET, *arguments]
        )
        try:
            yield browser
        finally:
            browser.close()


class LivePoints:
    """Counts the metric points that arrive over the page's websocket."""

    def __init__(self, page: Page) -> None:
        self.count = 0
        page.on("websocket", self._follow)

    def _follow(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._read)

    def _read(self, frame: str | bytes) -> None:
        message = json.loads(frame)
        messages = message if isinstance(message, list) else [message]
        for one in messages:
            event = one.get("event") if isinstance(one, dict) else None
            if isinstance(event, dict) and event.get("event") == "metrics":
                self.count += len(event["points"])


class Screenshots:
    """Numbered pictures of the steps."""

    def __init__(self, page: Page, folder: Path) -> None:
        self._page = page
        self._folder = folder
        self._taken = 0
        folder.mkdir(parents=True, exist_ok=True)

    def take(self, name: str) -> Path:
        """Save what the page shows now."""
        self._taken += 1
        path = self._folder / f"{self._taken:02d}-{name}.png"
        self._page.screenshot(path=path)
        return path


def choose(page: Page, field_id: str, option: str) -> None:
    """Choose an option of a drop-down list by its text, unless it is chosen already."""
    field = page.get_by_test_id(field_id)
    if option in field.input_value():
        return
    field.click()
    found = page.get_by_role("option").filter(has_text=option).first
    expect(found).to_be_visible()
    found.click()
