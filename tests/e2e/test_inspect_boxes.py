"""A face detector opened from a file: its boxes are chosen, then drawn over a photo in Inspect."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.designer_canvas import DesignerCanvas
from tests.e2e.dropping import READ_WITHIN_MS, drop
from tests.faces import FACES, PHOTO, PHOTO_SIZE, WITH_BOXES, WITH_OFFSETS

pytestmark = pytest.mark.e2e

SOON_MS = 60_000
OPENED_WEIGHTS = """async (network_id) => {
    const [opened] = await (await fetch(`/api/networks/${network_id}/weights`)).json();
    return opened.id;
}"""
CORNERS = """() => {
    const shown = document.querySelector('[data-testid=inspect-boxes]');
    const photo = shown.querySelector('img').getBoundingClientRect();
    return [...shown.querySelectorAll('[data-box]')].map((box) => {
        const rect = box.lastElementChild.getBoundingClientRect();
        return [
            (rect.left - photo.left) / photo.width, (rect.top - photo.top) / photo.height,
            (rect.right - photo.left) / photo.width, (rect.bottom - photo.top) / photo.height,
        ];
    });
}"""


@pytest.fixture
def page(open_context: Callable[..., BrowserContext]) -> Page:
    return open_context().new_page()


def open_detector(page: Page, shared_data: Path, file: str = WITH_BOXES) -> str:
    """Import the detector, choose its boxes as a person does; returns the id of its weights."""
    page.goto("/networks")
    expect(page.get_by_test_id("network-import")).to_be_visible()
    drop(page, shared_data / file, f"faces{Path(file).suffix}")
    expect(page.get_by_test_id("import-report")).to_be_visible(timeout=READ_WITHIN_MS)
    page.keyboard.press("Escape")
    designer = DesignerCanvas(page)
    expect(designer.canvas).to_be_visible(timeout=SOON_MS)
    page.keyboard.press("Control+k")
    page.keyboard.type("choose the best boxes")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Choose the best boxes")
    if file in WITH_OFFSETS:
        sizes = dialog.get_by_test_id("surgery-field-sizes")
        expect(sizes).to_have_value("10, 16, 24, 32, 48, 64, 96, 128, 192, 256")
        sizes.fill("10, wide")
        expect(dialog).to_contain_text("Type a number.")
        sizes.fill("10, 16, 24, 32, 48, 64, 96, 128, 192, 256")
        expect(dialog).to_contain_text("does not say how large its prior boxes are")
    dialog.get_by_test_id("surgery-field-score_threshold").fill("0.7")
    dialog.get_by_test_id("surgery-field-iou_threshold").fill("0.3")
    expect(page.get_by_test_id("surgery-apply")).to_be_enabled(timeout=SOON_MS)
    page.get_by_test_id("surgery-apply").click()
    expect(dialog).to_be_hidden()
    designer.show("outline")
    page.get_by_test_id("outline").focus()
    page.keyboard.press("Home")
    expect(page.get_by_test_id("property-name")).to_have_value("input")
    designer.set_param("mean", str(127 / 255))
    designer.set_param("std", str(128 / 255))
    designer.expect_saved()
    weights: str = page.evaluate(OPENED_WEIGHTS, designer.network_id)
    return weights


def test_faces_are_boxes_over_the_photo(page: Page, shared_data: Path) -> None:
    weights = open_detector(page, shared_data)
    page.goto(f"/inspect?weights={weights}")
    page.get_by_test_id("inspect-upload").set_input_files(shared_data / PHOTO)
    summary = page.get_by_test_id("inspect-boxes-summary")
    expect(summary).to_have_text(f"{len(FACES)} boxes", timeout=SOON_MS)
    drawn = page.get_by_test_id("inspect-boxes").locator("[data-box]")
    expect(drawn).to_have_count(len(FACES))
    photo = page.get_by_test_id("inspect-boxes").locator("img")
    assert photo.evaluate("each => [each.naturalWidth, each.naturalHeight]") == [*PHOTO_SIZE]
    corners: list[list[float]] = page.evaluate(CORNERS)
    for x, y in FACES:
        around = [c for c in corners if c[0] < x < c[2] and c[1] < y < c[3]]
        assert len(around) == 1, f"one box is around the face at {x}, {y}"

    overlap = page.get_by_role("slider", name="Overlap below")
    overlap.focus()
    page.keyboard.press("End")
    expect(drawn).not_to_have_count(len(FACES), timeout=SOON_MS)
    page.keyboard.press("Home")
    expect(drawn).to_have_count(len(FACES), timeout=SOON_MS)

    boxes = page.get_by_role("listbox", name="Boxes, the best first")
    boxes.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(boxes.get_by_role("option").nth(1)).to_have_attribute("aria-selected", "true")
    chosen = page.get_by_test_id("inspect-boxes").locator("[data-box][data-chosen]")
    expect(chosen).to_have_count(1)

    score = page.get_by_role("slider", name="Score above")
    score.focus()
    page.keyboard.press("Home")
    expect(drawn).not_to_have_count(len(FACES))
    assert drawn.count() > len(FACES), "weaker boxes come when less is asked of them"
    page.keyboard.press("End")
    expect(summary).to_have_text("Nothing above 1.00")
    expect(drawn).to_have_count(0)
    page.keyboard.press("Home")
    most = page.get_by_test_id("inspect-box-most")
    most.fill("2")
    expect(drawn).to_have_count(2)


def test_faces_are_found_by_a_file_that_gives_offsets(page: Page, shared_data: Path) -> None:
    weights = open_detector(page, shared_data, WITH_OFFSETS[0])
    page.goto(f"/inspect?weights={weights}")
    page.get_by_test_id("inspect-upload").set_input_files(shared_data / PHOTO)
    summary = page.get_by_test_id("inspect-boxes-summary")
    expect(summary).to_have_text(f"{len(FACES)} boxes", timeout=SOON_MS)
    corners: list[list[float]] = page.evaluate(CORNERS)
    for x, y in FACES:
        assert len([c for c in corners if c[0] < x < c[2] and c[1] < y < c[3]]) == 1
