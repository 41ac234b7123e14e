"""Every page can be used with the keyboard and a screen reader, in both schemes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tour import steps

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]

OpenContext = Callable[..., BrowserContext]
READY_WITHIN_MS = 60_000
GRAVE = {"serious", "critical"}

HEADINGS = ["/networks", "/data", "/runs", "/runs/compare", "/projects", "/account", "/nowhere"]
"""Pages that are ready once their heading is there."""


@pytest.fixture(scope="module")
def addresses() -> dict[str, str]:
    """Pages of what the first test made, by name: a test of pages needs something on them."""
    return {}


@pytest.fixture
def page(open_context: OpenContext) -> Page:
    page = open_context().new_page()
    page.set_default_timeout(READY_WITHIN_MS)
    return page


def trained_run(page: Page) -> str:
    """Train the sample's digits for one epoch; return the id of the run."""
    page.goto("/networks")
    page.get_by_role("link", name="Digits CNN").first.click()
    steps.start_training(page, epochs=1)
    steps.wait_until_trained(page)
    return page.url.rsplit("/", 1)[1]


def dataset_id(page: Page) -> str:
    page.goto("/data")
    card = page.get_by_test_id("dataset-card").filter(has_text="Handwritten digits")
    href = card.get_attribute("href")
    assert href is not None
    return href.rsplit("/", 1)[1]


def grave_violations(page: Page) -> list[str]:
    """What axe finds serious or critical, each as rule, number of places and the first place."""
    # Nothing is judged half faded in.
    page.wait_for_function(
        "() => document.getAnimations().every(({ playState, effect }) => playState !== 'running'"
        " || effect.getComputedTiming().iterations === Infinity)"
    )
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {each['id']} in {len(each['nodes'])} places, first {each['nodes'][0]['html']}"
        for each in found
        if each["impact"] in GRAVE
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_grave_violation(
    open_context: OpenContext, addresses: dict[str, str], scheme: Literal["light", "dark"]
) -> None:
    page = open_context(color_scheme=scheme, reduced_motion="reduce").new_page()
    page.set_default_timeout(READY_WITHIN_MS)
    if not addresses:
        addresses.update(run=trained_run(page), dataset=dataset_id(page))
    run, dataset = addresses["run"], addresses["dataset"]

    violations: list[str] = []
    for address in HEADINGS:
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_load_state("networkidle")
        violations += grave_violations(page)
    for address, ready in (
        (f"/data/{dataset}", page.get_by_test_id("gallery-tile").first),
        (f"/data/{dataset}?tab=statistics", page.get_by_test_id("dataset-statistics")),
        (f"/data/{dataset}?tab=versions", page.get_by_test_id("dataset-version-save")),
        (f"/runs/{run}", page.get_by_test_id("run-samples").get_by_role("img").first),
        (f"/inspect?run={run}", page.get_by_test_id("inspect-top-row").first),
    ):
        page.goto(address)
        expect(ready).to_be_visible()
        violations += grave_violations(page)

    page.get_by_role("tab", name="Evaluation").click()
    page.get_by_test_id("evaluate-start").click()
    expect(page.get_by_test_id("confusion-matrix")).to_be_visible()
    violations += grave_violations(page)
    assert violations == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_dialog_or_menu_has_a_grave_violation(
    open_context: OpenContext, scheme: Literal["light", "dark"]
) -> None:
    page = open_context(color_scheme=scheme, reduced_motion="reduce").new_page()
    page.set_default_timeout(READY_WITHIN_MS)
    page.goto("/data")
    violations: list[str] = []
    for opener, role in (
        ("dataset-create", "dialog"),
        ("open-palette", "dialog"),
        ("account-menu", "menu"),
        ("project-switcher", "menu"),
    ):
        page.get_by_test_id(opener).first.click()
        opened = page.get_by_role(role)
        expect(opened).to_be_visible()
        violations += grave_violations(page)
        page.keyboard.press("Escape")
        expect(opened).to_have_count(0)
    assert violations == []


def test_a_dialog_keeps_the_focus_and_gives_it_back(page: Page) -> None:
    page.goto("/data")
    opener = page.get_by_test_id("dataset-create")
    opener.focus()
    page.keyboard.press("Enter")
    name = page.get_by_test_id("dataset-create-name")
    expect(name).to_be_focused()

    for _ in range(4):  # once around: name, create, close, name
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('[role=dialog]') !== null")

    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()


def test_the_first_tab_skips_to_the_page(page: Page) -> None:
    page.goto("/data")
    expect(page.get_by_test_id("dataset-card").first).to_be_visible()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the page")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_images_are_labelled_and_unlabelled_by_keys_alone(page: Page) -> None:
    page.goto(f"/data/{dataset_id(page)}")
    tiles = page.get_by_test_id("gallery-tile")
    expect(tiles.first).to_be_visible()
    before = [tiles.nth(place).get_attribute("aria-label") or "" for place in range(3)]
    assert not any(", 7, " in label for label in before)

    page.get_by_test_id("gallery").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_test_id("selection-count")).to_have_text("3 images selected")
    page.keyboard.press("8")  # the eighth class is called 7
    for place in range(3):
        expect(tiles.nth(place)).to_have_attribute("aria-label", re.compile(", 7, "))

    undo = page.get_by_test_id("label-undo")
    expect(undo).to_be_enabled()
    with page.expect_response("**/labels/undo"):
        page.keyboard.press("Control+z")
        for place in range(3):
            expect(tiles.nth(place)).to_have_attribute("aria-label", before[place])
    page.reload()
    for place in range(3):
        expect(tiles.nth(place)).to_have_attribute("aria-label", before[place])
