"""A tensor as a small picture: channels side by side, a matrix, or bars.

Legend: C channels, D depth, H height, W width, T time, F features, N numbers.
"""

from __future__ import annotations

import base64
import io
import math
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from netloom.explain.activation_results import ActivationOptions, Picture

GAP_PX = 1
_CLEAR = 63
"""Levels of a picture, and the one after them for the gaps: a palette goes with each picture."""
# Viridis at nine even steps, from matplotlib (CC0): dark blue is least, yellow is most.
VIRIDIS = np.array(
    [
        (68, 1, 84),
        (71, 44, 122),
        (59, 81, 139),
        (44, 113, 142),
        (33, 144, 141),
        (39, 173, 129),
        (92, 200, 99),
        (170, 220, 50),
        (253, 231, 37),
    ],
    dtype=np.float32,
)


def picture_of(tensor: Tensor, axes: str, options: ActivationOptions) -> Picture | None:
    """Return a picture of one sample's tensor, None where none makes sense.

    Args:
        axes: Letters of the tensor's axes, batch first; empty when they are not known.
    """
    if tensor.numel() == 0 or tensor.ndim == 0 or tensor.is_complex():
        return None
    sample = tensor[0].detach().float()
    if sample.ndim <= 1:
        return _bars(sample.reshape(-1), options)
    if sample.ndim == 2:
        # Time runs to the right, whichever way round the layer has it.
        return _matrix(sample.T if axes[1:] == "TF" else sample, options)
    if sample.ndim == 3:
        return _maps(sample, options)
    if sample.ndim == 4:
        return _maps(sample[:, sample.shape[1] // 2], options)
    return None


def image_picture(pixels_CHW: NDArray[np.uint8], longest_px: int) -> Picture:
    """Return the network's input as it looks to a person."""
    is_grey = pixels_CHW.shape[0] == 1
    image = Image.fromarray(
        pixels_CHW[0] if is_grey else np.ascontiguousarray(pixels_CHW.transpose(1, 2, 0))
    )
    image.thumbnail((longest_px, longest_px), Image.Resampling.BILINEAR)
    return Picture(
        kind="image", url=_url(image), num_shown=pixels_CHW.shape[0], num_all=pixels_CHW.shape[0]
    )


def _maps(sample_CHW: Tensor, options: ActivationOptions) -> Picture:
    num_all = sample_CHW.shape[0]
    first = min(options.first, num_all - 1)
    shown_CHW = _shrunk(sample_CHW[first : first + options.num_maps], options.tile_px)
    num_shown, height, width = shown_CHW.shape
    columns = min(options.num_columns, num_shown)
    rows = math.ceil(num_shown / columns)
    step_y, step_x = height + GAP_PX, width + GAP_PX
    grid = np.full((rows * step_y - GAP_PX, columns * step_x - GAP_PX), _CLEAR, np.uint8)
    for index, level_HW in enumerate(_levels(shown_CHW)):
        top, left = index // columns * step_y, index % columns * step_x
        grid[top : top + height, left : left + width] = level_HW
    return Picture(
        kind="maps",
        url=_coloured(grid),
        first=first,
        num_shown=num_shown,
        num_all=num_all,
        num_columns=columns,
    )


def _matrix(sample_HW: Tensor, options: ActivationOptions) -> Picture:
    most_columns, most_rows = options.matrix_px
    height, width = sample_HW.shape
    size = (min(height, most_rows), min(width, most_columns))
    small_HW = sample_HW if size == (height, width) else _resized(sample_HW[None], size)[0]
    return Picture(
        kind="matrix", url=_coloured(_levels(small_HW[None])[0]), num_shown=height, num_all=height
    )


def _bars(values_N: Tensor, options: ActivationOptions) -> Picture:
    num_all = values_N.numel()
    is_pooled = num_all > options.num_bars and not options.is_exact
    first = min(options.first, num_all - 1) if options.is_exact else 0
    if is_pooled:
        edges = [num_all * bar // options.num_bars for bar in range(options.num_bars + 1)]
        parts = [values_N[a:b] for a, b in pairwise(edges)]
        shown = [float(part[part.abs().nan_to_num(0).argmax()]) for part in parts]
    else:
        shown = [float(value) for value in values_N[first : first + options.num_bars]]
    return Picture(
        kind="bars",
        values=[float(f"{value:.5g}") if math.isfinite(value) else None for value in shown],
        first=first,
        num_shown=num_all if is_pooled else len(shown),
        num_all=num_all,
        is_pooled=is_pooled,
    )


def _shrunk(maps_CHW: Tensor, longest_px: int) -> Tensor:
    height, width = maps_CHW.shape[1:]
    scale = longest_px / max(height, width)
    if scale >= 1:
        return maps_CHW
    return _resized(maps_CHW, (max(1, round(height * scale)), max(1, round(width * scale))))


def _resized(maps_CHW: Tensor, size: tuple[int, int]) -> Tensor:
    return interpolate(maps_CHW[None], size=size, mode="area")[0]


def _levels(maps_CHW: Tensor) -> NDArray[np.uint8]:
    """Return each map over its own range, 0..62; what is not finite or does not vary is least."""
    finite_CHW = maps_CHW.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0)
    low_C11 = finite_CHW.amin(dim=(1, 2), keepdim=True)
    span_C11 = finite_CHW.amax(dim=(1, 2), keepdim=True) - low_C11
    share_CHW = (finite_CHW - low_C11) / torch.where(span_C11 > 0, span_C11, 1.0)
    return (share_CHW * (_CLEAR - 1)).round().to(torch.uint8).cpu().numpy()


def _palette() -> list[int]:
    position_N = np.linspace(0, len(VIRIDIS) - 1, _CLEAR)
    lower_N = np.minimum(position_N.astype(np.int64), len(VIRIDIS) - 2)
    share_N1 = (position_N - lower_N)[:, None]
    colour_N3 = VIRIDIS[lower_N] * (1 - share_N1) + VIRIDIS[lower_N + 1] * share_N1
    return [*colour_N3.round().astype(int).flatten().tolist(), 0, 0, 0]


_PALETTE = _palette()


def _coloured(levels_HW: NDArray[np.uint8]) -> str:
    image = Image.fromarray(levels_HW, mode="P")
    image.putpalette(_PALETTE)
    image.info["transparency"] = _CLEAR
    return _url(image)


def _url(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=3)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
