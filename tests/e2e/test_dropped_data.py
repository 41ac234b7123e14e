"""Data dropped on the page of a dataset: anywhere, and never taken for a network."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, expect

from tests.e2e.dropping import drop

pytestmark = pytest.mark.e2e

BROUGHT_IN_MS = 120_000


def test_an_archive_dropped_on_an_empty_dataset_is_brought_in(
    open_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    archive = tmp_path / "shades.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for index, name in enumerate(["dark/1.png", "dark/2.png", "light/1.png", "light/2.png"]):
            Image.new("L", (24, 24), 60 * index).save(tmp_path / "one.png")
            file.write(tmp_path / "one.png", name)
    page = open_context().new_page()
    page.goto("/data")
    page.get_by_test_id("dataset-create").first.click()
    page.get_by_test_id("dataset-create-name").fill("Shades")
    page.get_by_test_id("dataset-create-submit").click()
    title = page.get_by_role("heading", name="Bring the first images in")
    expect(title).to_be_visible()
    title.evaluate("(heading) => heading.setAttribute('data-dropped-on', '')")

    drop(page, archive, "shades.zip", kind="application/zip", onto="[data-dropped-on]")
    dialog = page.get_by_role("dialog", name="Bring images into Shades")
    expect(dialog).to_contain_text("shades.zip")
    page.get_by_test_id("import-start").click()
    expect(page.get_by_test_id("import-report")).to_contain_text("4", timeout=BROUGHT_IN_MS)
    page.get_by_test_id("import-close").click()
    expect(page.get_by_test_id("gallery-tile")).to_have_count(4)
    expect(page.get_by_test_id("class-row")).to_have_count(2)
