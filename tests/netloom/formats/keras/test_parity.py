"""What Keras computes, the imported network computes: for each way of saving it.

Legend: B batch, C channels; Keras has channels last.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from netloom.compile import build_module, load_weights
from netloom.compile.plan import plan_network
from netloom.formats.imported import ImportedNetwork
from netloom.formats.read import read_network
from netloom.formats.weight_report import with_weight_report
from tests.netloom.formats.keras.models import MODELS

TOLERANCE = 1e-5


# The older format differs in where weights are, not in what is drawn.
SAVED = [
    *((name, ".keras") for name in sorted(MODELS)),
    *(
        (name, ".h5")
        for name in (
            "attention",
            "both_ways",
            "gru_resets_before",
            "inner_models",
            "normalisations",
            "separable",
        )
    ),
]


@pytest.mark.parametrize(("name", "ending"), SAVED)
def test_the_numbers_are_those_of_keras(keras: Any, tmp_path: Path, name: str, ending: str) -> None:
    keras.utils.set_random_seed(3)
    model = MODELS[name](keras, keras.layers)
    randomise(model)
    inputs = [sample(each, seed) for seed, each in enumerate(model.inputs)]
    path = tmp_path / f"model{ending}"
    model.save(path)
    imported = with_weight_report(read_network(path))
    assert not imported.report.unused_weights
    assert not imported.report.missing_weights
    theirs = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    theirs = theirs if isinstance(theirs, list | tuple) else [theirs]
    ours = compute(imported, inputs)
    for left, right in zip(theirs, ours, strict=True):
        expected = channels_first(keras.ops.convert_to_numpy(left))
        if right.shape != expected.shape and expected.ndim == 3:
            expected = np.moveaxis(expected, -1, 1)  # (B, T, C) of Keras is (B, C, T) here
        assert right.shape == torch.Size(expected.shape)
        scale = max(1.0, float(np.abs(expected).max()))
        assert np.abs(right.numpy() - expected).max() < TOLERANCE * scale


def test_a_layer_that_is_used_again_has_its_weights_once(keras: Any, tmp_path: Path) -> None:
    MODELS["shared_layer"](keras, keras.layers).save(tmp_path / "model.keras")
    imported = read_network(tmp_path / "model.keras")
    nodes = imported.document.graph.nodes
    linear = {key: node.weights_of for key, node in nodes.items() if node.type == "Linear"}
    [owner] = [key for key, used in linear.items() if not used]
    assert len(linear) == 3
    assert {*linear.values()} == {"", owner}
    assert imported.weights.keys() == {f"{owner}:weight", f"{owner}:bias"}


def test_an_inner_model_is_a_block(keras: Any, tmp_path: Path) -> None:
    MODELS["inner_models"](keras, keras.layers).save(tmp_path / "model.keras")
    imported = read_network(tmp_path / "model.keras")
    graph = imported.document.graph
    assert [node.name for node in graph.nodes.values() if node.type == "Block"] == [
        "small",
        "inner",
    ]
    inner = {key for block in graph.blocks.values() for key in block.nodes}
    rows = [each for each in imported.report.pieces if each.source.startswith("Conv2D")]
    assert len(rows) == 2
    assert all(key in inner for row in rows for key in row.nodes)


def randomise(model: Any) -> None:
    """Give every weight a value that matters: biases and statistics begin as zeros and ones."""
    draw = np.random.default_rng(5)
    for weight in model.weights:
        if "seed" in weight.path:
            continue
        values = draw.normal(0, 0.4, weight.shape)
        is_variance = "variance" in weight.path
        weight.assign(np.abs(values) + 0.3 if is_variance else values)


def sample(given: Any, seed: int) -> np.ndarray[Any, Any]:
    draw = np.random.default_rng(seed)
    shape = (2, *given.shape[1:])
    if "int" in str(given.dtype):
        tokens = draw.integers(0, 20, shape).astype("int32")
        tokens[0, :3] = tokens[1, -3:] = 0  # padding before one sequence and behind another
        return tokens
    return draw.normal(0, 1, shape).astype("float32")


def compute(imported: ImportedNetwork, inputs: list[np.ndarray[Any, Any]]) -> list[torch.Tensor]:
    """Run the network on what Keras was given, with the normalisation of its image inputs."""
    network = build_module(imported.document)
    report = load_weights(network, imported.weights)
    assert not report.mismatched
    network.eval()
    nodes = imported.document.graph.nodes
    drawn = [nodes[port.value.node_id] for port in plan_network(imported.document).inputs]
    tensors = [
        torch.from_numpy(
            prepared(array, node.params)
            if node.type == "ImageInput"
            else array_of(array, node.type)
        )
        for array, node in zip(inputs, drawn, strict=True)
    ]
    with torch.no_grad():
        given = network(*tensors)
    return list(given) if isinstance(given, tuple | list) else [given]


def array_of(array: np.ndarray[Any, Any], kind: str) -> np.ndarray[Any, Any]:
    if kind == "TokenInput":
        return array.astype("int64")
    if kind == "SignalInput":
        return np.ascontiguousarray(np.moveaxis(array, -1, 1))
    return channels_first(array)


def prepared(image_BHWC: np.ndarray[Any, Any], params: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Take raw pixels, as where the file scales them, through the input's normalisation."""
    image_BCHW = channels_first(image_BHWC)
    mean, std = np.array(params["mean"]), np.array(params["std"])
    if (mean == 0).all() and (std == 1).all():
        return image_BCHW
    return (((image_BCHW / 255) - mean[:, None, None]) / std[:, None, None]).astype("float32")


def channels_first(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Move channels of images and volumes; sequences stay (B, T, F)."""
    return np.ascontiguousarray(np.moveaxis(array, -1, 1)) if array.ndim > 3 else array
