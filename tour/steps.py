"""The steps of the tour, each as a person does it: by clicks and keys, never by the API."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tour.browser import choose

SECOND_MS = 1000
IMPORT_TIMEOUT_MS = 1800 * SECOND_MS
TRAIN_TIMEOUT_MS = 5400 * SECOND_MS
ANSWER_TIMEOUT_MS = 600 * SECOND_MS
PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")


def sign_in(page: Page, signin_url: str) -> None:
    """Open the one-time link; the studio opens on the sample project's work."""
    page.goto(signin_url)
    expect(page.get_by_test_id("network-card").first).to_be_visible(timeout=60 * SECOND_MS)


def bring_in(page: Page, name: str, archive: Path) -> int:
    """Make a dataset of an archive of class folders; return how many images came in."""
    page.get_by_test_id("rail-data").click()
    page.get_by_test_id("dataset-create").first.click()
    page.get_by_test_id("dataset-create-name").fill(name)
    page.get_by_test_id("dataset-create-submit").click()
    page.get_by_test_id("import-open").first.click()
    page.get_by_test_id("import-file-input").set_input_files(archive)
    page.get_by_test_id("import-start").click()
    report = page.get_by_test_id("import-report")
    expect(report).to_be_visible(timeout=IMPORT_TIMEOUT_MS)
    heading = report.get_by_text(re.compile(r"images? brought in"))
    expect(heading).to_be_visible(timeout=30 * SECOND_MS)
    count = int(re.sub(r"\D", "", (heading.text_content() or "").split("image")[0]) or 0)
    page.get_by_test_id("import-close").click()
    expect(page.get_by_test_id("gallery-tile").first).to_be_visible(timeout=30 * SECOND_MS)
    return count


def draw(page: Page, name: str, dataset: str) -> None:
    """Start from the small CNN fitted to the data, and insert one more layer by typing."""
    page.get_by_test_id("rail-networks").click()
    page.get_by_test_id("network-new").first.click()
    page.get_by_test_id("network-template-small_cnn").click()
    choose(page, "network-new-dataset", dataset)
    page.get_by_test_id("network-new-name").fill(name)
    page.get_by_test_id("network-create").click()
    expect(page.get_by_test_id("designer-canvas")).to_be_visible(timeout=30 * SECOND_MS)
    page.get_by_test_id("node-flatten").click()
    page.keyboard.press("/")
    page.get_by_test_id("insert-input").fill("dropout")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("node-dropout")).to_be_visible()
    expect(page.get_by_test_id("save-state")).to_have_text(
        re.compile("Saved"), timeout=30 * SECOND_MS
    )


def start_training(page: Page, epochs: int | None = None) -> int:
    """Press Train and start, with this many epochs or what is proposed; return how many.

    The page of the run opens.
    """
    page.get_by_test_id("designer-train").click()
    field = page.get_by_test_id("run-epochs")
    expect(field).to_be_visible(timeout=60 * SECOND_MS)
    if epochs is not None:
        field.fill(str(epochs))
    chosen = int(field.input_value())
    page.get_by_test_id("run-start").click()
    expect(page.get_by_test_id("run-state")).to_be_visible(timeout=60 * SECOND_MS)
    return chosen


def watch_first_epoch(page: Page) -> None:
    """Stay on the page until the first validation has moved the best metric."""
    best = page.get_by_test_id("run-best-metric")
    expect(best).to_have_text(PERCENT, timeout=TRAIN_TIMEOUT_MS)


def wait_until_trained(page: Page) -> None:
    """Watch the run until it has succeeded."""
    state = page.get_by_test_id("run-state")
    ended = re.compile(r"done|succeeded|failed|stopped", re.IGNORECASE)
    expect(state).to_have_text(ended, timeout=TRAIN_TIMEOUT_MS)
    expect(state).to_have_text(re.compile(r"done|succeeded", re.IGNORECASE))
    expect(page.get_by_test_id("run-inspect")).to_be_visible(timeout=60 * SECOND_MS)


def open_inspect(page: Page) -> None:
    """From the run to Inspect, and choose the first image offered."""
    page.get_by_test_id("run-inspect").click()
    tile = page.get_by_test_id("inspect-image-tile").first
    expect(tile).to_be_visible(timeout=60 * SECOND_MS)
    tile.click()
    expect(page.get_by_test_id("inspect-top-row").first).to_be_visible(timeout=ANSWER_TIMEOUT_MS)


def explain(page: Page, method: str, picture: Path) -> float:
    """Ask one method why, save the picture of its map, return the highest value of the map."""
    card = page.get_by_test_id(f"inspect-{method}")
    card.get_by_test_id("inspect-explain").click()
    expect(card).to_have_attribute("data-state", "done", timeout=ANSWER_TIMEOUT_MS)
    expect(card.locator("canvas")).to_have_attribute("data-drawn", "true")
    picture.parent.mkdir(parents=True, exist_ok=True)
    card.screenshot(path=picture)
    return float(card.get_attribute("data-max") or "nan")


def evaluate_on_test(page: Page) -> float:
    """Evaluate the checkpoint on the test images; return the accuracy shown, 0 to 1."""
    page.get_by_role("tab", name="Evaluation").click()
    page.get_by_test_id("evaluate-split").get_by_text("Test", exact=True).click()
    page.get_by_test_id("evaluate-start").click()
    accuracy = page.get_by_test_id("evaluation-accuracy")
    expect(accuracy).to_have_text(PERCENT, timeout=ANSWER_TIMEOUT_MS)
    value = accuracy.get_attribute("data-value")
    if value is None:
        raise AssertionError("The evaluation shows no accuracy.")
    return float(value)
