"""Before a merge it is said what the other network is given instead of what it was made for."""

from __future__ import annotations

import pytest

from netloom.graph.document import Document
from netloom.surgery import plan_act
from netloom.templates import make_template
from tests.netloom.surgery.networks import attention, template


def warnings_of(document: Document, other: Document, how: str) -> list[str]:
    plan = plan_act(document, "merge_network", values={"how": how}, other=other, other_name="Other")
    assert plan.refusal == ""
    return [text for text in plan.warnings if text.startswith("Other")]


def cnn(channels: int = 3, size: int = 16) -> Document:
    return make_template("small_cnn", channels=channels, height=size, width=size, num_classes=10)


def with_input(document: Document, **params: object) -> Document:
    changed = document.model_copy(deep=True)
    node = next(n for n in changed.graph.nodes.values() if n.type == "ImageInput")
    node.params.update(params)  # type: ignore[arg-type]
    return changed


def test_inputs_that_agree_are_no_matter() -> None:
    assert warnings_of(template("resnet18"), cnn(), "add") == []


@pytest.mark.parametrize(("channels", "size"), [(1, 16), (3, 32)])
def test_other_sizes_are_named_with_what_the_merge_does(channels: int, size: int) -> None:
    (text,) = warnings_of(template("resnet18"), cnn(channels, size), "concatenate")
    assert f"made for (B, C={channels}, H={size}, W={size})" in text
    assert "gives (B, C=3, H=16, W=16)" in text
    assert "both take this one input" in text
    assert "Set image to that size" in text


def test_inputs_of_another_kind_cannot_be_shared() -> None:
    (text,) = warnings_of(template("resnet18"), attention(), "add")
    assert "another kind" in text
    assert "an input of the same kind" in text


def test_what_a_network_gives_is_compared_with_what_the_appended_one_takes() -> None:
    (text,) = warnings_of(template("resnet18"), cnn(), "after")
    assert "classifier gives (B, F=10)" in text
    assert "choose concatenate or add" in text


def test_another_normalisation_is_named() -> None:
    other = with_input(cnn(), mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
    (text,) = warnings_of(template("resnet18"), other, "add")
    assert "0.485, 0.456, 0.406" in text
    same = with_input(cnn(), mean=[0.5, 0.5, 0.5])
    assert warnings_of(template("resnet18"), same, "add") == []
