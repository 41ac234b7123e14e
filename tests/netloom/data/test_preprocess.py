"""Preprocessing: policies, channels, normalisation, and where the network looks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from netloom.data.preprocess import Preprocessing, PreprocessingError
from netloom.graph.document import Document, Graph, Node


def preprocessing(**params: object) -> Preprocessing:
    node = Node.model_validate({"type": "ImageInput", "name": "image", "params": params})
    return Preprocessing.from_document(Document(graph=Graph(nodes={"a": node})))


def test_stretch_crop_and_pad_show_different_parts() -> None:
    # Three vertical stripes: red, green, blue; twice as wide as high.
    stripes = np.zeros((30, 60, 3), dtype=np.uint8)
    for index in range(3):
        stripes[:, 20 * index : 20 * (index + 1), index] = 255
    size = {"height": 30, "width": 30, "channels": 3}

    stretched = preprocessing(**size, resize_policy="stretch").to_uint8_CHW(stripes)
    cropped = preprocessing(**size, resize_policy="crop").to_uint8_CHW(stripes)
    padded = preprocessing(**size, resize_policy="pad").to_uint8_CHW(stripes)

    assert stretched.shape == cropped.shape == padded.shape == (3, 30, 30)
    assert stretched[0, 15, 2] > 250
    assert stretched[2, 15, 27] > 250
    np.testing.assert_array_equal(cropped, stripes[:, 15:45].transpose(2, 0, 1))
    assert padded[:, :6].max() == 0
    assert padded[:, -6:].max() == 0
    assert padded[0, 15, 2] > 250
    assert padded[2, 15, 27] > 250


def test_image_of_the_right_size_is_untouched() -> None:
    image = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    for policy in ("stretch", "crop", "pad"):
        kept = preprocessing(height=8, width=8, resize_policy=policy).to_uint8_CHW(image)
        np.testing.assert_array_equal(kept, image.transpose(2, 0, 1))


def test_grey_and_colour_convert_both_ways() -> None:
    grey = np.full((4, 4, 1), 77, dtype=np.uint8)
    assert (preprocessing(height=4, width=4, channels=3).to_uint8_CHW(grey) == 77).all()
    green = np.zeros((4, 4, 3), dtype=np.uint8)
    green[:, :, 1] = 200
    luma = preprocessing(height=4, width=4, channels=1).to_uint8_CHW(green)
    assert luma.shape == (1, 4, 4)
    assert abs(int(luma[0, 0, 0]) - 0.587 * 200) <= 1


@pytest.mark.parametrize(
    ("mean", "std"), [([0.0], [1.0]), ([0.5], [0.25]), ([0.1, 0.2, 0.3], [0.5, 0.6, 0.7])]
)
def test_normalise_scales_then_standardises(mean: list[float], std: list[float]) -> None:
    recipe = preprocessing(height=5, width=6, channels=3, mean=mean, std=std)
    batch = torch.randint(0, 256, (2, 3, 5, 6), dtype=torch.uint8)
    expected = (batch / 255 - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]
    torch.testing.assert_close(recipe.normalise(batch), expected)
    float_batch = batch.float()
    torch.testing.assert_close(recipe.normalise(float_batch), expected)
    torch.testing.assert_close(float_batch, batch.float())


def test_source_box_is_what_the_network_sees() -> None:
    size = {"height": 20, "width": 20}
    assert preprocessing(**size, resize_policy="stretch").source_box(30, 60) == (0, 0, 60, 30)
    assert preprocessing(**size, resize_policy="crop").source_box(30, 60) == (15, 0, 45, 30)
    assert preprocessing(**size, resize_policy="pad").source_box(30, 60) == (0, -15, 60, 45)


def test_key_follows_the_pixels_only() -> None:
    base = preprocessing(height=8, width=8)
    assert base.key == preprocessing(height=8, width=8, mean=[0.3]).key
    assert base.key != preprocessing(height=8, width=9).key
    assert base.key != preprocessing(height=8, width=8, resize_policy="pad").key


def test_unsuitable_inputs_are_named() -> None:
    with pytest.raises(PreprocessingError, match="2 channels"):
        preprocessing(height=8, width=8, channels=2)
    with pytest.raises(PreprocessingError, match="no image input;"):
        Preprocessing.from_document(Document())
