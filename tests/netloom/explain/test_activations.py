"""What each layer gives, against hooks made by hand.

B batch, C channels, H height, W width, T time, F features.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from netloom.analyze import analyze
from netloom.compile import build_module, state_weights
from netloom.compile.fitting import fit_weights
from netloom.explain import Cancelled
from netloom.explain.activation_results import ActivationOptions, PreviewError
from netloom.explain.activations import activations
from netloom.explain.preview_inputs import preview_inputs
from netloom.graph.document import Document
from netloom.serve.preview import Previewer
from netloom.serve.requests import Preview, PreviewRequest
from netloom.templates import make_template, templates
from tests.netloom.compile.networks import (
    chain,
    image,
    network,
    node,
    residual_block,
    wide,
)


def _small_cnn() -> Document:
    return make_template("small_cnn", channels=1, height=8, width=8, num_classes=10)


@pytest.mark.parametrize("template", [each.id for each in templates()])
def test_every_node_is_seen_and_the_numbers_are_those_of_a_hook(template: str) -> None:
    document = make_template(template, channels=3, height=32, width=32, num_classes=10)
    net = build_module(document)
    inputs = preview_inputs(document, None)
    given: dict[str, torch.Tensor | tuple[torch.Tensor, ...]] = {}
    for name, path in net.netloom_nodes.items():
        module = net.get_submodule(name)
        module.register_forward_hook(
            lambda _module, _inputs, output, path=path: given.setdefault(path, output)
        )
    seen = activations(net, inputs.tensors)
    assert set(seen) == set(analyze(document).nodes)
    assert net.training
    assert len(given) > 2
    for path, first in given.items():
        tensor = first[0] if isinstance(first, tuple) else first
        output = seen[path].outputs[0]
        assert output.shape == list(tensor.shape)
        assert output.minimum == pytest.approx(float(tensor.min()), rel=1e-4, abs=1e-6)
        assert output.maximum == pytest.approx(float(tensor.max()), rel=1e-4, abs=1e-6)
        assert output.mean == pytest.approx(float(tensor.mean()), rel=1e-4, abs=1e-6)
        assert output.std == pytest.approx(float(tensor.std(correction=0)), rel=1e-4, abs=1e-6)
        assert output.zero_share == pytest.approx(float((tensor == 0).float().mean()))
        assert sum(output.histogram) == tensor.numel()


def test_the_same_sample_gives_the_same_answer() -> None:
    document = _small_cnn()
    first, second = (
        activations(build_module(document, seed=3), preview_inputs(document, None, seed=3).tensors)
        for _ in range(2)
    )
    assert first == second


def test_inside_repeats_the_first_is_seen_and_the_instance_gives_the_last() -> None:
    document = network(
        {
            "in": image(4, 8),
            "r": node("Block", "stage", block="res", overrides=wide(4), repeat=3),
            "out": node("Output", "out"),
        },
        "in>r.x", "r.y>out",
        blocks={"res": residual_block()},
    )  # fmt: skip
    net = build_module(document)
    given: dict[str, torch.Tensor] = {}
    for name in ("stage.0", "stage.2"):
        net.get_submodule(name).register_forward_hook(
            lambda _module, _inputs, output, name=name: given.setdefault(name, output)
        )
    seen = activations(net, preview_inputs(document, None).tensors)
    assert set(analyze(document).nodes) == set(seen)
    inside = next(
        path
        for path, each in document.graph.blocks["res"].nodes.items()
        if each.type == "BlockOutput"
    )
    assert seen["r"].outputs[0].mean == pytest.approx(float(given["stage.2"].mean()), rel=1e-4)
    assert seen[f"r/{inside}"].outputs[0].mean == pytest.approx(
        float(given["stage.0"].mean()), rel=1e-4
    )


def test_a_picture_shows_each_channel_over_its_own_range() -> None:
    document = chain(image(2, 8), node("Output", "out"))
    ramp_HW = torch.arange(64.0).reshape(8, 8)
    sample_BCHW = torch.stack([ramp_HW, -100 * ramp_HW])[None]
    picture = activations(build_module(document), [sample_BCHW])["n1"].outputs[0].picture
    assert picture is not None
    assert picture.kind == "maps"
    assert (picture.num_shown, picture.num_all) == (2, 2)
    pixels = _pixels(picture.url)
    assert pixels.shape == (8, 17, 4)
    assert tuple(pixels[0, 0, :3]) == (68, 1, 84)
    assert tuple(pixels[7, 7, :3]) == (253, 231, 37)
    assert tuple(pixels[0, 9, :3]) == (253, 231, 37)
    assert pixels[0, 8, 3] == 0


def test_close_up_pages_through_the_channels_of_one_node() -> None:
    document = chain(image(1, 8), node("Conv2d", "conv", out_channels=20), node("Output", "out"))
    options = ActivationOptions(first=16, num_maps=16, num_columns=4, tile_px=96)
    inputs = preview_inputs(document, None)
    seen = activations(build_module(document), inputs.tensors, options, only="n1")
    assert set(seen) == {"n1"}
    picture = seen["n1"].outputs[0].picture
    assert picture is not None
    assert (picture.first, picture.num_shown, picture.num_all) == (16, 4, 20)


def test_tokens_and_open_lengths_get_a_made_up_sample() -> None:
    document = chain(
        node("TokenInput", "words", vocabulary=50),
        node("Embedding", "embedding", num_features=6),
        node("Output", "out"),
    )
    inputs = preview_inputs(document, None)
    assert inputs.notes == ["words receives random tokens of 32 steps."]
    assert int(inputs.tensors[0].max()) < 50
    seen = activations(build_module(document), inputs.tensors)
    picture = seen["n1"].outputs[0].picture
    assert seen["n1"].outputs[0].shape == [1, 32, 6]
    assert picture is not None
    assert picture.kind == "matrix"
    # Time runs to the right.
    assert _pixels(picture.url).shape[:2] == (6, 32)


def test_several_inputs_go_in_by_their_names() -> None:
    document = network(
        {
            "s": node("SequenceInput", "steps", num_features=5, length=3),
            "t": node("FeatureInput", "table", num_features=4),
            "f": node("Flatten", "flatten"),
            "k": node("Concatenate", "joined"),
            "o": node("Output", "both"),
            "p": node("Output", "again"),
        },
        "s>f", "f>k.input_1", "t>k.input_2", "k>o", "t>p",
    )  # fmt: skip
    inputs = preview_inputs(document, None)
    seen = activations(build_module(document), inputs.tensors)
    assert seen["s"].outputs[0].shape == [1, 3, 5]
    assert seen["o"].outputs[0].shape == [1, 19]
    assert seen["p"].outputs[0] == seen["t"].outputs[0]


@pytest.mark.parametrize(
    ("layer", "values", "says"),
    [
        ("LeakyReLU", [[[1.0, float("nan")]]], "50 % of the values are not a number."),
        ("LeakyReLU", [[[1.0, float("inf")]]], "50 % of the values are infinite."),
        ("ReLU", [[[-1.0, -2.0]]], "Every value is zero."),
        ("ReLU", [[[-1.0], [1.0]]], "1 of 2 channels are zero everywhere for this sample."),
        ("Tanh", [[[9.0, -9.0, 0.1]]], "67 % of the values are saturated"),
        ("LeakyReLU", [[[1e6, 0.0]]], "Values reach 1e+06"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(layer: str, values: Any, says: str) -> None:
    sample_BCT = torch.tensor(values)
    document = chain(
        node("SignalInput", "signal", channels=sample_BCT.shape[1]),
        node(layer, "layer"),
        node("Output", "out"),
    )
    notes = activations(build_module(document), [sample_BCT])["n1"].notes
    assert any(note.startswith(says) for note in notes), notes


def test_a_cancel_ends_it_before_the_next_layer() -> None:
    document = _small_cnn()
    net = build_module(document)
    done: list[int] = []
    with pytest.raises(Cancelled):
        activations(
            net,
            preview_inputs(document, None).tensors,
            should_cancel=lambda: len(done) >= 3,
            progress=done.append,
        )
    assert done == [1, 2, 3]
    assert not any(module._forward_hooks for module in net.modules())  # pyright: ignore[reportPrivateUsage]


def test_a_sample_that_does_not_pass_names_the_layer() -> None:
    document = chain(image(1, 8), node("Conv2d", "conv"), node("Output", "out"))
    with pytest.raises(PreviewError, match="at conv"):
        activations(build_module(document), [torch.zeros(1, 2, 8, 8)])


def test_weights_fit_by_id_and_by_name_as_far_as_they_go() -> None:
    trained = _small_cnn()
    weights = {key: torch.full_like(each, 2) for key, each in
               state_weights(build_module(trained)).items()}  # fmt: skip
    drawn_anew = make_template("small_cnn", channels=1, height=8, width=8, num_classes=7)
    net = build_module(drawn_anew)
    fit = fit_weights(net, weights, trained)
    assert fit.kept == ("classifier",)
    assert fit.num_fitted == fit.num_tensors - 2
    conv = next(name for name in net.netloom_nodes if name.startswith("conv"))
    assert bool((net.get_submodule(conv).get_parameter("weight") == 2).all())


class _Listener:
    def progress(
        self, fraction: float | None, message: str = "", data: dict[str, Any] | None = None
    ) -> None: ...

    def is_cancelled(self) -> bool:
        return False


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., Preview]:
    previewer = Previewer()

    def ask(document: Document, **fields: Any) -> Preview:
        path = tmp_path / "network.json"
        path.write_text(document.model_dump_json(by_alias=True))
        asked = {"image": None, "trained": None, **fields}
        request = PreviewRequest(document=path, output=tmp_path / "answer.json", **asked)
        previewer.preview(request, _Listener())
        return Preview.model_validate(json.loads(request.output.read_bytes()))

    return ask


def test_an_image_is_shown_as_it_looks_and_classes_by_name(
    ask: Callable[..., Preview], tmp_path: Path
) -> None:
    Image.new("RGB", (20, 20), (255, 0, 0)).save(tmp_path / "red.png")
    document = make_template("small_cnn", channels=3, height=8, width=8, num_classes=3)
    shown = ask(document, image=tmp_path / "red.png", classes=["cat", "dog", "owl"])
    assert shown.notes == []
    by_type = {each.type: shown.nodes[node_id] for node_id, each in document.graph.nodes.items()}
    picture = by_type["ImageInput"].outputs[0].picture
    assert picture is not None
    assert picture.kind == "image"
    assert tuple(_pixels(picture.url)[0, 0, :3]) == (255, 0, 0)
    scores = by_type["Output"].outputs[0].picture
    assert scores is not None
    assert scores.names == ["cat", "dog", "owl"]
    assert scores.values is not None
    best = ["cat", "dog", "owl"][int(np.argmax(scores.values))]  # type: ignore[arg-type]
    assert by_type["Output"].notes[0].startswith(f"Highest: {best}, ")


def test_without_an_image_the_answer_says_that_it_is_made_up(ask: Callable[..., Preview]) -> None:
    assert ask(_small_cnn()).notes == ["image receives random numbers."]


def _pixels(url: str | None) -> np.ndarray[Any, Any]:
    assert url is not None
    data = base64.b64decode(url.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))
