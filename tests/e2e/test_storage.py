"""The storage page and the bin, walked by a person who makes room."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.e2e.real_images import cifar_folders
from tests.e2e.test_accessible import grave_violations
from tour import steps
from tour.images import ImageFolder

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]

OpenContext = Callable[..., BrowserContext]
READY_WITHIN_MS = 60_000
GONE_WITHIN_MS = 240_000  # deleting waits behind what other tests have left to the same worker


SESSION = "fetch('/api/session').then((answer) => answer.json())"
GO_TO_PROJECT = f"""async (id) => {{
    const session = await {SESSION};
    const headers = {{'Content-Type': 'application/json', 'X-CSRFToken': session.csrf_token}};
    const body = JSON.stringify({{last_project_id: id}});
    const answer = await fetch('/api/session', {{method: 'PATCH', headers, body}});
    return answer.ok;
}}"""


@pytest.fixture(autouse=True)
def the_same_project_afterwards(open_context: OpenContext) -> Iterator[None]:
    """Other tests go on where the person was before."""
    page = open_context().new_page()
    page.goto("/")
    before = page.evaluate(SESSION)["last_project_id"]
    yield
    assert page.evaluate(GO_TO_PROJECT, before)


def new_project(page: Page, name: str) -> None:
    page.goto("/projects")
    page.get_by_test_id("project-create").click()
    page.get_by_test_id("project-name").fill(name)
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_test_id("project-switcher")).to_contain_text(name)


def bring_in_photos(page: Page, shared_data: Path, folder: Path, name: str) -> int:
    """Ten photographs, the same for every name."""
    images = ImageFolder.read(cifar_folders(shared_data, folder / name, per_class=2))
    return steps.bring_in(page, name, images.pack(folder / f"{name}.zip"))


def delete_dataset(page: Page, name: str) -> None:
    page.goto("/data")
    page.get_by_role("button", name=f"More about {name}").click()
    page.get_by_test_id("dataset-delete").click()
    expect(page.get_by_text(f"{name} is in the bin")).to_be_visible()


def part(page: Page, name: str) -> Locator:
    return page.get_by_test_id("storage-part").filter(has_text=name)


def confirm(page: Page, button: str) -> None:
    page.get_by_role("dialog").get_by_role("button", name=button).click()


def test_deleted_things_take_space_until_they_go_for_good(
    open_context: OpenContext, shared_data: Path, tmp_path: Path
) -> None:
    page = open_context().new_page()
    page.set_default_timeout(READY_WITHIN_MS)
    new_project(page, "Making room")
    for name in ("Photos", "Spare"):
        assert bring_in_photos(page, shared_data, tmp_path, name) == 10

    page.get_by_test_id("account-menu").click()
    page.get_by_role("menuitem", name="Storage").click()
    expect(part(page, "Images")).to_contain_text("20 images")
    expect(page.get_by_text("the same files in several places")).to_be_visible()
    used = page.get_by_test_id("storage-used").inner_text()

    delete_dataset(page, "Photos")
    delete_dataset(page, "Spare")
    page.goto("/storage")
    expect(part(page, "In the bin")).to_contain_text("2 things")
    assert page.get_by_test_id("storage-used").inner_text() == used

    page.get_by_role("link", name="Bin").click()
    rows = page.get_by_test_id("bin-row")
    expect(rows).to_have_count(2)
    photos = rows.filter(has=page.get_by_text("Photos", exact=True))
    expect(photos).to_contain_text("30 more days")
    photos.get_by_test_id("bin-restore").click()
    expect(rows).to_have_count(1)
    rows.get_by_test_id("bin-purge").click()
    expect(page.get_by_role("dialog")).to_contain_text("Its labels and their history go with it")
    confirm(page, "Delete for good")
    expect(page.get_by_text("The bin is empty")).to_be_visible(timeout=GONE_WITHIN_MS)

    page.goto("/storage")
    expect(part(page, "Images")).to_contain_text("10 images")
    expect(part(page, "In the bin")).to_have_count(0)
    expect(page.get_by_text("the same files in several places")).to_have_count(0)
    assert page.get_by_test_id("storage-used").inner_text() == used  # the same bytes, counted once
    page.get_by_role("link", name="Photos").click()
    expect(page.get_by_test_id("gallery-tile").first).to_be_visible()


def test_a_project_goes_into_the_bin_and_comes_back(open_context: OpenContext) -> None:
    page = open_context().new_page()
    page.set_default_timeout(READY_WITHIN_MS)
    for name in ("Comes back", "Goes for good"):
        new_project(page, name)
        page.goto("/projects")
        page.get_by_role("button", name="Move to the bin", exact=True).click()
        confirm(page, "Put into the bin")
        expect(page.get_by_text(f"{name} is in the bin")).to_be_visible()
    page.goto("/bin")
    rows = page.get_by_test_id("bin-project-row")
    rows.filter(has_text="Comes back").get_by_test_id("bin-restore").click()
    expect(rows.filter(has_text="Comes back")).to_have_count(0)
    rows.filter(has_text="Goes for good").get_by_test_id("bin-purge").click()
    confirm(page, "Delete for good")
    expect(rows.filter(has_text="Goes for good")).to_have_count(0, timeout=GONE_WITHIN_MS)
    page.get_by_test_id("project-switcher").click()
    expect(page.get_by_role("menuitem", name=re.compile("Comes back"))).to_be_visible()
    expect(page.get_by_role("menuitem", name=re.compile("Goes for good"))).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_pages_can_be_used_by_everybody(
    open_context: OpenContext, scheme: Literal["light", "dark"]
) -> None:
    page = open_context(color_scheme=scheme, reduced_motion="reduce").new_page()
    page.set_default_timeout(READY_WITHIN_MS)
    new_project(page, f"In {scheme}")
    page.goto("/data")
    page.get_by_test_id("dataset-create").first.click()
    page.get_by_test_id("dataset-create-name").fill("Empty")
    page.get_by_test_id("dataset-create-submit").click()
    delete_dataset(page, "Empty")

    page.goto("/storage")
    button = page.get_by_role("button", name="Empty: The bin")
    expect(button).to_be_visible()
    violations = grave_violations(page)
    for _ in range(60):  # by the keyboard alone
        if button.evaluate("node => node === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    violations += grave_violations(page)
    page.keyboard.press("Escape")

    page.goto("/bin")
    expect(page.get_by_test_id("bin-row")).to_be_visible()
    violations += grave_violations(page)
    assert violations == []
    page.get_by_test_id("bin-empty").click()
    confirm(page, "Empty the bin")
    expect(page.get_by_text("The bin is empty")).to_be_visible(timeout=GONE_WITHIN_MS)
