"""The live preview, in a real browser: pictures on the cards that follow what is drawn."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from tests.e2e.designer_canvas import DesignerCanvas, new_network
from tests.waiting import until

pytestmark = pytest.mark.e2e
ANSWERED_WITHIN_MS = 60_000


@pytest.fixture
def designer(open_context: Callable[..., BrowserContext]) -> DesignerCanvas:
    return DesignerCanvas(open_context().new_page())


def _picture(designer: DesignerCanvas, name: str) -> Locator:
    return designer.node(name).get_by_test_id("preview-on-card").get_by_role("img").first


def _expect_fresh(designer: DesignerCanvas) -> None:
    expect(designer.canvas).to_have_attribute("data-preview", "fresh", timeout=ANSWERED_WITHIN_MS)


def _preview_states(designer: DesignerCanvas) -> dict[str, str]:
    """State of each preview that the person's pages have asked for."""
    jobs = designer.page.request.get("/api/jobs").json()["items"]
    return {job["id"]: job["state"] for job in jobs if job["kind"] == "inspection.preview"}


def _new_states(designer: DesignerCanvas, before: dict[str, str]) -> list[str]:
    return [state for job, state in _preview_states(designer).items() if job not in before]


def test_every_layer_shows_a_sample_and_follows_each_edit(designer: DesignerCanvas) -> None:
    page = designer.page
    asked_before = _preview_states(designer)
    designer.open(new_network(page.context, "small_cnn", "Previewed"))
    before = designer.node("conv").bounding_box()
    page.get_by_test_id("designer-preview").click()
    expect(page.get_by_test_id("preview-bar")).to_be_visible()
    _expect_fresh(designer)
    expect(_picture(designer, "image")).to_have_attribute(
        "alt", "The sample as the network receives it"
    )
    expect(_picture(designer, "conv")).to_have_attribute("alt", "Channels 1 to 3 of 16")
    after = designer.node("conv").bounding_box()
    assert before is not None
    assert after is not None
    assert (before["x"], before["y"]) == (after["x"], after["y"])

    # Edits that follow one another closely: only the last is shown, the others are given up.
    designer.select("conv")
    for channels in ("20", "24", "28"):
        designer.set_param("out_channels", channels)
    _expect_fresh(designer)
    expect(_picture(designer, "conv")).to_have_attribute("alt", "Channels 1 to 3 of 28")
    close = page.get_by_test_id("preview-close")
    expect(close).to_contain_text("Channels 1 to 16 of 28", timeout=ANSWERED_WITHIN_MS)
    close.get_by_role("button", name="Later channels").click()
    expect(close).to_contain_text("Channels 17 to 28 of 28", timeout=ANSWERED_WITHIN_MS)
    # Of all that was asked the server keeps the last answers: of the cards, and of the close-up.
    # What these overtook was given up, unless it was at its end already: one of each at most.
    until(lambda: not {"queued", "running"} & set(_new_states(designer, asked_before)))
    states = _new_states(designer, asked_before)
    assert 2 <= states.count("succeeded") <= 4, states
    assert set(states) <= {"succeeded", "cancelled"}

    # Another sample changes the pictures, and the image's card shows the one that is previewed.
    shown = _picture(designer, "image").get_attribute("src")
    page.get_by_test_id("preview-next").click()
    expect(_picture(designer, "image")).not_to_have_attribute("src", shown or "")
    _expect_fresh(designer)
    previewed = page.get_by_test_id("preview-bar").get_by_role("presentation").first
    thumbnail = previewed.get_attribute("src")
    expect(designer.node("image").get_by_test_id("card-sample")).to_have_attribute(
        "src", thumbnail or ""
    )

    # A network with errors says so and shows no answer as if it were the present one.
    designer.select("image")
    designer.press("Delete")
    expect(page.get_by_test_id("preview-bar")).to_contain_text("once the network has no errors")
    expect(designer.canvas).to_have_attribute("data-preview", "stale")
    designer.press("Control+z")
    _expect_fresh(designer)
    designer.press("p")
    expect(page.get_by_test_id("preview-bar")).to_be_hidden()
    expect(page.get_by_test_id("preview-on-card")).to_have_count(0)
