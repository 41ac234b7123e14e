"""A file comes in, its head is made new for other data, it is trained, and leaves as a bundle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from netloom.formats.bundle import read_bundle

pytestmark = pytest.mark.e2e

READ_WITHIN_MS = 120_000
TRAINED_WITHIN_MS = 240_000


@pytest.fixture
def page(open_context: Callable[..., BrowserContext]) -> Page:
    return open_context().new_page()


def import_file(page: Page, path: Path) -> None:
    page.goto("/networks")
    page.get_by_test_id("network-import").click()
    page.get_by_test_id("network-import-file").set_input_files(path)


def test_import_transfer_train_and_take_the_bundle_away(
    page: Page, shared_data: Path, tmp_path: Path
) -> None:
    import_file(page, shared_data / "models-keras3-mnist" / "mnist_model.keras")
    expect(page.get_by_test_id("import-report")).to_be_visible(timeout=READ_WITHIN_MS)
    marks = page.locator("[data-standing=pretrained]")
    expect(marks.first).to_be_visible(timeout=READ_WITHIN_MS)

    page.goto("/networks")
    page.get_by_test_id("transfer-open").click()
    dialog = page.get_by_role("dialog", name="Transfer learning")
    page.get_by_test_id("transfer-dataset").click()
    page.get_by_role("option", name="Handwritten digits").click()
    expect(dialog).to_contain_text("Weights that survive", timeout=READ_WITHIN_MS)
    expect(dialog).to_contain_text("10 classes. Weights of mnist_model.keras.")
    dialog.get_by_text("The same in Python").click()
    expect(page.get_by_test_id("transfer-python")).to_contain_text("netloom.transfer(")
    page.get_by_test_id("transfer-make").click()

    training = page.get_by_test_id("start-run-dialog")
    expect(page.get_by_test_id("run-start")).to_be_enabled(timeout=READ_WITHIN_MS)
    expect(page.get_by_test_id("run-start-from")).to_have_value("mnist_model.keras")
    page.get_by_test_id("run-epochs").fill("1")
    page.get_by_test_id("run-start").click()
    expect(training).to_be_hidden()
    download = page.get_by_test_id("run-download")
    expect(download).to_be_visible(timeout=TRAINED_WITHIN_MS)
    with page.expect_download(timeout=READ_WITHIN_MS) as started:
        download.click()
        page.get_by_role("menuitem").first.click()
    started.value.save_as(tmp_path / "out.zip")
    bundle = read_bundle(tmp_path / "out.zip")
    frozen = [node.name for node in bundle.document.graph.nodes.values() if node.is_frozen]
    assert len(frozen) >= 2
    assert bundle.meta.classes == [str(digit) for digit in range(10)]


def test_weights_alone_show_where_they_go(page: Page, shared_data: Path, tmp_path: Path) -> None:
    import_file(page, shared_data / "models-keras3-mnist" / "mnist_model.keras")
    expect(page.get_by_test_id("import-report")).to_be_visible(timeout=READ_WITHIN_MS)
    from safetensors.torch import save_file

    from netloom.formats.weight_file import read_weight_file

    found = read_weight_file(shared_data / "models-keras3-mnist" / "mnist_model.h5")
    named = {f"model.{fact.layer}.{fact.name}": found.tensors[fact.key] for fact in found.facts}
    save_file(named, tmp_path / "digits.safetensors")
    page.get_by_test_id("load-weights").click()
    page.get_by_test_id("network-import-file").set_input_files(tmp_path / "digits.safetensors")
    panel = page.get_by_test_id("weight-file")
    expect(panel).to_contain_text("holds weights alone: 6 tensors", timeout=READ_WITHIN_MS)
    expect(page.get_by_test_id("weight-row")).to_have_count(6)
    page.get_by_test_id("weight-load").click()
    report = page.get_by_test_id("import-report")
    expect(report).to_contain_text("digits.safetensors", timeout=READ_WITHIN_MS)
