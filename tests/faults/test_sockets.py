"""A page whose websocket is cut or blocked still shows every point of the curve, once."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute, expect

from tests.faults.live import LiveApi
from tests.faults.runs import LONG, start
from tests.house.studio_process import manage
from tour.browser import WINDOW, chromium
from tour.studio import Studio

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.e2e, pytest.mark.campaign]

STARTED_WITHIN_MS = 30_000
# A handshake that the server refuses, as where a proxy knows no websockets.
BLOCK_SOCKETS = """
const Real = window.WebSocket;
window.WebSocket = function (address) {
    const elsewhere = new URL(address);
    elsewhere.pathname = '/blocked/';
    return new Real(elsewhere);
};
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def context(studio: Studio, browser: Browser, data_folder: Path) -> Iterator[BrowserContext]:
    """A window of somebody who has signed in and looks at curves by step."""
    link = manage(data_folder, "signin").stdout.strip()
    with browser.new_context(viewport=WINDOW, base_url=studio.url) as window:
        page = window.new_page()
        page.goto(link)
        expect(page.get_by_test_id("rail-networks")).to_be_visible(timeout=STARTED_WITHIN_MS)
        page.close()
        yield window


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    opened = context.new_page()
    opened.set_default_timeout(STARTED_WITHIN_MS)
    yield opened
    opened.close()


def points_on(page: Page) -> int:
    return int(page.get_by_test_id("run-curves-loss").get_attribute("data-points") or 0)


def has_succeeded(page: Page) -> bool:
    return page.get_by_test_id("run-state").get_attribute("data-state") == "succeeded"


def expect_every_point_once(page: Page, api: LiveApi, run_id: str, folder: Path) -> None:
    """What the chart draws, as it exports it, is what the studio holds."""
    told = api.get(f"/api/runs/{run_id}/metrics?names=loss&max_points=20000")
    held = {
        one["split"]: list(zip(one["steps"], one["values"], strict=True)) for one in told["series"]
    }
    count = sum(map(len, held.values()))
    chart = page.get_by_test_id("run-curves-loss")
    expect(chart).to_have_attribute("data-points", str(count))
    page.get_by_test_id("run-curves").get_by_text("Step", exact=True).click()
    chart.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="CSV").click()
    path = folder / "loss.csv"
    download.value.save_as(path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for split, curve in held.items():
        drawn = [(int(row["step"]), float(row[split])) for row in rows if row[split] != ""]
        assert drawn == curve, split


def test_a_socket_cut_every_second_loses_no_point_and_doubles_none(
    page: Page, api: LiveApi, network: dict[str, Any], tmp_path: Path
) -> None:
    opened: list[tuple[WebSocketRoute, WebSocketRoute]] = []
    page.route_web_socket("**/ws/", lambda route: opened.append((route, route.connect_to_server())))
    run = start(api, network, LONG)
    page.goto(f"/runs/{run['id']}")
    shown: list[int] = []
    while not has_succeeded(page) and len(shown) < 120:
        page.wait_for_timeout(1000)
        shown.append(points_on(page))
        for end in opened[-1]:
            end.close(code=1012)
    assert len(opened) > 5, "the page came back each time"
    assert shown == sorted(shown)
    assert len(set(shown)) > 3, "the curve grew while the socket was being cut"
    expect_every_point_once(page, api, run["id"], tmp_path)


def test_without_websockets_the_page_asks_and_says_so(
    page: Page, api: LiveApi, network: dict[str, Any], tmp_path: Path
) -> None:
    page.add_init_script(BLOCK_SOCKETS)
    run = start(api, network, LONG)
    page.goto(f"/runs/{run['id']}")
    connection = page.get_by_test_id("connection-state")
    expect(connection).to_have_attribute("data-state", "polling")
    expect(connection).to_have_accessible_name(re.compile("every 2 seconds"))
    shown: set[int] = set()
    while not has_succeeded(page) and len(shown) < 1000:
        shown.add(points_on(page))
        page.wait_for_timeout(500)
    assert len(shown) > 2, "the curve grew"
    expect_every_point_once(page, api, run["id"], tmp_path)
