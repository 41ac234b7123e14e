"""Augmentation: what each change does, and that it depends on (seed, epoch, item) alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from netloom.data.augment import AugmentationConfig, augment, copy_lines, gather_lines

EVERYTHING = AugmentationConfig(
    horizontal_flip=True,
    vertical_flip=True,
    crop_padding_px=3,
    rotate_degrees=15,
    brightness=0.2,
    contrast=0.2,
    saturation=0.2,
)
SHIFTS = AugmentationConfig(horizontal_flip=True, vertical_flip=True, crop_padding_px=3)


def batch_of(count: int, channels: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    shape = (count, channels, 12, 16)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)


def run(batch: torch.Tensor, config: AugmentationConfig, items: list[int], epoch: int = 0):
    return augment(batch, config, seed=7, epoch=epoch, items=np.array(items, dtype=np.int64))


def test_off_changes_nothing() -> None:
    batch = batch_of(4)
    assert run(batch, AugmentationConfig(), [0, 1, 2, 3]) is batch


@pytest.mark.parametrize("config", [EVERYTHING, SHIFTS])
def test_an_item_gets_the_same_change_in_any_batch(config: AugmentationConfig) -> None:
    batch = batch_of(6)
    whole = run(batch, config, [10, 11, 12, 13, 14, 15])
    part = run(batch[[4, 1]], config, [14, 11])
    torch.testing.assert_close(part, whole[[4, 1]], rtol=0, atol=0)


@pytest.mark.parametrize("config", [EVERYTHING, SHIFTS])
def test_epochs_differ(config: AugmentationConfig) -> None:
    batch = batch_of(6)
    items = list(range(6))
    assert not torch.equal(run(batch, config, items, 0), run(batch, config, items, 1))


def test_flips_are_exact_and_half_of_all() -> None:
    batch = batch_of(1).expand(400, -1, -1, -1)
    flipped = run(batch, AugmentationConfig(horizontal_flip=True), list(range(400)))
    is_same = (flipped == batch).flatten(1).all(dim=1)
    is_mirrored = (flipped == batch.flip(-1)).flatten(1).all(dim=1)
    assert bool((is_same ^ is_mirrored).all())
    assert 150 < int(is_mirrored.sum()) < 250


def test_shifts_move_by_whole_pixels_and_fill_with_black() -> None:
    batch = batch_of(1).clamp_min(1).expand(200, -1, -1, -1)
    shifted = run(batch, AugmentationConfig(crop_padding_px=2), list(range(200)))
    padded = torch.nn.functional.pad(batch[0], (2, 2, 2, 2))
    windows = {
        padded[:, y : y + 12, x : x + 16].numpy().tobytes() for y in range(5) for x in range(5)
    }
    seen = {image.numpy().tobytes() for image in shifted}
    assert seen <= windows
    assert len(seen) == 25


def test_the_ways_of_cpu_and_gpu_agree() -> None:
    batch = batch_of(8)
    rows = np.stack([np.arange(12)[::-1] if i % 2 else np.arange(12) for i in range(8)])
    cols = np.stack([np.arange(3, 13)[:: 1 if i % 3 else -1] for i in range(8)])
    assert torch.equal(copy_lines(batch, rows, cols), gather_lines(batch, rows, cols))


def test_rotation_turns_about_the_centre() -> None:
    image = torch.zeros(1, 1, 41, 41, dtype=torch.uint8)
    image[0, 0, 20, 20:38] = 255
    turned = run(image.expand(50, -1, -1, -1), AugmentationConfig(rotate_degrees=90), range(50))
    assert (turned[:, 0, 20, 20] > 120).all()
    lines = torch.arange(41.0)[None, :, None]
    heights = (turned[:, 0] * lines).sum(dim=(1, 2)) / turned[:, 0].sum(dim=(1, 2))
    assert float(heights.min()) < 14
    assert float(heights.max()) > 26
    assert turned.shape == (50, 1, 41, 41)


def test_wide_images_are_rotated_without_distortion() -> None:
    image = torch.zeros(1, 1, 20, 60, dtype=torch.uint8)
    image[0, 0, 6:14, 26:34] = 255
    turned = run(image.expand(30, -1, -1, -1), AugmentationConfig(rotate_degrees=180), range(30))
    area = turned.float().sum(dim=(1, 2, 3)) / 255
    torch.testing.assert_close(area, torch.full((30,), 64.0), rtol=0.02, atol=0)


def test_colours_stay_in_range_and_grey_images_keep_saturation() -> None:
    strong = AugmentationConfig(brightness=1, contrast=1, saturation=1)
    changed = run(batch_of(20), strong, list(range(20)))
    assert changed.dtype == torch.float32
    assert float(changed.min()) >= 0
    assert float(changed.max()) <= 255
    grey = batch_of(4, channels=1)
    kept = run(grey, AugmentationConfig(saturation=1), [0, 1, 2, 3])
    torch.testing.assert_close(kept, grey.float())


def test_brightness_is_a_factor_within_bounds() -> None:
    batch = torch.full((300, 3, 4, 4), 100, dtype=torch.uint8)
    changed = run(batch, AugmentationConfig(brightness=0.2), list(range(300)))
    factors = changed[:, 0, 0, 0] / 100
    assert float(factors.min()) >= 0.8
    assert float(factors.max()) <= 1.2
    assert float(factors.max() - factors.min()) > 0.35
