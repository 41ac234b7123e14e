"""What is promised about weights is what happens to them: checked in numbers."""

from __future__ import annotations

import pytest
import torch

from netloom.analyze import Binding
from netloom.compile import build_module, load_weights, state_weights
from netloom.graph.apply import apply_operations
from netloom.graph.document import Document
from netloom.surgery import Plan, Target, plan_act
from netloom.surgery.expand import expand
from netloom.surgery.remap import remap_weights
from netloom.surgery.survival import report_survival
from netloom.surgery.transfer import plan_transfer
from netloom.templates import make_template
from tests.netloom.surgery.networks import ALL, concatenation, repeated, residual, template, tied


def named(document: Document, name: str) -> str:
    return next(key for key, node in document.graph.nodes.items() if node.name == name)


def after(document: Document, plan: Plan) -> Document:
    """The document with a plan done."""
    assert plan.refusal == "", plan.refusal
    changed, _ = apply_operations(document, plan.operations)
    return changed


def outputs_before_and_after(before: Document, changed: Document) -> tuple[torch.Tensor, ...]:
    """Logits of both networks, the second with the remapped weights of the first alone."""
    torch.manual_seed(3)
    image_BCHW = torch.randn(4, 3, 16, 16)
    old = build_module(before, seed=1)
    for _ in range(3):
        old(torch.randn(8, 3, 16, 16))  # Batch statistics that are not the initial ones.
    old.eval()
    given = state_weights(old)
    new = build_module(changed, seed=2).eval()
    report = load_weights(new, remap_weights(before, changed, given).weights)
    assert report.mismatched == ()
    assert report.initialised == ()
    return old(image_BCHW), new(image_BCHW)


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_saved_tensor_is_known_beforehand(name: str) -> None:
    document = ALL[name]()
    expansion = expand(document)
    assert expansion.is_complete
    known = {
        tensor.key: tensor.shape
        for use in expansion.uses
        for tensor in (*use.parameters, *use.buffers)
    }
    real = {key: tuple(t.shape) for key, t in state_weights(build_module(document)).items()}
    assert known == real


WIDER = [
    (residual, None, "stem", 13),
    (residual, None, "first", 30),
    (residual, None, "second", 20),
    (concatenation, None, "a", 9),
    (concatenation, None, "stem", 10),
    (lambda: template("lenet5"), None, "conv", 15),
    (lambda: template("small_cnn"), None, "conv", 40),
    (lambda: template("mlp"), None, "linear", 300),
    (repeated, "body", "inner_conv", 10),
    (repeated, None, "stem", 12),
    (lambda: repeated("shared"), None, "stem", 12),
    (tied, None, "left", 9),
    (tied, None, "right", 18),
    (tied, None, "stem", 16),
    (lambda: template("small_resnet"), None, "stem", 24),
]


def find(document: Document, scope: str | None, name: str) -> str:
    """The id of the node that is called so, or begins so."""
    holder = document.graph if scope is None else document.graph.blocks[scope]
    named = {node.name: node_id for node_id, node in holder.nodes.items()}
    return named.get(name) or next(key for each, key in named.items() if each.startswith(name))


@pytest.mark.parametrize(("make", "scope", "name", "width"), WIDER)
def test_a_wider_network_computes_the_same(
    make: object, scope: str | None, name: str, width: int
) -> None:
    document: Document = make()  # type: ignore[operator]
    target = Target(scope=scope, node_ids=[find(document, scope, name)])
    plan = plan_act(document, "change_width", target, {"width": width})
    changed = after(document, plan)
    assert plan.problems == []
    before_BK, after_BK = outputs_before_and_after(document, changed)
    torch.testing.assert_close(after_BK, before_BK, atol=2e-6, rtol=1e-5)
    assert plan.survival is not None
    assert plan.survival.new == plan.survival.removed == 0
    assert plan.survival.resized > 0


def test_copies_of_a_channel_do_not_stay_alike() -> None:
    document = residual()
    changed = after(
        document, plan_act(document, "change_width", Target(node_ids=["first"]), {"width": 24})
    )
    network = build_module(changed, seed=2)
    given = state_weights(build_module(document, seed=1))
    load_weights(network, remap_weights(document, changed, given).weights)
    first = network.get_submodule("first").weight  # type: ignore[union-attr]
    assert torch.equal(first[0], first[12])
    optimizer = torch.optim.SGD(network.parameters(), lr=0.5)
    network(torch.randn(4, 3, 16, 16)).square().sum().backward()
    optimizer.step()
    assert not torch.allclose(first[0], first[12])


def test_narrowing_keeps_the_channels_with_the_largest_weights() -> None:
    document = residual()
    changed = after(
        document, plan_act(document, "change_width", Target(node_ids=["first"]), {"width": 5})
    )
    given = state_weights(build_module(document, seed=1))
    norms = given["first:weight"].abs().sum((1, 2, 3))
    kept = norms.topk(5).indices.sort().values
    made = remap_weights(document, changed, given).weights
    assert torch.equal(made["first:weight"], given["first:weight"][kept])
    assert torch.equal(made["first:bias"], given["first:bias"][kept])
    assert torch.equal(made["second:weight"], given["second:weight"][:, kept])
    assert torch.equal(made["stem:weight"], given["stem:weight"])


def test_dropping_silent_channels_changes_nothing() -> None:
    """Channels whose filters are zero are the ones that go, through batch norm and flattening."""
    document = template("lenet5")
    given = dict(state_weights(build_module(document, seed=1)))
    conv = find(document, None, "conv")
    for key in (f"{conv}:weight", f"{conv}:bias"):
        given[key] = given[key].clone()
        given[key][[1, 4]] = 0
    changed = after(
        document, plan_act(document, "change_width", Target(node_ids=[conv]), {"width": 4})
    )
    old, new = build_module(document).eval(), build_module(changed).eval()
    load_weights(old, given)
    load_weights(new, remap_weights(document, changed, given).weights)
    image_BCHW = torch.randn(3, 3, 16, 16)
    torch.testing.assert_close(new(image_BCHW), old(image_BCHW), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(
    ("act", "node", "values"),
    [
        ("replace_head", None, {"num_classes": 4}),
        ("replace_head", None, {"num_classes": 4, "style": "pooled", "freeze_backbone": True}),
        ("swap_layer", "bn", {"layer": "GroupNorm"}),
        ("swap_layer", "first", {"layer": "SeparableConv2d"}),
        ("swap_layer", "act", {"layer": "GELU"}),
        ("insert_layer", "first", {"layer": "BatchNorm2d"}),
        ("cut_branch", "first", {}),
        ("change_width", "stem", {"width": 6}),
        ("change_width", "second", {"width": 16}),
    ],
)
def test_the_report_is_what_a_run_would_load(
    act: str, node: str | None, values: dict[str, str | int]
) -> None:
    document = residual()
    target = Target(node_ids=[] if node is None else [node])
    plan = plan_act(document, act, target, dict(values), binding=Binding(num_classes=4))
    changed = after(document, plan)
    given = state_weights(build_module(document, seed=1))
    network = build_module(changed, seed=2)
    remapped = remap_weights(document, changed, given)
    report = load_weights(network, remapped.weights)
    fates = {key: each.fate for key, each in plan_transfer(document, changed).tensors.items()}
    resized = set(remapped.resized)
    real = {key: "resized" if key in resized else "kept" for key in report.loaded}
    real |= dict.fromkeys(report.initialised, "new")
    real |= {mismatch.key: "new" for mismatch in report.mismatched}
    assert fates == real
    assert plan.survival is not None
    kept = sum(t.numel() for key, t in network.named_parameters())
    assert plan.survival.kept + plan.survival.resized + plan.survival.new == kept


def test_a_layer_that_keeps_its_bias_alone_starts_anew() -> None:
    before, after_ = (
        make_template("mlp", channels=3, height=size, width=size, num_classes=10)
        for size in (16, 32)
    )
    nodes = {
        **before.graph.nodes,
        named(before, "image"): after_.graph.nodes[named(after_, "image")],
    }
    larger = before.model_copy(update={"graph": before.graph.model_copy(update={"nodes": nodes})})
    survival = report_survival(before, larger)
    (line,) = [layer for layer in survival.layers if layer.fate != "kept"]
    assert line.fate == "new"
    assert line.kept_parameters > 0  # The bias.
    assert line.text.startswith("weight was ")
    assert survival.resized == 0
