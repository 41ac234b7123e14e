"""The studio below a path of a host that serves other things too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, WebSocket, expect

from config.launcher.checks import free_port
from tests.house.studio_process import StudioProcess, running_studio

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def below_path(tmp_path: Path) -> Iterator[StudioProcess]:
    port = str(free_port("127.0.0.1", 0))
    address = f"http://127.0.0.1:{port}/studio"
    with running_studio(tmp_path, NETLOOM_PORT=port, NETLOOM_PUBLIC_URL=address) as studio:
        yield studio


def test_sign_in_data_and_live_updates(browser: Browser, below_path: StudioProcess):
    base = below_path.url
    assert urlsplit(base).path == "/studio"
    context = browser.new_context()
    page = context.new_page()
    failed: list[str] = []
    page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
    told: list[str] = []

    def listen(opened: WebSocket) -> None:
        assert urlsplit(opened.url).path == "/studio/ws/"
        opened.on("framereceived", lambda frame: told.append(str(frame)))

    page.on("websocket", listen)
    page.goto(f"{base}/signin#token={below_path.token}")
    page.wait_for_url(f"{base}/networks")
    page.get_by_role("link", name="Data").first.click()
    page.wait_for_url(f"{base}/data")
    page.get_by_text("Handwritten digits").first.click()
    page.wait_for_url(re.compile(rf"{base}/data/\w+"))
    picture = page.locator(f'img[src^="{urlsplit(base).path}/api/items/"]').first
    picture.wait_for(timeout=60_000)
    expect(picture).to_have_js_property("complete", True, timeout=60_000)
    assert picture.evaluate("image => image.naturalWidth") > 0
    assert any(json.loads(frame)["type"] == "subscribed" for frame in told)
    assert {cookie["path"] for cookie in context.cookies()} == {"/studio"}
    assert failed == []

    # A deep address can be loaded by itself.
    page.reload()
    expect(page.get_by_text("Handwritten digits").first).to_be_visible()
    context.close()
