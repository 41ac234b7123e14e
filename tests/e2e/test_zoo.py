"""Networks that others have made: found, compared, opened without a network connection."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

pytestmark = pytest.mark.e2e

LISTED_WITHIN_MS = 240_000
OPENED_WITHIN_MS = 240_000


def test_a_network_of_the_zoo_is_compared_and_opened(
    open_context: Callable[..., BrowserContext],
) -> None:
    page = open_context().new_page()
    page.goto("/networks")
    page.get_by_test_id("zoo-open").click()
    row = page.get_by_test_id("zoo-row-squeezenet1_1")
    expect(row).to_be_visible(timeout=LISTED_WITHIN_MS)
    page.get_by_test_id("zoo-search").fill("squeezenet")
    expect(page.get_by_test_id("zoo-row-resnet50")).to_be_hidden()

    page.get_by_label("Compare squeezenet1_0").check()
    page.get_by_label("Compare squeezenet1_1").check()
    page.get_by_test_id("zoo-compare").click()
    comparison = page.get_by_test_id("zoo-comparison")
    expect(comparison).to_contain_text("698 MFLOPs")
    page.keyboard.press("Escape")

    page.get_by_test_id("zoo-point-squeezenet1_0").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    details = page.get_by_test_id("zoo-details")
    expect(details).to_contain_text("squeezenet1_1-b8a52dc0.pth")
    page.get_by_test_id("zoo-use").click()
    report = page.get_by_test_id("import-report")
    expect(report).to_contain_text("starts from random weights", timeout=OPENED_WITHIN_MS)
    expect(page.get_by_test_id("node-features")).to_be_visible()
