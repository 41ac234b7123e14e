"""Random changes of training images, vectorised over the batch.

What happens to an item is a function of (seed, epoch, item) alone, so a resumed run sees exactly
the images that an uninterrupted one would have seen.

Legend: B batch, C channels, H height, W width.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from netloom.data.draws import draw_uniform

if TYPE_CHECKING:
    import torch

_STREAM = 2
# One column of draws for each change; adding a change appends, so that old seeds keep their images.
_HFLIP, _VFLIP, _SHIFT_Y, _SHIFT_X, _ANGLE, _BRIGHTNESS, _CONTRAST, _SATURATION = range(8)
_NUM_DRAWS = 8

_LUMA = (0.299, 0.587, 0.114)
"""ITU-R 601 weights of red, green and blue."""


class AugmentationConfig(BaseModel):
    """Random changes of training images; all off by default.

    `brightness`, `contrast` and `saturation` are the largest relative change: 0.2 draws a factor
    from 0.8..1.2. `crop_padding_px` shifts by up to that many pixels, filling with black.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    horizontal_flip: Annotated[bool, Field(title="Flip left-right")] = False
    vertical_flip: Annotated[bool, Field(title="Flip top-bottom")] = False
    crop_padding_px: Annotated[int, Field(ge=0, le=256, title="Random shift")] = 0
    rotate_degrees: Annotated[float, Field(ge=0, le=180, title="Rotation up to")] = 0.0
    brightness: Annotated[float, Field(ge=0, le=1, title="Brightness")] = 0.0
    contrast: Annotated[float, Field(ge=0, le=1, title="Contrast")] = 0.0
    saturation: Annotated[float, Field(ge=0, le=1, title="Saturation")] = 0.0

    @property
    def is_off(self) -> bool:
        """Whether images stay as they are."""
        return self == AugmentationConfig()


def augment(
    batch_BCHW: torch.Tensor,
    config: AugmentationConfig,
    *,
    seed: int,
    epoch: int,
    items: NDArray[np.int64],
) -> torch.Tensor:
    """Change a batch at random.

    Args:
        batch_BCHW: uint8, on any device.
        items: Index of each image in the training set, [B]: with `seed` and `epoch` it decides
            what happens to the image.

    Returns:
        uint8 when only flips and shifts are on, else float32 on the scale 0..255; same device.
    """
    if config.is_off:
        return batch_BCHW
    draws = draw_uniform(seed, _STREAM, epoch, items, _NUM_DRAWS)
    if config.rotate_degrees > 0:
        batch_BCHW = _warp(batch_BCHW, config, draws)
    elif config.horizontal_flip or config.vertical_flip or config.crop_padding_px:
        batch_BCHW = _flip_and_shift(batch_BCHW, config, draws)
    if config.brightness or config.contrast or config.saturation:
        batch_BCHW = _recolour(batch_BCHW, config, draws)
    return batch_BCHW


def _flip_and_shift(
    batch_BCHW: torch.Tensor, config: AugmentationConfig, draws: NDArray[np.float64]
) -> torch.Tensor:
    """Read each output row and column from where it comes from; outside the image is black."""
    import torch

    height, width = batch_BCHW.shape[2:]
    shift_y, shift_x = _shifts(config, draws)
    rows_BH = _source_lines(height, shift_y, config.vertical_flip & (draws[:, _VFLIP] < 0.5))
    cols_BW = _source_lines(width, shift_x, config.horizontal_flip & (draws[:, _HFLIP] < 0.5))
    pad = config.crop_padding_px
    if pad:
        batch_BCHW = torch.nn.functional.pad(batch_BCHW, (pad, pad, pad, pad))
    read_lines = copy_lines if batch_BCHW.device.type == "cpu" else gather_lines
    return read_lines(batch_BCHW, rows_BH + pad, cols_BW + pad)


def gather_lines(
    batch_BCHW: torch.Tensor, rows_BH: NDArray[np.int64], cols_BW: NDArray[np.int64]
) -> torch.Tensor:
    """Read the given rows and columns of each image in two gathers: for a GPU."""
    from netloom.data.tensors import on_device

    device = batch_BCHW.device
    rows_B1H1 = on_device(rows_BH, device)[:, None, :, None]
    cols_B11W = on_device(cols_BW, device)[:, None, None, :]
    batch, channels, _, source_width = batch_BCHW.shape
    height, width = rows_BH.shape[1], cols_BW.shape[1]
    picked = batch_BCHW.gather(2, rows_B1H1.expand(batch, channels, height, source_width))
    return picked.gather(3, cols_B11W.expand(batch, channels, height, width))


def copy_lines(
    batch_BCHW: torch.Tensor, rows_BH: NDArray[np.int64], cols_BW: NDArray[np.int64]
) -> torch.Tensor:
    """Do the same by copying a strided window of each image: for a CPU, where it is far cheaper.

    Rows and columns of an image are consecutive, upwards or downwards.
    """
    from netloom.data.tensors import as_tensor

    source = batch_BCHW.numpy()
    batch, channels = source.shape[:2]
    out = np.empty((batch, channels, rows_BH.shape[1], cols_BW.shape[1]), dtype=source.dtype)
    for index in range(batch):
        out[index] = source[index][:, _as_slice(rows_BH[index]), _as_slice(cols_BW[index])]
    return as_tensor(out)


def _as_slice(lines: NDArray[np.int64]) -> slice:
    first, last = int(lines[0]), int(lines[-1])
    if first <= last:
        return slice(first, last + 1)
    return slice(first, last - 1 if last > 0 else None, -1)


def _source_lines(
    size: int, shift: NDArray[np.int64], is_flipped: NDArray[np.bool_]
) -> NDArray[np.int64]:
    lines_L = np.arange(size, dtype=np.int64)
    lines_BL = np.where(is_flipped[:, None], lines_L[::-1][None], lines_L[None])
    return lines_BL + shift[:, None]


def _shifts(
    config: AugmentationConfig, draws: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    pad = config.crop_padding_px
    span = 2 * pad + 1
    shift_y = np.floor(draws[:, _SHIFT_Y] * span).astype(np.int64) - pad
    shift_x = np.floor(draws[:, _SHIFT_X] * span).astype(np.int64) - pad
    return shift_y, shift_x


def _warp(
    batch_BCHW: torch.Tensor, config: AugmentationConfig, draws: NDArray[np.float64]
) -> torch.Tensor:
    """Flip, shift and rotate in one bilinear resampling, about the centre; outside is black."""
    import torch.nn.functional as functional

    from netloom.data.tensors import on_device

    height, width = batch_BCHW.shape[2:]
    shift_y, shift_x = _shifts(config, draws)
    flip_x = np.where(config.horizontal_flip & (draws[:, _HFLIP] < 0.5), -1.0, 1.0)
    flip_y = np.where(config.vertical_flip & (draws[:, _VFLIP] < 0.5), -1.0, 1.0)
    angle = (2 * draws[:, _ANGLE] - 1) * math.radians(config.rotate_degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    # Normalised coordinates run from -1 to 1 over each axis, so the aspect ratio enters the sine.
    theta = np.empty((len(draws), 2, 3))
    theta[:, 0, 0], theta[:, 0, 1] = cos * flip_x, -sin * flip_x * height / width
    theta[:, 1, 0], theta[:, 1, 1] = sin * flip_y * width / height, cos * flip_y
    theta[:, 0, 2], theta[:, 1, 2] = shift_x * 2 / width, shift_y * 2 / height
    grid = functional.affine_grid(
        on_device(theta.astype(np.float32), batch_BCHW.device),
        list(batch_BCHW.shape),
        align_corners=False,
    )
    return functional.grid_sample(
        batch_BCHW.float(), grid, mode="bilinear", padding_mode="zeros", align_corners=False
    )


def _recolour(
    batch_BCHW: torch.Tensor, config: AugmentationConfig, draws: NDArray[np.float64]
) -> torch.Tensor:
    """Apply brightness, contrast (about the mean grey), then saturation; clamped to 0..255."""
    from netloom.data.tensors import on_device

    pixels = batch_BCHW.float()
    device = pixels.device

    def factors(strength: float, column: int) -> torch.Tensor:
        factor = 1 + strength * (2 * draws[:, column] - 1)
        return on_device(factor.astype(np.float32), device)[:, None, None, None]

    if config.brightness:
        pixels = (pixels * factors(config.brightness, _BRIGHTNESS)).clamp_(0, 255)
    if config.contrast:
        middle_B111 = _grey(pixels).mean(dim=(1, 2, 3), keepdim=True)
        factor = factors(config.contrast, _CONTRAST)
        pixels = (middle_B111 + (pixels - middle_B111) * factor).clamp_(0, 255)
    if config.saturation and pixels.shape[1] == 3:
        grey_B1HW = _grey(pixels)
        factor = factors(config.saturation, _SATURATION)
        pixels = (grey_B1HW + (pixels - grey_B1HW) * factor).clamp_(0, 255)
    return pixels


def _grey(pixels_BCHW: torch.Tensor) -> torch.Tensor:
    from netloom.data.tensors import constant

    if pixels_BCHW.shape[1] != 3:
        return pixels_BCHW.mean(dim=1, keepdim=True)
    weights = constant(_LUMA, pixels_BCHW.device)[None, :, None, None]
    return (pixels_BCHW * weights).sum(dim=1, keepdim=True)
