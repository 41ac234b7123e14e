"""Maps as pictures.

Legend: C channels, H height, W width.
"""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from netloom.explain.tensor_picture import VIRIDIS

COARSE_SIDE = 64
OPACITY = 0.55


def grey_png(heatmap_HW: NDArray[np.float32]) -> bytes:
    """Return an 8-bit grey PNG that spans the map's range; a flat map is black."""
    return _png(Image.fromarray(_to_uint8(heatmap_HW)))


def input_png(pixels_CHW: NDArray[np.uint8]) -> bytes:
    """Return the network's input as a PNG."""
    return _png(_image_of(pixels_CHW))


def overlay_png(heatmap_HW: NDArray[np.float32], pixels_CHW: NDArray[np.uint8]) -> bytes:
    """Return the map in colour over the grey image."""
    grey_HW3 = np.asarray(_image_of(pixels_CHW).convert("L").convert("RGB"), dtype=np.float32)
    position_HW = _to_uint8(heatmap_HW).astype(np.float32) / 255 * (len(VIRIDIS) - 1)
    lower_HW = np.minimum(position_HW.astype(np.int64), len(VIRIDIS) - 2)
    share_HW1 = (position_HW - lower_HW)[..., None]
    colour_HW3 = VIRIDIS[lower_HW] * (1 - share_HW1) + VIRIDIS[lower_HW + 1] * share_HW1
    blended_HW3 = colour_HW3 * OPACITY + grey_HW3 * (1 - OPACITY)
    return _png(Image.fromarray(blended_HW3.round().astype(np.uint8)))


def coarse_url(heatmap_HW: NDArray[np.float32]) -> str:
    """Return a small grey PNG of an unfinished map as a data URL."""
    image = Image.fromarray(_to_uint8(heatmap_HW))
    image.thumbnail((COARSE_SIDE, COARSE_SIDE), Image.Resampling.BILINEAR)
    return data_url(_png(image))


def data_url(png: bytes) -> str:
    """Return a PNG as a data URL."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _to_uint8(heatmap_HW: NDArray[np.float32]) -> NDArray[np.uint8]:
    low, high = float(heatmap_HW.min()), float(heatmap_HW.max())
    if high <= low:
        return np.zeros(heatmap_HW.shape, dtype=np.uint8)
    return ((heatmap_HW - low) / (high - low) * 255).round().astype(np.uint8)


def _image_of(pixels_CHW: NDArray[np.uint8]) -> Image.Image:
    if pixels_CHW.shape[0] == 1:
        return Image.fromarray(pixels_CHW[0])
    return Image.fromarray(np.ascontiguousarray(pixels_CHW.transpose(1, 2, 0)))


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
