"""Explanations where the answer is known, and what callers rely on."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from netloom.compile import Network, build_module
from netloom.explain import (
    Cancelled,
    ExplainError,
    ExplainOptions,
    Method,
    default_gradcam_layer,
    explain,
    gradcam_layers,
    predict,
)
from netloom.explain.lime import superpixels
from tests.netloom.compile.networks import chain, image, node, rich_network
from tests.netloom.explain.squares import (
    SIDE,
    SQUARE,
    square_document,
    square_image,
    square_network,
)

METHODS: tuple[Method, ...] = get_args(Method)
every_method = pytest.mark.parametrize("method", METHODS)


def _share_at_square(
    heatmap_HW: NDArray[np.float32], top: int, left: int, margin: int = 3
) -> float:
    """Share of the positive heat that lies on the square, give or take a margin."""
    heat_HW = heatmap_HW.clip(min=0)
    rows = slice(max(0, top - margin), top + SQUARE + margin)
    columns = slice(max(0, left - margin), left + SQUARE + margin)
    return float(heat_HW[rows, columns].sum() / heat_HW.sum())


@every_method
@pytest.mark.parametrize(("top", "left"), [(6, 20), (22, 4)])
def test_the_heat_is_at_the_square(method: Method, top: int, left: int) -> None:
    explanation = explain(square_network(), square_image(top, left), method, target_class=1)
    heatmap_HW = explanation.heatmap_HW
    assert heatmap_HW.shape == (SIDE, SIDE)
    assert heatmap_HW.dtype == np.float32
    row, column = np.unravel_index(heatmap_HW.argmax(), heatmap_HW.shape)
    assert top - 2 <= row < top + SQUARE + 2
    assert left - 2 <= column < left + SQUARE + 2
    covered = (SQUARE + 6) ** 2 / SIDE**2
    assert _share_at_square(heatmap_HW, top, left) > 5 * covered


@every_method
def test_another_class_gets_another_map(method: Method) -> None:
    with_class = explain(square_network(), square_image(), method, target_class=1)
    without = explain(square_network(), square_image(), method, target_class=0)
    assert np.abs(without.heatmap_HW).max() < 1e-5 < with_class.heatmap_HW.max()


@every_method
def test_the_map_is_about_the_logit_even_behind_a_softmax(method: Method) -> None:
    plain = explain(square_network(), square_image(), method, target_class=1)
    softmaxed = explain(
        square_network(ends_in_softmax=True), square_image(), method, target_class=1
    )
    assert np.array_equal(plain.heatmap_HW, softmaxed.heatmap_HW)
    assert plain.meta.logit == softmaxed.meta.logit


@every_method
def test_the_result_does_not_depend_on_the_rows_in_flight(method: Method) -> None:
    maps = [
        explain(
            square_network(), square_image(), method, target_class=1, seed=3,
            options=ExplainOptions(max_rows=rows),
        ).heatmap_HW
        for rows in (1, 7, 64)
    ]  # fmt: skip
    scale = np.abs(maps[0]).max()
    assert all(np.abs(other - maps[0]).max() <= 1e-4 * scale for other in maps[1:])


@every_method
def test_the_same_call_gives_the_same_map(method: Method) -> None:
    first = explain(square_network(), square_image(), method, target_class=1, seed=5)
    torch.manual_seed(99)
    second = explain(square_network(), square_image(), method, target_class=1, seed=5)
    assert np.array_equal(first.heatmap_HW, second.heatmap_HW)
    assert first.meta.model_copy(update={"seconds": 0}) == second.meta.model_copy(
        update={"seconds": 0}
    )


def test_the_seed_of_lime_counts() -> None:
    first, second = (
        explain(square_network(), square_image(), "lime", target_class=1, seed=seed)
        for seed in (1, 2)
    )
    assert not np.array_equal(first.heatmap_HW, second.heatmap_HW)


@every_method
def test_progress_rises_to_one_and_counts_the_rows(method: Method) -> None:
    shares: list[float] = []
    explanation = explain(
        square_network(), square_image(), method, progress=lambda share, _map: shares.append(share)
    )
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert explanation.meta.rows_forwarded >= len(shares) - 1
    assert explanation.meta.seconds > 0


def test_occlusion_reports_a_coarse_map_in_the_first_quarter() -> None:
    seen: list[tuple[float, NDArray[np.float32]]] = []

    def remember(share: float, heatmap_HW: NDArray[np.float32] | None) -> None:
        if heatmap_HW is not None:
            seen.append((share, heatmap_HW))

    explain(square_network(), square_image(), "occlusion", target_class=1, progress=remember)
    ((share, coarse_HW),) = seen
    assert share <= 0.35
    assert _share_at_square(coarse_HW, 6, 20, margin=6) > 0.5


@every_method
def test_cancelling_takes_effect_within_one_chunk(method: Method) -> None:
    num_asked, num_forwards = 0, 0
    network = square_network()

    def count(*_: object) -> None:
        nonlocal num_forwards
        num_forwards += 1

    handle = network.register_forward_hook(count)
    allowed = 0 if method == "gradcam" else 3

    def should_cancel() -> bool:
        nonlocal num_asked
        num_asked += 1
        return num_asked > allowed

    with pytest.raises(Cancelled):
        explain(network, square_image(), method, should_cancel=should_cancel)
    assert num_forwards == allowed
    handle.remove()
    _assert_untouched(network)


def _assert_untouched(network: Network) -> None:
    for module in network.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
        assert not module._backward_hooks
        assert not module._backward_pre_hooks
    assert all(parameter.grad is None for parameter in network.parameters())
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_fifty_explanations_leave_the_network_as_it_was() -> None:
    network = square_network(ends_in_softmax=True)
    network.train()
    network.get_submodule("relu").eval()
    options = ExplainOptions(window_share=0.5, stride_share=0.5, num_superpixels=2)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    for index in range(50):
        method = METHODS[index % len(METHODS)]
        explain(network, square_image(), method, target_class=1, options=options)
    _assert_untouched(network)
    assert network.training
    assert not network.get_submodule("relu").training
    assert all(torch.equal(before[name], now) for name, now in network.state_dict().items())


def test_gradcam_takes_any_layer_with_an_image_and_names_it() -> None:
    network = build_module(rich_network(), seed=1)
    layers = gradcam_layers(rich_network())
    assert ("c", "B × 4 × 16 × 16") in layers
    assert ("C/c2", "B × 6 × 8 × 8") in layers
    images = torch.randn(1, 1, 16, 16)
    for path, _shape in layers:
        explanation = explain(network, images, "gradcam", layer=path)
        assert explanation.heatmap_HW.shape == (16, 16)
        assert explanation.heatmap_HW.min() >= 0
        assert explanation.meta.layer == path


def test_gradcam_by_default_looks_before_the_pooling() -> None:
    assert default_gradcam_layer(square_document()) == "n2"
    assert default_gradcam_layer(rich_network()) == "C/r2"
    features = chain(
        node("FeatureInput", "f", num_features=4), node("Linear", "fc"), node("Output", "out")
    )
    assert default_gradcam_layer(features) is None


def test_gradcam_goes_on_to_another_layer_when_a_map_is_empty() -> None:
    """What only argues against a class leaves a map of zeros."""
    network = square_network()
    with torch.no_grad():
        network.get_parameter("classes.weight").copy_(torch.tensor([[-100.0], [100.0]]))
    empty = explain(network, square_image(), "gradcam", target_class=0, layer="n2")
    assert empty.heatmap_HW.max() == 0
    found = explain(network, square_image(), "gradcam", target_class=0)
    assert found.heatmap_HW.max() > 0
    assert found.meta.layer == "n1"


def test_gradcam_works_on_a_frozen_network() -> None:
    network = square_network()
    network.requires_grad_(False)
    assert explain(network, square_image(), "gradcam", target_class=1).heatmap_HW.max() > 0


def test_gradcam_agrees_with_its_definition() -> None:
    """ReLU(sum_c mean(dy/dA_c) A_c), computed here from a plain forward and backward pass."""
    network = build_module(rich_network(), seed=2).eval()
    images = torch.randn(1, 1, 16, 16)
    kept: list[torch.Tensor] = []
    handle = network.get_submodule("relu").register_forward_hook(
        lambda _module, _inputs, output: kept.append(output)
    )
    logit = network(images)[0, 4]
    handle.remove()
    (gradient,) = torch.autograd.grad(logit, kept[0])
    expected_HW = (gradient.mean(dim=(2, 3), keepdim=True) * kept[0]).sum(dim=1).relu()[0]
    found = explain(network, images, "gradcam", target_class=4, layer="r").heatmap_HW
    assert np.allclose(found, expected_HW.detach().numpy(), atol=1e-6)


def test_lime_reports_its_fit_and_takes_enough_samples() -> None:
    meta = explain(square_network(), square_image(), "lime", target_class=1).meta
    assert meta.num_superpixels is not None
    assert meta.num_samples is not None
    assert meta.num_samples >= 10 * meta.num_superpixels
    assert meta.r_squared is not None
    assert 0.8 < meta.r_squared <= 1
    with pytest.raises(ValueError, match="samples_per_superpixel"):
        ExplainOptions(samples_per_superpixel=9)


def test_r_squared_is_low_where_a_linear_model_cannot_fit() -> None:
    """Two squares that are only worth something together."""

    class OnlyBoth(nn.Module):
        def forward(self, images_BCHW: torch.Tensor) -> torch.Tensor:
            left_B = images_BCHW[:, 0, :, :16].mean(dim=(1, 2)) - 0.5
            right_B = images_BCHW[:, 0, :, 16:].mean(dim=(1, 2)) - 0.5
            product_B = left_B * right_B
            return torch.stack([product_B, -product_B], dim=1)

    network = square_network()
    network.add_submodule("look", nn.Identity())
    handle = network.register_forward_hook(lambda _m, inputs, _o: OnlyBoth()(inputs[0]))
    options = ExplainOptions(baseline="zero", num_superpixels=8, samples_per_superpixel=100)
    bright = torch.ones(1, 1, SIDE, SIDE)
    meta = explain(network, bright, "lime", target_class=0, options=options).meta
    handle.remove()
    assert meta.r_squared is not None
    assert meta.r_squared < 0.5


@pytest.mark.parametrize(("channels", "side"), [(1, 8), (1, 28), (3, 32), (3, 224), (4, 32)])
def test_superpixels_scale_with_the_image(channels: int, side: int) -> None:
    pixels = torch.rand(1, channels, side, side, generator=torch.Generator().manual_seed(1))
    segments_HW = superpixels(pixels, None)
    number = int(segments_HW.max()) + 1
    assert set(np.unique(segments_HW)) == set(range(number))
    assert 2 <= number <= 80
    assert side * side / number >= 8


@pytest.mark.parametrize("baseline", ["mean", "zero", [0.25]])
def test_the_baseline_is_recorded(baseline: str | list[float]) -> None:
    options = ExplainOptions(baseline=baseline)  # pyright: ignore[reportArgumentType]
    pixels = square_image()
    recorded = explain(square_network(), pixels, "occlusion", options=options).meta.baseline
    expected = {"mean": float(pixels.mean()), "zero": 0.0}.get(str(baseline), 0.25)
    assert recorded == pytest.approx([expected])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target_class": 2}, "no class 2"),
        ({"target_class": -1}, "no class -1"),
        ({"method": "gradcam", "layer": "nowhere"}, "no layer 'nowhere'"),
        ({"method": "gradcam", "layer": "n5"}, "not image-shaped"),
        ({"image_BCHW": torch.zeros(2, 1, SIDE, SIDE)}, "one image at a time"),
        ({"options": ExplainOptions(baseline=[1, 2, 3])}, "3 values"),
    ],
)
def test_what_cannot_be_explained_is_said(changes: dict[str, object], message: str) -> None:
    arguments = {"image_BCHW": square_image(), "method": "occlusion"} | changes
    with pytest.raises(ExplainError, match=message):
        explain(square_network(), **arguments)  # pyright: ignore[reportArgumentType]


def test_a_network_without_images_inside_says_what_to_use() -> None:
    network = build_module(
        chain(image(1, 4), node("Flatten", "f"), node("Linear", "fc"), node("Output", "out"))
    )
    with pytest.raises(ExplainError, match="Occlusion and LIME"):
        explain(network, torch.zeros(1, 1, 4, 4), "gradcam")


@pytest.mark.parametrize("ends_in_softmax", [False, True])
def test_predictions_are_probabilities_whatever_ends_the_network(ends_in_softmax: bool) -> None:
    network = square_network(ends_in_softmax=ends_in_softmax)
    probabilities_BK = predict(network, square_image().repeat(3, 1, 1, 1))
    assert probabilities_BK.shape == (3, 2)
    assert torch.allclose(probabilities_BK.sum(dim=1), torch.ones(3))
    logit = explain(network, square_image(), "gradcam", target_class=1).meta.logit
    assert float(probabilities_BK[0, 1]) == pytest.approx(float(torch.sigmoid(torch.tensor(logit))))
    assert network.training


def test_listing_layers_needs_no_torch() -> None:
    program = "import netloom.explain, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


@every_method
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_an_image_of_one_colour_gives_a_finite_map(method: Method, value: float) -> None:
    pixels = torch.full((1, 1, SIDE, SIDE), value)
    explanation = explain(square_network(), pixels, method, target_class=1)
    assert np.isfinite(explanation.heatmap_HW).all()
    assert explanation.meta.r_squared is None or np.isfinite(explanation.meta.r_squared)


@every_method
def test_one_pixel_is_enough(method: Method) -> None:
    document = chain(
        image(3, 1), node("Conv2d", "conv", kernel_size=1, padding=0), node("Flatten", "flatten"),
        node("Linear", "fc", out_features=2), node("Output", "out"),
    )  # fmt: skip
    explanation = explain(build_module(document), torch.rand(1, 3, 1, 1), method)
    assert explanation.heatmap_HW.shape == (1, 1)
