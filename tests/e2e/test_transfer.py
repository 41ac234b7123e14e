"""A file comes in, its head is made new for other data, it is trained, and leaves as a bundle."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex

import pytest
import torch
from playwright.sync_api import BrowserContext, Page, expect

from netloom.compile import build_module, state_weights
from netloom.formats.bundle import make_meta, read_bundle, write_bundle
from netloom.formats.read import read_network
from netloom.templates import make_template
from tour.browser import choose
from tour.studio import Studio

pytestmark = pytest.mark.e2e

READ_WITHIN_MS = 120_000
TRAINED_WITHIN_MS = 240_000
NETWORK_NAMES = """async () => {
    const read = async (path) => (await fetch(path)).json();
    const { last_project_id } = await read('/api/session');
    const networks = await read(`/api/projects/${last_project_id}/networks`);
    return networks.map(({ name }) => name);
}"""


@pytest.fixture
def page(open_context: Callable[..., BrowserContext]) -> Page:
    return open_context().new_page()


def import_file(page: Page, path: Path) -> None:
    page.goto("/networks")
    page.get_by_test_id("network-import").click()
    page.get_by_test_id("network-import-file").set_input_files(path)


def bring_speech(page: Page, tmp_path: Path) -> None:
    """Import a trained network that takes no images; it is the newest then."""
    document = make_template("lstm_classifier", channels=1, height=8, width=8, num_classes=5)
    weights = state_weights(build_module(document, seed=2))
    write_bundle(tmp_path / "Speech.zip", document, weights, make_meta(document))
    import_file(page, tmp_path / "Speech.zip")
    expect(page.get_by_test_id("network-name")).to_have_value("Speech", timeout=READ_WITHIN_MS)


def test_import_transfer_train_and_take_the_bundle_away(
    page: Page, shared_data: Path, tmp_path: Path
) -> None:
    import_file(page, shared_data / "models-keras3-mnist" / "mnist_model.keras")
    expect(page.get_by_test_id("import-report")).to_be_visible(timeout=READ_WITHIN_MS)
    marks = page.locator("[data-standing=pretrained]")
    expect(marks.first).to_be_visible(timeout=READ_WITHIN_MS)

    bring_speech(page, tmp_path)
    page.goto("/networks")
    page.get_by_test_id("transfer-open").click()
    dialog = page.get_by_role("dialog", name="Transfer learning")
    expect(page.get_by_test_id("transfer-network")).to_have_value("mnist model · weights of a file")
    page.get_by_test_id("transfer-network").click()
    unfit = page.get_by_role("option", name="Speech")
    expect(unfit).to_be_disabled()
    expect(unfit).to_contain_text("no image input")
    page.keyboard.press("Escape")
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
    network_address = page.url
    page.get_by_test_id("run-epochs").fill("1")
    page.get_by_test_id("run-start").click()
    expect(training).to_be_hidden()
    download = page.get_by_test_id("run-download")
    expect(download).to_be_visible(timeout=TRAINED_WITHIN_MS)
    run_address = page.url
    page.goto(network_address)
    expect(page.locator("[data-standing=trained]").first).to_be_visible(timeout=READ_WITHIN_MS)
    page.get_by_role("tab", name="Layers").click()
    table = page.get_by_test_id("layers-table")
    expect(table.get_by_role("columnheader", name="Weights")).to_be_visible()
    expect(table).to_contain_text("trained here, frozen")
    page.goto(run_address)
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
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    page.get_by_test_id("load-weights").click()
    page.get_by_test_id("waiting-choice-digits.safetensors").click()
    expect(page.get_by_test_id("weight-row")).to_have_count(6)
    page.get_by_test_id("weight-load").click()
    loaded = page.get_by_test_id("loaded-report")
    expect(loaded).to_contain_text("digits.safetensors", timeout=READ_WITHIN_MS)
    expect(loaded).to_contain_text("6 of the network's 6 tensors")
    expect(loaded).to_contain_text("Every tensor of the file found its place.")
    expect(loaded).not_to_contain_text("0 layers")
    imported = page.get_by_test_id("import-report")
    expect(imported).to_contain_text("written by Keras 3.1.1. 8 layers.")
    expect(imported.get_by_test_id("import-piece")).to_have_count(8)


def test_a_network_of_the_zoo_learns_a_version_of_the_data(
    page: Page, studio: Studio, shared_data: Path
) -> None:
    tried = token_hex(3)  # another try finds what this one left
    reader, pinned = f"Digit reader {tried}", f"Before the clean-up {tried}"
    imported = read_network(shared_data / "models-keras3-mnist" / "mnist_model.keras")
    shelf = studio.data_folder / "zoo"
    shelf.mkdir(exist_ok=True)
    meta = make_meta(imported.document, classes=[str(digit) for digit in range(10)])
    write_bundle(shelf / f"{reader}.zip", imported.document, imported.weights, meta)

    page.goto("/data")
    page.get_by_test_id("dataset-card").filter(has_text="Handwritten digits").click()
    page.get_by_role("tab", name="Versions").click()
    page.get_by_role("textbox", name="Pin the present state").fill(pinned)
    page.get_by_test_id("dataset-version-save").click()
    expect(page.get_by_role("cell", name=pinned)).to_be_visible()
    page.get_by_test_id("dataset-transfer").click()
    dialog = page.get_by_role("dialog", name="Transfer learning")
    expect(page.get_by_test_id("transfer-dataset")).to_have_value("Handwritten digits")
    page.get_by_test_id("transfer-network").click()
    expect(page.get_by_role("option", name=reader)).to_be_visible(timeout=READ_WITHIN_MS)
    page.get_by_role("option", name=reader).click()
    expect(dialog).to_contain_text(f"{reader} is of the zoo. It comes into the project when")
    expect(page.get_by_test_id("transfer-make")).to_be_enabled()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()

    page.goto("/networks/zoo")
    page.get_by_test_id(f"zoo-for-data-{reader}").click(timeout=READ_WITHIN_MS)
    expect(dialog).to_be_visible(timeout=READ_WITHIN_MS)
    expect(page.get_by_test_id("transfer-network")).to_have_value(reader)
    choose(page, "transfer-dataset", "Handwritten digits")
    choose(page, "transfer-version", pinned)
    expect(page.get_by_test_id("transfer-make")).to_be_enabled()
    assert not any(reader in name for name in page.evaluate(NETWORK_NAMES))
    page.get_by_test_id("transfer-make").click()
    expect(page.get_by_test_id("run-start")).to_be_enabled(timeout=READ_WITHIN_MS)
    expect(page.get_by_test_id("run-version")).to_have_value(re.compile(pinned))
    epochs = page.get_by_test_id("run-epochs").input_value()
    rate = page.get_by_test_id("run-learning-rate").input_value()
    page.reload()  # what was proposed is kept with the network
    page.get_by_test_id("designer-train").click(timeout=READ_WITHIN_MS)
    expect(page.get_by_test_id("run-version")).to_have_value(re.compile(pinned))
    expect(page.get_by_test_id("run-epochs")).to_have_value(epochs)
    expect(page.get_by_test_id("run-learning-rate")).to_have_value(rate)
    made = {reader, f"{reader} on Handwritten digits"}
    assert made <= set(page.evaluate(NETWORK_NAMES))


def test_weights_that_wait_are_listed_and_open_their_template(page: Page, tmp_path: Path) -> None:
    document = make_template("small_resnet", channels=3, height=64, width=64, num_classes=5)
    weights = state_weights(build_module(document, seed=3))
    torch.save({key.replace(":", "."): each for key, each in weights.items()}, tmp_path / "w.pth")
    import_file(page, tmp_path / "w.pth")
    panel = page.get_by_test_id("weight-file")
    expect(panel).to_contain_text("the template Small ResNet", timeout=READ_WITHIN_MS)
    page.get_by_role("button", name="Choose another file").click()
    expect(panel).to_be_hidden()
    expect(page.get_by_test_id("network-import-drop")).to_be_visible()
    page.keyboard.press("Escape")
    row = page.get_by_test_id("waiting-weights-w.pth")
    expect(row).to_contain_text("the template Small ResNet")
    row.get_by_test_id("waiting-weights-delete").click()
    page.get_by_role("button", name="Cancel").click()
    row.get_by_test_id("waiting-weights-open").click()
    expect(page.get_by_test_id("weight-network")).to_have_value("Template Small ResNet · 100 %")
    expect(page.get_by_test_id("weight-row").first).to_be_visible()
    page.get_by_test_id("weight-load").click()
    report = page.get_by_test_id("import-report")
    expect(report).to_contain_text("w.pth", timeout=READ_WITHIN_MS)
    expect(page.get_by_test_id("network-name")).to_have_value("Small ResNet")
    expect(page.locator("[data-standing=pretrained]").first).to_be_visible(timeout=READ_WITHIN_MS)

    import_file(page, tmp_path / "w.pth")
    expect(panel).to_be_visible(timeout=READ_WITHIN_MS)
    page.keyboard.press("Escape")
    row.get_by_test_id("waiting-weights-delete").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(row).to_be_hidden()
