"""The estimate of training memory against what torch says it holds.

Estimate over measured, when this was written: small CNN 1.000, ResNet-18 0.995, transformer 0.953.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from bench.networks import RESNET_18, resnet, small_cnn
from netloom.analyze import analyze, training_memory
from netloom.compile import build_module
from netloom.graph.document import Document
from tests.netloom.graph.build import block, chain, document, edge, instance, node

BATCH = 4


def transformer() -> Document:
    """Tokens through an embedding and three encoder layers that are repeats of a block."""
    layer = node("TransformerEncoderLayer", "encoder", num_heads=4, hidden_features=256)
    return document(
        {
            "tokens": node("TokenInput", "tokens", vocabulary=500, length=64),
            "embedding": node("Embedding", "embedding", num_features=128),
            "layers": instance("b", "layers", repeat=3),
            "mean": node("Mean", "mean"),
            "linear": node("Linear", "linear", out_features=10),
            "out": node("Output", "output"),
        },
        {
            "a": edge("tokens", "embedding"),
            "b": edge("embedding", "layers"),
            "c": edge("layers", "mean"),
            "d": edge("mean", "linear"),
            "e": edge("linear", "out"),
        },
        {"b": block("B", "p", layer)},
    )


def held_bytes(module: nn.Module, arriving: Tensor) -> int:
    """Bytes of the different tensors that a forward pass in training holds, without weights."""
    weights = {value.untyped_storage().data_ptr() for value in module.parameters()}
    weights |= {value.untyped_storage().data_ptr() for value in module.buffers()}
    held: dict[int, int] = {arriving.untyped_storage().data_ptr(): 0}
    alive: list[Tensor] = []

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights | held.keys():
            held[storage.data_ptr()] = storage.nbytes()
            alive.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = module(arriving)
    assert isinstance(output, Tensor)
    return sum(held.values())


@pytest.mark.parametrize(
    ("made", "arriving", "ratio"),
    [
        pytest.param(small_cnn(), torch.rand(BATCH, 1, 28, 28), (0.99, 1.01), id="small CNN"),
        pytest.param(
            resnet(RESNET_18, size_px=64), torch.rand(BATCH, 3, 64, 64), (0.99, 1.01), id="ResNet"
        ),
        pytest.param(transformer(), torch.randint(500, (BATCH, 64)), (0.9, 1.1), id="attention"),
    ],
)  # fmt: skip
def test_what_is_held_for_the_backward_pass(
    made: Document, arriving: Tensor, ratio: tuple[float, float]
) -> None:
    analysis = analyze(made)
    assert analysis.is_trainable, analysis.diagnostics
    measured = held_bytes(build_module(made).train(), arriving)
    claimed = training_memory(analysis.totals, BATCH).activation_bytes
    assert ratio[0] <= claimed / measured <= ratio[1]


@pytest.mark.parametrize(("optimizer", "states"), [("sgd", 0), ("momentum", 1), ("adam", 2)])
def test_optimizers_remember_what_torch_remembers(optimizer: str, states: int) -> None:
    made = small_cnn()
    module = build_module(made)
    kinds = {
        "sgd": torch.optim.SGD(module.parameters(), lr=0.1),
        "momentum": torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9),
        "adam": torch.optim.Adam(module.parameters()),
    }
    made_optimizer = kinds[optimizer]
    output = module(torch.rand(2, 1, 28, 28))
    assert isinstance(output, Tensor)
    output.sum().backward()
    made_optimizer.step()
    remembered = sum(
        value.nbytes
        for state in made_optimizer.state.values()
        for value in state.values()
        if isinstance(value, Tensor) and value.dim() > 0
    )
    memory = training_memory(analyze(made).totals, 2, optimizer=optimizer)  # type: ignore[arg-type]
    assert memory.optimizer_bytes == remembered == states * memory.gradient_bytes


def test_precision_and_batch() -> None:
    analysis = analyze(resnet(RESNET_18, size_px=64))
    one, many = training_memory(analysis.totals, 1), training_memory(analysis.totals, 32)
    totals = analysis.totals
    assert many.total_bytes == totals.training_fixed_bytes + 32 * totals.training_sample_bytes
    assert many.activation_bytes == 32 * one.activation_bytes
    assert many.weight_bytes == one.weight_bytes == 4 * analysis.totals.parameters
    half = training_memory(analysis.totals, 32, precision="bfloat16")
    assert half.activation_bytes * 2 == many.activation_bytes
    assert half.total_bytes < many.total_bytes
    with pytest.raises(ValueError, match="at least one sample"):
        training_memory(analysis.totals, 0)


def test_frozen_layers_need_no_gradients() -> None:
    image = node("ImageInput", "image", channels=3, height=16, width=16)
    frozen = node("Conv2d", "conv", out_channels=4).model_copy(update={"is_frozen": True})
    memory = training_memory(analyze(chain(image, frozen, node("Output", "output"))).totals, 1)
    assert memory.weight_bytes > 0
    assert memory.gradient_bytes == memory.optimizer_bytes == 0
