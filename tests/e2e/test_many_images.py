"""A network from a file, asked without a run: one image, a whole dataset, and whether it pays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.dropping import READ_WITHIN_MS, drop

pytestmark = pytest.mark.e2e

DATA = "Handwritten digits"
NUM_TEST = 360


@pytest.fixture
def page(open_context: Callable[..., BrowserContext]) -> Page:
    return open_context().new_page()


def open_file(page: Page, path: Path) -> None:
    """Drop a network's file on the app, and go on to ask it about images."""
    page.goto("/networks")
    expect(page.get_by_test_id("network-import")).to_be_visible()
    drop(page, path, path.name)
    ask = page.get_by_role("link", name="Ask it about images")
    ask.click(timeout=READ_WITHIN_MS)
    expect(page.get_by_role("heading", name="Inspect")).to_be_visible()


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_label(label, exact=True).first.click()
    page.get_by_role("option", name=option, exact=True).click()


def test_a_network_of_a_file_is_asked_about_one_image_and_about_all(
    page: Page, shared_data: Path
) -> None:
    open_file(page, shared_data / "models-keras3-mnist" / "mnist_model.keras")
    choose(page, "Data", DATA)
    page.get_by_test_id("inspect-image-tile").first.click(timeout=READ_WITHIN_MS)
    expect(page.get_by_test_id("inspect-top-row").first).to_contain_text(
        "class", timeout=READ_WITHIN_MS
    )

    page.get_by_role("tab", name="Predictions").click()
    choose(page, "Split", "Test")
    page.get_by_test_id("predict-many").click()
    count = page.get_by_test_id("predictions-count")
    expect(count).to_have_text(f"{NUM_TEST} images", timeout=READ_WITHIN_MS)
    rows = page.get_by_test_id("prediction-row")
    expect(rows).to_have_count(50)
    expect(page.get_by_role("heading", name="right")).to_contain_text(f"of {NUM_TEST} right")
    choose(page, "Right or wrong", "Right")
    expect(count).not_to_have_text(f"{NUM_TEST} images")
    expect(rows.first).to_contain_text("right")
    with page.expect_download() as download:
        page.get_by_test_id("predictions-csv").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert len(lines) == NUM_TEST + 1

    page.get_by_role("tab", name="Classical models").click()
    page.get_by_test_id("compare-classical").click()
    judged = page.get_by_test_id("baseline-row")
    expect(judged).to_have_count(5, timeout=READ_WITHIN_MS)
    expect(judged.filter(has_text="Raw pixels")).to_contain_text("Logistic regression")
