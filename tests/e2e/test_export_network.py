"""A network leaves the designer as a file: the formats, what one cannot express, and the proof."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.dropping import READ_WITHIN_MS, drop

pytestmark = pytest.mark.e2e

WRITTEN_WITHIN_MS = 240_000


@pytest.fixture
def page(open_context: Callable[..., BrowserContext]) -> Page:
    return open_context().new_page()


def test_what_came_from_keras_leaves_for_keras_with_its_proof(
    page: Page, shared_data: Path, tmp_path: Path
) -> None:
    page.goto("/networks")
    expect(page.get_by_test_id("network-import")).to_be_visible()
    drop(page, shared_data / "models-keras3-mnist" / "mnist_model.keras", "digits.keras")
    expect(page.get_by_test_id("import-report")).to_be_visible(timeout=READ_WITHIN_MS)

    page.get_by_test_id("open-palette").click()
    page.keyboard.type("export")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_test_id("export-weights")).to_have_value("digits.keras")
    lite = dialog.get_by_test_id("export-format-tflite")
    expect(lite).to_contain_text("NETLOOM_TENSORFLOW_PYTHON")
    expect(lite.get_by_role("radio")).to_be_disabled()
    dialog.get_by_test_id("export-format-keras").click()
    expect(dialog.get_by_label("Takes pixels of 0 to 255")).to_be_checked()
    dialog.get_by_test_id("export-start").click()
    expect(dialog.get_by_test_id("export-outcome")).to_be_visible(timeout=WRITTEN_WITHIN_MS)
    expect(dialog.get_by_test_id("export-parity")).to_contain_text("against Keras 3")
    with page.expect_download() as waiting:
        dialog.get_by_test_id("export-download").click()
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    assert path.name == "digits.keras"
    with zipfile.ZipFile(path) as archive:
        assert set(archive.namelist()) == {"config.json", "metadata.json", "model.weights.h5"}
