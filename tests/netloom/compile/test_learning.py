"""How weights start, and what generated source says of starts, frozen layers and factors."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from netloom.analyze import analyze
from netloom.compile import build_module, generate_source
from netloom.compile.initialise import derive_seed
from netloom.graph.diagnostics import Diagnostic, DiagnosticCode
from netloom.graph.document import BlockDefinition, Document, ExposedParam, ParamValue
from netloom.layers import all_layers, describe_layers
from netloom.layers.base import Inference
from netloom.layers.learning import LEARNING_NAMES, LearningParams
from tests.netloom.compile.networks import chain, edges, image, network, node
from tests.netloom.compile.test_source import assert_same_network
from tests.netloom.layers.cases import CASES


def features(*layers, count: int = 6):
    return chain(node("FeatureInput", "data", num_features=count), *layers, node("Output", "out"))


def told(document: Document) -> list[Diagnostic]:
    """What the analysis says, but for the data that no training reads."""
    found = analyze(document).diagnostics
    return [problem for problem in found if problem.code is not DiagnosticCode.INPUT_NOT_TRAINED]


@pytest.mark.parametrize(
    ("initialiser", "value", "expected"),
    [
        ("xavier_uniform", None, nn.init.xavier_uniform_),
        ("xavier_normal", 2.0, lambda t: nn.init.xavier_normal_(t, gain=2.0)),
        ("kaiming_normal", None, lambda t: nn.init.kaiming_normal_(t, nonlinearity="relu")),
        ("kaiming_uniform", None, lambda t: nn.init.kaiming_uniform_(t, nonlinearity="relu")),
        ("normal", None, lambda t: nn.init.normal_(t, std=0.01)),
        ("normal", 0.5, lambda t: nn.init.normal_(t, std=0.5)),
        ("truncated_normal", 0.02, lambda t: nn.init.trunc_normal_(t, std=0.02, a=-0.04, b=0.04)),
        ("truncated_normal", 0.0, nn.init.zeros_),
        ("uniform", None, lambda t: nn.init.uniform_(t, -0.05, 0.05)),
        ("orthogonal", None, nn.init.orthogonal_),
        ("zeros", None, nn.init.zeros_),
        ("ones", None, nn.init.ones_),
        ("constant", 0.3, lambda t: nn.init.constant_(t, 0.3)),
    ],
)
def test_weights_start_as_torch_fills_them_from_the_seed(initialiser, value, expected) -> None:
    params: dict[str, ParamValue] = {"weight_init": initialiser, "bias_init": "ones"}
    if value is not None:
        params["weight_init_value"] = value
    net = build_module(features(node("Linear", "fc", out_features=4, **params)), seed=3)
    torch.manual_seed(derive_seed(3, "fc:weight"))
    assert torch.equal(net.get_parameter("fc.weight"), expected(torch.empty(4, 6)))
    assert torch.equal(net.get_parameter("fc.bias"), torch.ones(4))


def test_another_start_of_one_layer_leaves_the_others_and_the_random_state() -> None:
    layers = [node("Linear", "a"), node("Linear", "b"), node("LayerNorm", "c")]
    plain = build_module(features(*layers), seed=1)
    torch.manual_seed(9)
    expected = torch.rand(2)
    torch.manual_seed(9)
    layers[1] = node("Linear", "b", weight_init="orthogonal")
    changed = build_module(features(*layers), seed=1)
    assert torch.equal(torch.rand(2), expected)
    for name, tensor in plain.named_parameters():
        assert torch.equal(tensor, changed.get_parameter(name)) == (name != "b.weight"), name


def test_norms_keep_their_scales_in_layers_with_matrices_and_start_anew_alone() -> None:
    document = chain(
        node("SequenceInput", "data", num_features=8, length=3),
        node("TransformerEncoderLayer", "encoder", hidden_features=4, weight_init="zeros"),
        node("LayerNorm", "norm", weight_init="zeros"),
        node("LSTM", "lstm", hidden_size=4, weight_init="orthogonal", bias_init="zeros"),
        node("Output", "out"),
    )
    net = build_module(document)
    assert not net.get_parameter("encoder.linear1.weight").any()
    assert not net.get_parameter("encoder.self_attn.in_proj_weight").any()
    assert net.get_parameter("encoder.norm1.weight").all()
    assert not net.get_parameter("norm.weight").any()
    weight = net.get_parameter("lstm.weight_hh_l0")
    assert torch.allclose(weight.T @ weight, torch.eye(4), atol=1e-5)
    assert not net.get_parameter("lstm.bias_ih_l0").any()
    source = assert_same_network(document)
    assert "nn.init.zeros_(self.encoder.self_attn.in_proj_weight)" in source
    assert "nn.init.orthogonal_(self.lstm.weight_hh_l0)" in source


def test_source_says_how_weights_start_and_which_are_frozen() -> None:
    document = chain(
        image(2), node("Conv2d", "conv", weight_init="kaiming_normal", is_frozen=True),
        node("BatchNorm2d", "bn", weight_init="constant", weight_init_value=0.5),
        node("Conv2d", "last", out_channels=3, bias_init="constant", bias_init_value=-1.5),
        node("Output", "out"),
    )  # fmt: skip
    source = assert_same_network(document)
    body = source.split("super().__init__()\n")[1].split("\n\n")[0]
    assert [line.strip() for line in body.split("\n")] == [
        "self.conv = nn.Conv2d(2, 16, kernel_size=3, padding=1)",
        "self.bn = nn.BatchNorm2d(16)",
        "self.last = nn.Conv2d(16, 3, kernel_size=3, padding=1)",
        'nn.init.kaiming_normal_(self.conv.weight, nonlinearity="relu")',
        "self.conv.requires_grad_(False)",
        "nn.init.constant_(self.bn.weight, val=0.5)",
        "nn.init.constant_(self.last.bias, val=-1.5)",
    ]
    names: dict[str, type[nn.Module]] = {}
    exec(source, names)
    made = names["Net"]()
    assert not made.get_parameter("conv.weight").requires_grad
    assert torch.equal(made.get_parameter("bn.weight"), torch.full((16,), 0.5))


def test_source_groups_parameters_for_an_optimiser() -> None:
    block = BlockDefinition(
        name="Inner",
        nodes={
            "i": node("BlockInput", "x"),
            "l": node("Linear", "fc", out_features=6, learning_rate_factor=0.5),
            "o": node("BlockOutput", "y"),
        },
        edges=edges("i>l", "l>o"),
        inputs=["i"],
        outputs=["o"],
    )
    document = network(
        {
            "d": node("FeatureInput", "data", num_features=6),
            "b": node("Block", "stage", block="inner", repeat=2),
            "l": node("Linear", "head", out_features=2, l2_factor=0),
            "k": node("Linear", "kept", out_features=2, learning_rate_factor=0),
            "o": node("Output", "out"),
        },
        "d>b.x", "b.y>l", "l>k", "k>o", blocks={"inner": block},
    )  # fmt: skip
    from tests.netloom.compile.test_source import _ruff_formatted

    source = generate_source(document)
    assert _ruff_formatted(source) == source
    names: dict = {}
    exec(source, names)
    made = names["Net"]()
    made.load_state_dict(build_module(document).state_dict())
    groups = names["parameter_groups"](made, learning_rate=0.1, weight_decay=0.01)
    found = {(group["lr"], group["weight_decay"]): len(group["params"]) for group in groups}
    assert found == {(0.05, 0.01): 4, (0.1, 0.0): 2}
    torch.optim.SGD(groups)


def test_an_instance_may_override_how_its_layers_learn() -> None:
    block = BlockDefinition(
        name="Inner",
        nodes={
            "i": node("BlockInput", "x"),
            "l": node("Linear", "fc", out_features=6),
            "o": node("BlockOutput", "y"),
        },
        edges=edges("i>l", "l>o"),
        inputs=["i"],
        outputs=["o"],
        exposed={"start": ExposedParam(node="l", param="weight_init")},
    )
    document = network(
        {
            "d": node("FeatureInput", "data", num_features=6),
            "a": node("Block", "one", block="inner"),
            "b": node("Block", "two", block="inner", overrides={"start": "zeros"}),
            "o": node("Output", "out"),
        },
        "d>a.x", "a.y>b.x", "b.y>o", blocks={"inner": block},
    )  # fmt: skip
    assert not told(document)
    net = build_module(document)
    assert net.get_parameter("one.fc.weight").any()
    assert not net.get_parameter("two.fc.weight").any()
    assert_same_network(document)


@pytest.mark.parametrize(
    ("layer", "params", "severity", "words"),
    [
        ("ReLU", {"weight_init": "zeros"}, "warning", "layer has nothing to learn"),
        ("Linear", {"weight_init_value": 2.0}, "warning", "takes no value"),
        ("Linear", {"bias": False, "bias_init": "ones"}, "warning", "layer has no biases"),
        ("Linear", {"learning_rate_factor": 0, "l2_factor": 2}, "warning", "are not trained"),
        ("LayerNorm", {"weight_init": "orthogonal"}, "error", "cannot start as orthogonal"),
        ("Linear", {"learning_rate_factor": -1}, "error", "Learning rate factor must be"),
        ("Linear", {"l2_factor": 1e300}, "error", "L2 factor must be"),
        ("Linear", {"weight_init": "glorot"}, "error", "Weights start must be one of"),
    ],
)
def test_what_cannot_be_or_changes_nothing_is_told(layer, params, severity, words) -> None:
    (found,) = told(features(node(layer, "layer", **params)))
    assert found.severity == severity
    assert words in found.message
    assert found.fixes or severity == "error"


def test_the_form_offers_it_for_every_layer_that_has_weights() -> None:
    described = {found.type: found for found in describe_layers()}
    for layer in all_layers():
        assert not LEARNING_NAMES & set(layer.Params.model_fields), layer.type_name
        if layer.role != "layer":
            continue
        found = []
        for case in CASES[layer.type_name]:
            params = layer.Params.model_validate(case.params)
            inference = layer.infer(params, case.inputs(layer, params))
            assert isinstance(inference, Inference)
            found.append(bool(inference.parameters))
        if any(found):
            assert layer.takes_learning, f"{layer.type_name} needs has_weights = True"
        names = {param.name for param in described[layer.type_name].params if param.section}
        assert names == (set(LearningParams.model_fields) if layer.takes_learning else set())
