"""Padding masks: what torch's own layers give with one, and what is behind a mask never matters.

B batch, T time, S time of the memory, F features.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from netloom.analyze import analyze
from netloom.compile import build_module, generate_source
from netloom.graph.document import Document, ParamValue
from netloom.layers import get_layer
from netloom.layers.base import Inference, Inputs, InsertBefore, ShapeProblem
from netloom.layers.expect import infer_layer
from netloom.layers.parse import parse_params
from netloom.layers.shapes import mask_shape, sequence_shape
from netloom.layers.sizes import symbol
from netloom.readback import read_source
from tests.netloom.compile.networks import network, node

FEATURES, HEADS = 8, 2
SEQUENCE = sequence_shape(FEATURES)
PADDING = mask_shape(symbol("T"))
MEMORY = sequence_shape(6, symbol_name="S")
MEMORY_PADDING = mask_shape(symbol("S"))


def made(type_name: str, inputs: Inputs, **raw: ParamValue) -> nn.Module:
    """A layer for these shapes, in evaluation mode."""
    layer = get_layer(type_name)
    assert layer is not None
    params = parse_params(layer, raw).params
    assert params is not None
    found = infer_layer(layer, params, inputs)
    assert isinstance(found, Inference), found
    torch.manual_seed(0)
    return layer.make_module(params, inputs).eval()


def padded(num_samples: int, length: int) -> Tensor:
    """Samples that are padded more and more at their end, the first one not at all."""
    return torch.arange(length) >= length - torch.arange(num_samples)[:, None]


@pytest.fixture
def tensors() -> dict[str, Tensor]:
    torch.manual_seed(1)
    return {
        "sequence": torch.randn(4, 7, FEATURES),
        "padding": padded(4, 7),
        "memory": torch.randn(4, 5, 6),
        "memory_padding": padded(4, 5),
    }


@pytest.mark.parametrize("is_causal", [False, True])
def test_self_attention_is_that_of_torch(tensors: dict[str, Tensor], is_causal: bool) -> None:
    layer = made(
        "SelfAttention", {"input": SEQUENCE, "padding_mask": PADDING}, num_heads=HEADS,
        is_causal=is_causal, takes_padding_mask=True,
    )  # fmt: skip
    reference = nn.MultiheadAttention(FEATURES, HEADS, batch_first=True).eval()
    reference.load_state_dict(layer.state_dict())
    given, padding = tensors["sequence"], tensors["padding"]
    later = torch.ones(7, 7, dtype=torch.bool).triu(1) if is_causal else None
    expected, _ = reference(given, given, given, key_padding_mask=padding, attn_mask=later)
    torch.testing.assert_close(layer(given, padding), expected)


def test_cross_attention_is_that_of_torch(tensors: dict[str, Tensor]) -> None:
    layer = made(
        "CrossAttention",
        {"query": SEQUENCE, "memory": MEMORY, "memory_mask": MEMORY_PADDING},
        num_heads=HEADS, takes_memory_mask=True,
    )  # fmt: skip
    reference = nn.MultiheadAttention(FEATURES, HEADS, kdim=6, vdim=6, batch_first=True).eval()
    reference.load_state_dict(layer.state_dict())
    given, memory, padding = (tensors[name] for name in ("sequence", "memory", "memory_padding"))
    expected, _ = reference(given, memory, memory, key_padding_mask=padding)
    torch.testing.assert_close(layer(given, memory, padding), expected)


@pytest.mark.parametrize("norm_first", [False, True])
def test_an_encoder_layer_is_that_of_torch(tensors: dict[str, Tensor], norm_first: bool) -> None:
    layer = made(
        "TransformerEncoderLayer", {"input": SEQUENCE, "padding_mask": PADDING}, num_heads=HEADS,
        hidden_features=16, norm_first=norm_first, takes_padding_mask=True,
    )  # fmt: skip
    reference = nn.TransformerEncoderLayer(
        FEATURES, HEADS, 16, dropout=0.0, batch_first=True, norm_first=norm_first
    )
    reference.load_state_dict(layer.state_dict())
    given, padding = tensors["sequence"], tensors["padding"]
    # In training mode, as torch's shortcut for evaluation writes zeros at the padding.
    expected = reference.train()(given, src_key_padding_mask=padding)
    torch.testing.assert_close(layer(given, padding), expected)


@pytest.mark.parametrize("masks", [("padding",), ("memory",), ("padding", "memory")])
@pytest.mark.parametrize("norm_first", [False, True])
def test_a_decoder_layer_is_that_of_torch(
    tensors: dict[str, Tensor], masks: tuple[str, ...], norm_first: bool
) -> None:
    memory_BSF = torch.randn(4, 5, FEATURES)
    shapes = {"input": SEQUENCE, "memory": sequence_shape(FEATURES, symbol_name="S")}
    shapes |= {"padding_mask": PADDING} if "padding" in masks else {}
    shapes |= {"memory_mask": MEMORY_PADDING} if "memory" in masks else {}
    layer = made(
        "TransformerDecoderLayer", shapes, num_heads=HEADS, hidden_features=16,
        norm_first=norm_first, **{f"takes_{name}_mask": name in masks for name in ("padding",)},
        takes_memory_mask="memory" in masks,
    )  # fmt: skip
    reference = nn.TransformerDecoderLayer(
        FEATURES, HEADS, 16, batch_first=True, norm_first=norm_first
    ).eval()
    reference.load_state_dict(layer.state_dict())
    padding = tensors["padding"] if "padding" in masks else None
    memory_padding = tensors["memory_padding"] if "memory" in masks else None
    expected = reference(
        tensors["sequence"],
        memory_BSF,
        tgt_mask=torch.ones(7, 7, dtype=torch.bool).triu(1),
        tgt_key_padding_mask=padding,
        memory_key_padding_mask=memory_padding,
    )
    given = [mask for mask in (padding, memory_padding) if mask is not None]
    torch.testing.assert_close(layer(tensors["sequence"], memory_BSF, *given), expected)


CLASSIFIER = {
    "TransformerEncoderLayer": {"num_heads": 2, "hidden_features": 12},
    "SelfAttention": {"num_heads": 2, "is_rotary": True},
}


@pytest.mark.parametrize("type_name", CLASSIFIER)
def test_what_stands_at_the_padding_never_matters(type_name: str) -> None:
    """Tokens, mask, class token, attention, pooling and last step in one network."""
    document = network(
        {
            "t": node("TokenInput", "tokens", vocabulary=9),
            "e": node("Embedding", "embedding", num_features=FEATURES, padding_index=0),
            "m": node("PaddingMask", "padding"),
            "c": node("ClassToken", "class_token", takes_padding_mask=True),
            "a": node(type_name, "layer", takes_padding_mask=True, **CLASSIFIER[type_name]),
            "p": node("MaskedPool", "pool"),
            "x": node("MaskedPool", "most", mode="max"),
            "l": node("TakeStep", "last", takes_padding_mask=True),
            **{f"o{index}": node("Output", f"out{index}") for index in range(3)},
        },
        "t>e", "t>m", "e>c", "m>c.padding_mask", "c>a", "c.padding_mask>a.padding_mask",
        "a>p", "c.padding_mask>p.padding_mask", "a>x", "c.padding_mask>x.padding_mask",
        "a>l", "c.padding_mask>l.padding_mask", "p>o0", "x>o1", "l>o2",
    )  # fmt: skip
    analysis = analyze(document)
    assert not [each for each in analysis.diagnostics if each.severity == "error"]
    module = build_module(document).eval()
    short = torch.tensor([[3, 1, 4, 1, 5]])
    longer = torch.tensor([[3, 1, 4, 1, 5, 0, 0, 0]])
    for once, again in zip(module(short), module(longer), strict=True):
        torch.testing.assert_close(once, again)
    assert not torch.equal(module(short)[0], module(torch.tensor([[3, 1, 4, 1, 6]]))[0])


def test_a_sequence_of_padding_alone_gives_numbers_and_gradients() -> None:
    layer = made(
        "TransformerEncoderLayer", {"input": SEQUENCE, "padding_mask": PADDING}, num_heads=HEADS,
        takes_padding_mask=True, is_causal=True,
    )  # fmt: skip
    sequence_BTF = torch.randn(2, 5, FEATURES, requires_grad=True)
    padding_BT = torch.tensor([[True] * 5, [True, True, False, False, True]])
    output_BTF = layer.train()(sequence_BTF, padding_BT)
    output_BTF.square().sum().backward()
    assert torch.isfinite(output_BTF).all()
    assert sequence_BTF.grad is not None
    assert torch.isfinite(sequence_BTF.grad).all()
    assert all(each.grad is not None and torch.isfinite(each.grad).all()
               for each in layer.parameters())  # fmt: skip


READERS: list[tuple[str, dict[str, ParamValue]]] = [
    ("LSTM", {}), ("GRU", {}), ("GRU", {"reset_after": False}), ("RNN", {})
]  # fmt: skip


@pytest.mark.parametrize(("type_name", "more"), READERS)
@pytest.mark.parametrize("output", ["sequence", "last"])
@pytest.mark.parametrize("where", ["behind", "before", "between"])
def test_a_recurrent_layer_reads_each_sequence_as_if_it_were_alone(
    type_name: str,
    more: dict[str, ParamValue],
    output: str,
    where: str,
    tensors: dict[str, Tensor],
) -> None:
    raw: dict[str, ParamValue] = {
        "hidden_size": 3, "num_layers": 2, "bidirectional": True, "gives_state": True,
        "output": output, **more,
    }  # fmt: skip
    alone = made(type_name, {"input": SEQUENCE}, **raw)
    both = {"input": SEQUENCE, "padding_mask": PADDING}
    masked = made(type_name, both, takes_padding_mask=True, **raw)
    masked.load_state_dict(alone.state_dict())
    given, padding = tensors["sequence"], tensors["padding"]
    if where == "before":
        padding = padding.flip(1)
    elif where == "between":
        padding = padding.roll(-1, 1)
    results = masked(given, padding)
    for sample in range(len(given)):
        real = ~padding[sample]
        expected = alone(given[sample : sample + 1, real])
        for result, one in zip(results, expected, strict=True):
            found = result[sample : sample + 1]
            if found.dim() == 3:
                assert found[:, ~real].eq(0).all()
                found = found[:, real]
            torch.testing.assert_close(found, one)


def test_pooling_and_steps_count_what_is_no_padding() -> None:
    sequence_BTF = torch.arange(24.0).view(2, 4, 3)
    padding_BT = torch.tensor([[True, False, False, True], [True] * 4])
    shapes = {"input": sequence_shape(3), "padding_mask": PADDING}
    mean = made("MaskedPool", shapes)(sequence_BTF, padding_BT)
    most = made("MaskedPool", shapes, mode="max")(sequence_BTF - 100, padding_BT)
    assert mean.tolist() == [[4.5, 5.5, 6.5], [0, 0, 0]]
    assert most.tolist() == [[-94, -93, -92], [0, 0, 0]]
    for step, expected in ((0, 1), (1, 2), (-1, 2), (-2, 1), (7, 2), (-7, 1)):
        layer = made("TakeStep", shapes, step=step, takes_padding_mask=True)
        assert layer(sequence_BTF, padding_BT)[0].equal(sequence_BTF[0, expected])


def test_a_padding_row_stays_zero_and_a_mask_knows_it() -> None:
    document = network(
        {
            "t": node("TokenInput", "tokens", vocabulary=9),
            "e": node("Embedding", "embedding", padding_index=3),
            "m": node("PaddingMask", "padding", padding_index=3),
            "o": node("Output", "out"), "p": node("Output", "mask"),
        },
        "t>e", "t>m", "e>o", "m>p",
    )  # fmt: skip
    module = build_module(document)
    mask, vectors = module(torch.tensor([[3, 2, 3]]))
    assert mask.tolist() == [[True, False, True]]
    vectors.sum().backward()
    weight = module.get_submodule("embedding").get_parameter("weight")
    assert weight[3].eq(0).all()
    assert weight.grad is not None
    assert weight.grad[3].eq(0).all()
    assert weight.grad[2].eq(1).all()
    assert "nn.Embedding(9, 128, padding_idx=3)" in generate_source(document)


def problem(type_name: str, inputs: Inputs, **raw: ParamValue) -> ShapeProblem:
    layer = get_layer(type_name)
    assert layer is not None
    params = parse_params(layer, raw).params
    assert params is not None
    found = infer_layer(layer, params, inputs)
    assert isinstance(found, ShapeProblem)
    return found


def test_what_is_no_mask_is_refused_and_a_mask_is_no_number() -> None:
    tokens = parse_tokens()
    masked = {"input": SEQUENCE, "padding_mask": tokens}
    found = problem("SelfAttention", masked, takes_padding_mask=True)
    assert "it receives (B, T)" in found.message
    assert [each.type_name for each in found.suggestions if isinstance(each, InsertBefore)] == [
        "PaddingMask"
    ]
    found = problem("SelfAttention", {**masked, "padding_mask": SEQUENCE}, takes_padding_mask=True)
    assert (found.port, found.suggestions) == ("padding_mask", ())
    found = problem("ReLU", {"input": PADDING})
    assert "receives a padding mask, (B, mask T)" in found.message
    found = problem("MaskedPool", {"input": SEQUENCE, "padding_mask": mask_shape(5)})
    assert "The mask is for 5 positions but the sequence (B, T, F=8) has T" in found.message
    found = problem("PaddingMask", {"input": tokens}, padding_index=9)
    assert "the vocabulary has 9" in found.message
    found = problem("Embedding", {"input": tokens}, padding_index=12)
    assert found.param == "padding_index"


def parse_tokens():
    """What nine different tokens look like."""
    layer = get_layer("TokenInput")
    assert layer is not None
    params = parse_params(layer, {"vocabulary": 9}).params
    assert params is not None
    found = layer.infer(params, {})
    assert isinstance(found, Inference)
    return found.outputs["output"]


@pytest.mark.parametrize("type_name", ["SelfAttention", "TransformerEncoderLayer", "ClassToken"])
def test_without_a_mask_the_code_carries_no_word_of_it(type_name: str) -> None:
    document = network(
        {
            "s": node("SequenceInput", "steps", num_features=FEATURES),
            "a": node(type_name, "layer"),
            "o": node("Output", "out"),
        },
        "s>a", "a>o",
    )  # fmt: skip
    assert "mask" not in generate_source(document).lower()


def test_a_mask_that_is_written_by_hand_is_read() -> None:
    source = """
import torch
from torch import nn


class Net(nn.Module):
    \"\"\"A network.

    Inputs:
        tokens: TokenInput(vocabulary=9)
    \"\"\"

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(9, 8, padding_idx=2)

    def forward(self, tokens):
        return self.embedding(tokens), tokens == 2
"""
    reading = read_source(source, Document())
    assert reading.problems == ()
    params = {each.type: each.params for each in reading.document.graph.nodes.values()}
    assert params["PaddingMask"] == {"padding_index": 2}
    assert params["Embedding"] == {"num_features": 8, "padding_index": 2}
