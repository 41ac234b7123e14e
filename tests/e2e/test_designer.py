"""Drawing networks on the canvas, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.e2e.designer_canvas import DIGITS, DesignerCanvas, middle_of, new_network

pytestmark = pytest.mark.e2e


@pytest.fixture
def context(open_context: Callable[..., BrowserContext]) -> BrowserContext:
    return open_context()


@pytest.fixture
def designer(context: BrowserContext) -> DesignerCanvas:
    return DesignerCanvas(context.new_page())


def test_a_cnn_is_drawn_from_an_empty_canvas_by_hand(designer: DesignerCanvas) -> None:
    page = designer.page
    page.goto("/networks")
    page.get_by_test_id("network-new").first.click()
    page.get_by_test_id("network-template-empty").click()
    page.get_by_test_id("network-new-name").fill("Drawn by hand")
    page.get_by_test_id("network-create").click()
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible(timeout=30_000)

    designer.drag_from_palette("ImageInput", 130, 160)
    expect(designer.node("image")).to_be_visible()
    for name in ("height", "width"):
        designer.set_param(name, "8")
    designer.set_param("channels", "1")
    designer.drag_from_palette("Conv2d", 380, 160)
    designer.set_param("out_channels", "12")
    designer.connect("image", "conv")
    expect(designer.edges()).to_have_count(1)
    expect(designer.output_of("conv")).to_have_text(re.compile(r"^B × 12 × \d × \d$"))
    designer.select("conv")
    for text in ("relu", "max pool", "flatten", "linear"):
        designer.insert(text)
    expect(designer.node("linear")).to_be_visible()
    designer.set_param("out_features", "10")
    designer.insert("output")
    designer.fit()
    expect(designer.edges()).to_have_count(6)

    designer.bind(DIGITS)
    designer.expect_no_problems()
    expect(designer.output_of("output")).to_have_text("B × 10")
    expect(designer.node("image").get_by_role("img", name="A sample")).to_be_visible()
    expect(designer.node("output")).to_contain_text("10 classes")
    designer.expect_saved()
    served = designer.served()
    assert served["analysis"]["diagnostics"] == []
    assert len(served["document"]["graph"]["nodes"]) == 7


def test_edges_tell_shapes_that_follow_what_is_typed(designer: DesignerCanvas) -> None:
    designer.open(new_network(designer.page.context, "small_cnn", "Shapes"))
    shape = designer.page.get_by_test_id("edge-shape")
    designer.select("conv")
    designer.point_at_edge(1)
    expect(shape).to_have_text("B × 16 × 8 × 8")
    designer.set_param("out_channels", "24")
    designer.point_at_edge(1)
    expect(shape).to_have_text("B × 24 × 8 × 8")
    expect(designer.output_of("maxpool")).to_have_text("B × 24 × 4 × 4")


def test_a_mistake_is_pinned_to_its_layer_and_repaired_in_place(designer: DesignerCanvas) -> None:
    designer.open(new_network(designer.page.context, "small_cnn", "Mistake"))
    designer.select("classifier")
    designer.set_param("out_features", "7")
    badge = designer.page.get_by_test_id("problem-badge")
    expect(badge).to_have_count(1)
    badge.click()
    fixes = designer.page.get_by_role("dialog").get_by_test_id("problem-fix")
    expect(fixes.first).to_contain_text("10")
    fixes.first.click()
    expect(badge).to_have_count(0)
    expect(designer.output_of("classifier")).to_have_text("B × 10")
    designer.press("Control+z")
    expect(designer.output_of("classifier")).to_have_text("B × 7")


def test_a_problem_leads_to_the_field_it_is_about(designer: DesignerCanvas) -> None:
    designer.open(new_network(designer.page.context, "small_resnet", "Field"))
    page = designer.page
    designer.node("residual").dblclick(position={"x": 80, "y": 12})
    designer.select("conv")
    page.get_by_role("button", name="More settings").click()
    designer.set_param("groups", "5")
    expect(page.get_by_test_id("param-groups")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("navigation", name="Where you are").get_by_role("button").first.click()
    expect(designer.node("stem")).to_be_visible()
    expect(designer.node("residual").get_by_test_id("problem-badge")).to_be_visible()
    designer.press("Escape")
    designer.show("problems")
    page.get_by_test_id("problem-row").first.get_by_role("button", name="conv").click()
    expect(page.get_by_test_id("param-groups")).to_be_focused()
    expect(page.get_by_test_id("designer-breadcrumb")).to_contain_text("Residual")


def test_undo_and_redo_by_keys(designer: DesignerCanvas) -> None:
    designer.open(new_network(designer.page.context, "mlp", "Undo"))
    designer.select("relu")
    designer.insert("dropout")
    expect(designer.node("dropout")).to_be_visible()
    designer.press("Control+z")
    expect(designer.node("dropout")).to_be_hidden()
    expect(designer.edges()).to_have_count(7)
    designer.press("Control+Shift+z")
    expect(designer.node("dropout")).to_be_visible()
    expect(designer.edges()).to_have_count(8)
    designer.expect_saved()
    names = [node["name"] for node in designer.served()["document"]["graph"]["nodes"].values()]
    assert "dropout" in names


def test_copy_and_paste_also_into_another_network(designer: DesignerCanvas) -> None:
    context = designer.page.context
    designer.open(new_network(context, "mlp", "Copied from"))
    designer.select("linear")
    designer.node("relu").click(modifiers=["Control"], position={"x": 80, "y": 12})
    designer.press("Control+c")
    designer.press("Control+v")
    expect(designer.nodes()).to_have_count(10)
    expect(designer.edges()).to_have_count(8)

    designer.open(new_network(context, None, "Pasted into"))
    designer.press("Control+v")
    expect(designer.node("linear")).to_be_visible()
    expect(designer.output_of("relu")).to_be_visible()
    expect(designer.edges()).to_have_count(1)


def test_deleting_joins_the_neighbours(designer: DesignerCanvas) -> None:
    designer.open(new_network(designer.page.context, "small_cnn", "Deleted"))
    designer.select("bn")
    designer.press("Delete")
    expect(designer.node("bn")).to_be_hidden()
    designer.expect_no_problems()
    expect(designer.edges()).to_have_count(11)
    expect(designer.output_of("output")).to_have_text("B × 10")


def test_a_layer_dropped_on_a_connection_lands_in_it(designer: DesignerCanvas) -> None:
    designer.open(new_network(designer.page.context, "mlp", "Dropped"))
    box = designer.canvas.bounding_box()
    assert box is not None
    x, y = middle_of(designer.port("linear", "output"))
    designer.drag_from_palette("Dropout", x + 14 - box["x"], y - box["y"])
    expect(designer.node("dropout")).to_be_visible()
    expect(designer.edges()).to_have_count(8)
    designer.expect_no_problems()


def test_dragging_a_port_into_the_void_asks_what_follows(designer: DesignerCanvas) -> None:
    designer.open(new_network(designer.page.context, "mlp", "Void"))
    x, y = middle_of(designer.port("relu", "output"))
    designer.drag((x, y), (x - 40, y + 190))
    field = designer.page.get_by_test_id("insert-input")
    expect(field).to_have_attribute("placeholder", "What follows?")
    field.fill("tanh")
    field.press("Enter")
    expect(designer.output_of("tanh")).to_have_text("B × 128")


def test_a_connection_that_would_close_a_circle_is_refused(designer: DesignerCanvas) -> None:
    designer.open(new_network(designer.page.context, "mlp", "Circle"))
    designer.node("linear_2").click(position={"x": 80, "y": 12})
    designer.connect("linear_2", "linear")
    expect(designer.page.get_by_test_id("designer-notice")).to_be_visible()
    expect(designer.edges()).to_have_count(7)


def test_tidy_lays_out_in_a_worker_without_overlap(designer: DesignerCanvas) -> None:
    network_id = new_network(designer.page.context, "small_resnet", "Tidied")
    designer.open(network_id)
    designer.drag(middle_of(designer.node("stem")), middle_of(designer.node("flatten")))
    designer.expect_saved()
    with designer.page.expect_event("worker"):
        designer.page.get_by_test_id("designer-tidy").click()
    said = designer.page.get_by_role("status").filter(has_text="Tidy")
    expect(said).to_have_count(1)
    designer.expect_saved()
    view = designer.served()["document"]["view"]["positions"]
    top = designer.served()["document"]["graph"]["nodes"]
    places = [(view[key]["x"], view[key]["y"]) for key in top]
    for index, (x, y) in enumerate(places):
        for other_x, other_y in places[index + 1 :]:
            assert abs(x - other_x) >= 176 or abs(y - other_y) >= 92
    expect(designer.node("output")).to_be_in_viewport()


def test_the_code_shown_is_the_code_served(designer: DesignerCanvas) -> None:
    network_id = new_network(designer.page.context, "small_cnn", "Code")
    designer.open(network_id)
    designer.select("conv")
    designer.set_param("out_channels", "20")
    designer.show("code")
    code = designer.page.get_by_test_id("code-view")
    expect(code).to_contain_text("nn.Conv2d(1, 20,")
    designer.expect_saved()
    served = designer.page.request.get(f"/api/networks/{network_id}/code").json()["source"]
    lines = code.locator("code").all_text_contents()
    assert [line.rstrip("\n") for line in lines] == served.rstrip("\n").split("\n")


def test_a_selection_becomes_a_block_that_repeats(designer: DesignerCanvas) -> None:
    page = designer.page
    designer.open(new_network(page.context, "mlp", "Repeated"))
    designer.select("linear_2")
    designer.set_param("out_features", "128")
    designer.node("relu_2").click(modifiers=["Control"], position={"x": 80, "y": 12})
    designer.press("Control+g")
    block = page.locator("[data-type='Block']")
    expect(block).to_have_count(1)
    block.click(position={"x": 80, "y": 12})
    repeat = page.get_by_test_id("block-repeat")
    repeat.fill("3")
    repeat.press("Enter")
    expect(block).to_contain_text("× 3")
    designer.expect_no_problems()
    designer.expect_saved()
    served = designer.served()
    inputs_and_output = 64 * 128 + 128 + 128 * 10 + 10
    assert served["analysis"]["totals"]["parameters"] == inputs_and_output + 3 * (128 * 128 + 128)


def test_train_on_the_canvas_opens_what_starts_a_run(designer: DesignerCanvas) -> None:
    designer.open(new_network(designer.page.context, "mlp", "Trained"))
    designer.page.get_by_test_id("designer-train").click()
    expect(designer.page.get_by_test_id("run-start")).to_be_enabled(timeout=30_000)


def test_more_problems_than_are_listed_are_mentioned(designer: DesignerCanvas) -> None:
    page = designer.page
    nodes = {f"n{index}": {"type": "ReLU", "name": f"relu_{index}"} for index in range(700)}
    document = {"format": "netloom.network", "schema": 1, "graph": {"name": "Many", "nodes": nodes}}
    designer.open(new_network(page.context, None, "Many problems", document=document))
    designer.show("problems")
    expect(page.get_by_text("There are more than these")).to_be_attached()
    expect(page.get_by_test_id("bottom-problems")).to_contain_text("+")
