"""Each act on networks of every build: what it does, what it says, and that it can be undone."""

from __future__ import annotations

import pytest

from netloom.analyze import Binding, analyze
from netloom.graph.apply import apply_operations
from netloom.graph.document import BlockDefinition, Document, Graph, Node, ParamValue
from netloom.surgery import Plan, Target, describe_acts, plan_act
from tests.netloom.surgery.networks import ALL, concatenation, repeated, residual, template


def done(document: Document, plan: Plan) -> Document:
    """The network afterwards; undoing it gives back exactly what was there."""
    assert plan.refusal == "", plan.refusal
    changed, inverses = apply_operations(document, plan.operations)
    undone, _ = apply_operations(changed, inverses)
    assert undone == document
    return changed


def named(document: Document, name: str) -> str:
    return next(key for key, node in document.graph.nodes.items() if node.name == name)


def types_to_output(document: Document) -> list[str]:
    """Layer types on the way to the output, followed backwards along first inputs."""
    sources = {edge.target.node: edge.source.node for edge in document.graph.edges.values()}
    at = next(key for key, node in document.graph.nodes.items() if node.type == "Output")
    types: list[str] = []
    while (source := sources.get(at)) is not None:
        at = source
        types.append(document.graph.nodes[at].type)
    return types[::-1]


@pytest.mark.parametrize("name", sorted(ALL))
@pytest.mark.parametrize("style", ["same", "pooled"])
def test_replacing_the_head_keeps_the_backbone(name: str, style: str) -> None:
    document = ALL[name]()
    plan = plan_act(
        document, "replace_head", values={"style": style}, binding=Binding(num_classes=7)
    )
    changed = done(document, plan)
    assert plan.values["num_classes"] == 7
    analysis = analyze(changed, Binding(num_classes=7))
    assert analysis.is_trainable, analysis.diagnostics
    output = next(key for key, node in changed.graph.nodes.items() if node.type == "Output")
    assert analysis.nodes[output].output_text == "B × 7"
    survival = plan.survival
    assert survival is not None
    assert survival.is_complete
    assert survival.resized == 0
    new = [layer for layer in survival.layers if layer.fate == "new"]
    assert [layer.node_id for layer in new] == plan.select
    total = analysis.totals.parameters
    assert survival.kept == total - new[0].parameters
    assert survival.kept + survival.removed == analyze(document).totals.parameters


def test_a_head_of_the_same_kind_asks_for_no_dropout() -> None:
    asked = {
        style: {field.name for field in plan_act(residual(), "replace_head", values=values).form}
        for style in ("same", "pooled")
        for values in ({"num_classes": 4, "style": style},)
    }
    assert asked["pooled"] - asked["same"] == {"dropout"}


def test_a_pooled_head_stands_behind_the_last_feature_map() -> None:
    document = template("lenet5")
    plan = plan_act(document, "replace_head", values={"num_classes": 4, "style": "pooled"})
    types = types_to_output(done(document, plan))
    assert types[-3:] == ["GlobalAvgPool", "Dropout", "Linear"]
    assert "Flatten" not in types
    bare = plan_act(
        document, "replace_head", values={"num_classes": 4, "style": "pooled", "dropout": 0}
    )
    assert types_to_output(done(document, bare))[-2:] == ["GlobalAvgPool", "Linear"]


def test_a_new_head_can_learn_alone() -> None:
    document = template("small_resnet")
    plan = plan_act(document, "replace_head", values={"num_classes": 3, "freeze_backbone": True})
    changed = done(document, plan)
    totals = analyze(changed).totals
    assert plan.survival is not None
    assert totals.trainable_parameters == plan.survival.new < totals.parameters


def test_freezing_up_to_a_layer_freezes_what_leads_to_it() -> None:
    document = residual()
    changed = done(document, plan_act(document, "freeze_up_to", Target(node_ids=["second"])))
    frozen = {key for key, node in changed.graph.nodes.items() if node.is_frozen}
    assert frozen == {"stem", "bn", "first", "second"}
    again = plan_act(changed, "freeze_up_to", Target(node_ids=["second"]))
    assert "nothing to change" in again.refusal
    thawed = done(changed, plan_act(changed, "unfreeze_from", Target(node_ids=["first"])))
    assert {key for key, node in thawed.graph.nodes.items() if node.is_frozen} == {"stem", "bn"}


def test_freezing_in_a_block_reaches_all_uses_and_says_so() -> None:
    document = template("small_resnet")
    block_id, block = next(
        (key, block)
        for key, block in document.graph.blocks.items()
        if sum(node.block == key for node in document.graph.nodes.values()) > 1
    )
    conv = next(key for key, node in block.nodes.items() if node.type == "Conv2d")
    plan = plan_act(document, "freeze_up_to", Target(scope=block_id, node_ids=[conv]))
    changed = done(document, plan)
    assert changed.graph.blocks[block_id].nodes[conv].is_frozen
    assert any("all its uses" in warning for warning in plan.warnings)


def test_thawing_goes_group_by_group_from_the_output() -> None:
    document = residual()
    everything = plan_act(document, "freeze_up_to", Target(node_ids=["fc"]))
    assert any("Nothing is left" in warning for warning in everything.warnings)
    at = done(document, everything)
    order: list[set[str]] = []
    while not (plan := plan_act(at, "unfreeze_next")).refusal:
        before = {key for key, node in at.graph.nodes.items() if node.is_frozen}
        at = done(at, plan)
        order.append(before - {key for key, node in at.graph.nodes.items() if node.is_frozen})
    assert order == [{"fc"}, {"second"}, {"first"}, {"stem", "bn"}]


def test_what_fits_is_offered_first_for_insertion() -> None:
    document = residual()
    plan = plan_act(document, "insert_layer", Target(node_ids=["first"]), {"layer": "BatchNorm2d"})
    (field, _) = plan.form
    assert field.choices[:3] == ["BatchNorm2d", "ReLU", "Dropout"]
    assert "Linear" not in field.choices
    changed = done(document, plan)
    (new,) = plan.select
    assert {e.target.node for e in changed.graph.edges.values() if e.source.node == "first"} == {
        new
    }
    assert {e.target.node for e in changed.graph.edges.values() if e.source.node == new} == {"act"}


def test_a_layer_behind_a_fork_is_in_front_of_all_branches() -> None:
    document = concatenation()
    plan = plan_act(document, "insert_layer", Target(node_ids=["stem"]), {"layer": "ReLU"})
    changed = done(document, plan)
    (new,) = plan.select
    leaving = {e.target.node for e in changed.graph.edges.values() if e.source.node == new}
    assert leaving == {"a", "b", "depth"}
    assert analyze(changed).is_trainable


def test_a_layer_on_a_connection_is_as_wide_as_what_arrives() -> None:
    document = residual()
    edge = next(k for k, e in document.graph.edges.items() if e.source.node == "act")
    plan = plan_act(document, "insert_layer", Target(edge_id=edge), {"layer": "Conv2d"})
    changed = done(document, plan)
    assert changed.graph.nodes[plan.select[0]].params["out_channels"] == 12
    assert analyze(changed).is_trainable


SWAPS: list[tuple[str, str, dict[str, ParamValue]]] = [
    ("first", "SeparableConv2d", {"out_channels": 12, "kernel_size": 3, "padding": "same"}),
    ("bn", "GroupNorm", {"num_groups": 8}),
    ("act", "GELU", {}),
    ("add", "Concatenate", {"num_inputs": 2}),
]


@pytest.mark.parametrize(("name", "kind", "params"), SWAPS)
def test_a_swapped_layer_keeps_what_fits(
    name: str, kind: str, params: dict[str, ParamValue]
) -> None:
    document = residual()
    plan = plan_act(document, "swap_layer", Target(node_ids=[name]), {"layer": kind})
    assert kind in plan.form[0].choices
    changed = done(document, plan)
    node = changed.graph.nodes[name]
    assert (node.type, node.params) == (kind, params)
    assert analyze(changed).is_trainable


def test_pooling_becomes_a_convolution_that_strides() -> None:
    document = concatenation()
    plan = plan_act(document, "swap_layer", Target(node_ids=["pool"]), {"layer": "Conv2d"})
    changed = done(document, plan)
    now, then = analyze(changed), analyze(document)
    assert now.nodes["pool"].output_text == then.nodes["pool"].output_text
    assert now.is_trainable


def test_a_selection_is_swapped_as_one() -> None:
    document = template("small_cnn")
    relus = [key for key, node in document.graph.nodes.items() if node.type == "ReLU"]
    plan = plan_act(document, "swap_layer", Target(node_ids=relus), {"layer": "GELU"})
    changed = done(document, plan)
    assert {changed.graph.nodes[key].type for key in relus} == {"GELU"}
    assert plan.survival is not None
    assert plan.survival.new == plan.survival.resized == 0
    mixed = Target(node_ids=[relus[0], named(document, "image")])
    assert "one type" in plan_act(document, "swap_layer", mixed, {"layer": "GELU"}).refusal


def test_layers_tied_by_an_addition_follow_and_are_named() -> None:
    document = residual()
    plan = plan_act(document, "change_width", Target(node_ids=["second"]), {"width": 16})
    changed = done(document, plan)
    assert changed.graph.nodes["stem"].params["out_channels"] == 16
    assert changed.graph.nodes["first"].params["out_channels"] == 12
    assert any("stem" in warning and "addition" in warning for warning in plan.warnings)
    depthwise = plan_act(concatenation(), "change_width", Target(node_ids=["stem"]), {"width": 9})
    node = done(concatenation(), depthwise).graph.nodes["depth"]
    assert (node.params["out_channels"], node.params["groups"]) == (9, 9)


def test_a_width_that_an_instance_overrides_is_changed_there() -> None:
    document = repeated()
    plan = plan_act(document, "change_width", Target(node_ids=["stem"]), {"width": 12})
    changed = done(document, plan)
    assert changed.graph.nodes["stage"].overrides == {"width": 12}
    assert changed.graph.blocks == document.graph.blocks
    assert analyze(changed).is_trainable


def test_the_width_of_the_output_is_no_matter_of_width() -> None:
    plan = plan_act(residual(), "change_width", Target(node_ids=["fc"]), {"width": 16})
    assert "what the network gives" in plan.refusal
    assert plan.operations == []


def test_cutting_a_branch_joins_what_is_left() -> None:
    document = residual()
    changed = done(document, plan_act(document, "cut_branch", Target(node_ids=["act"])))
    assert not changed.graph.nodes.keys() & {"first", "act", "second", "add"}
    assert analyze(changed).is_trainable
    document = concatenation()
    plan = plan_act(document, "cut_branch", Target(node_ids=["b"]))
    changed = done(document, plan)
    assert changed.graph.nodes["cat"].params["num_inputs"] == 2
    assert analyze(changed).is_trainable
    assert plan.survival is not None
    assert [x.name for x in plan.survival.layers if x.fate == "removed"] == ["b"]


def test_the_trunk_is_not_a_branch() -> None:
    for document in (residual(), template("mlp")):
        head = next(key for key, node in document.graph.nodes.items() if node.type == "Linear")
        assert "trunk" in plan_act(document, "cut_branch", Target(node_ids=[head])).refusal


@pytest.mark.parametrize("name", sorted(ALL))
@pytest.mark.parametrize("as_block", [False, True])
@pytest.mark.parametrize("how", ["concatenate", "add"])
def test_networks_are_merged_in_parallel(name: str, how: str, *, as_block: bool) -> None:
    document, other = residual(), ALL[name]()
    plan = plan_act(
        document,
        "merge_network",
        values={"how": how, "as_block": as_block},
        other=other,
        other_name="Other net",
    )
    changed = done(document, plan)
    analysis = analyze(changed)
    assert analysis.is_trainable, analysis.diagnostics
    output = next(key for key, node in changed.graph.nodes.items() if node.type == "Output")
    assert analysis.nodes[output].output_text == ("B × 20" if how == "concatenate" else "B × 10")
    own, theirs = analyze(document).totals.parameters, analyze(other).totals.parameters
    assert analysis.totals.parameters == own + theirs
    assert plan.survival is not None
    assert (plan.survival.kept, plan.survival.new) == (own, theirs)
    assert plan.other_name == "Other net"
    assert plan.other_survival is not None
    assert (plan.other_survival.kept, plan.other_survival.new) == (theirs, 0)


def test_a_network_is_appended_behind_a_layer() -> None:
    document, other = concatenation(), residual()
    plan = plan_act(document, "merge_network", Target(node_ids=["stem"]), other=other)
    changed = done(document, plan)
    assert "after" in plan.values.values()
    assert plan.survival is not None
    assert not plan.survival.is_complete
    # Shapes behind are unknown, which is not the same as gone.
    assert plan.survival.removed == 0
    # What the appended network gives is no image, and the preview says so before.
    assert plan.problems
    assert {"fc", "fc_2"} <= {node.name for node in changed.graph.nodes.values()}


def test_ids_stay_where_they_are_free_so_that_weights_are_found() -> None:
    other = template("mlp")
    plan = plan_act(residual(), "merge_network", values={"how": "add"}, other=other)
    changed = done(residual(), plan)
    ends = {"ImageInput", "Output"}
    assert {key for key, node in other.graph.nodes.items() if node.type not in ends} <= set(
        changed.graph.nodes
    )


def test_every_act_refuses_in_words_where_it_cannot_work() -> None:
    for act in describe_acts():
        for target in (Target(), Target(scope="gone"), Target(node_ids=["gone"], edge_id="gone")):
            plan = plan_act(Document(), act.id, target, other=Document())
            assert plan.refusal.endswith((".", "?")), (act.id, plan)
            assert plan.operations == []


def test_values_that_mean_nothing_are_refused_in_words() -> None:
    plan = plan_act(residual(), "replace_head", values={"num_classes": 0})
    assert "num_classes" in plan.refusal.lower()
    assert plan_act(residual(), "change_width", Target(node_ids=["stem"]), {"width": "x"}).refusal


def test_blocks_without_layers_that_repeat_are_answered_at_once() -> None:
    nodes = {
        "in": Node(type="BlockInput", name="enter"),
        "out": Node(type="BlockOutput", name="go"),
    }
    empty = BlockDefinition(name="Empty", nodes=nodes, inputs=["in"], outputs=["out"])
    user = Node(type="Block", name="use", block="empty", repeat=100_000)
    outer = BlockDefinition(name="Outer", nodes={"use": user})
    top = Node(type="Block", name="top", block="outer", repeat=100_000)
    document = Document(graph=Graph(nodes={"top": top}, blocks={"empty": empty, "outer": outer}))
    plan = plan_act(document, "freeze_up_to", Target(node_ids=["top"]))
    assert "has weights" in plan.refusal


def test_a_block_that_contains_itself_can_only_be_taken_out() -> None:
    inner = Node(type="Block", name="again", block="loop")
    loop = BlockDefinition(name="Loop", nodes={"again": inner})
    top = Node(type="Block", name="top", block="loop")
    document = Document(graph=Graph(nodes={"top": top}, blocks={"loop": loop}))
    for act in describe_acts():
        plan = plan_act(document, act.id, Target(node_ids=["top"]), other=document)
        # Taking it out is what helps; nothing else can be done to it.
        assert bool(plan.refusal) == (act.id != "cut_branch"), act.id


@pytest.mark.parametrize("where", ["after", "before"])
def test_an_inserted_layer_never_lies_on_another(where: str) -> None:
    document = template("resnet18")
    inserted = 0
    for node_id in document.graph.nodes:
        plan = plan_act(
            document, "insert_layer", Target(node_ids=[node_id]), {"layer": "ReLU", "where": where}
        )
        if plan.refusal:
            continue
        inserted += 1
        positions = done(document, plan).view.positions
        (new,) = plan.select
        lying = [
            key
            for key in document.graph.nodes
            if abs(positions[key].x - positions[new].x) < 176
            and abs(positions[key].y - positions[new].y) < 92
        ]
        assert lying == [], f"{where} {document.graph.nodes[node_id].name}"
    assert inserted > 10
