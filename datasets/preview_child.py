"""The handlers of the preview process: `python -m jobs.warm_loop datasets.preview_child`.

Legend: B batch, C channels, H height, W width.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from jobs.warm_loop import Call, RequestRefused
from netloom.data.augment import augment
from netloom.data.decode import DecodeError, decode_image
from netloom.data.preprocess import Preprocessing
from netloom.train.spec import AugmentationConfig


def preview(payload: dict[str, Any], call: Call) -> dict[str, Any]:
    """Return `{"images": [PNG data URL], "item_ids": [id]}` of augmented samples."""
    call.progress(None, "Reading samples")
    images_BCHW = np.stack(
        [_read(Path(item["path"]), payload["input"]) for item in payload["items"]]
    )
    augmented_BCHW = augment(
        torch.from_numpy(images_BCHW),
        AugmentationConfig.model_validate(payload["augmentation"]),
        seed=payload["seed"],
        epoch=1,
        items=np.arange(len(images_BCHW), dtype=np.int64),
    )
    pixels_BCHW = augmented_BCHW.round().clamp(0, 255).to(torch.uint8).numpy()
    return {
        "images": [_data_url(pixels_CHW) for pixels_CHW in pixels_BCHW],
        "item_ids": [item["id"] for item in payload["items"]],
    }


def _read(path: Path, wanted: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    channels = wanted["channels"]
    preprocessing = Preprocessing(
        height=wanted["height"],
        width=wanted["width"],
        channels=channels,
        resize_policy=wanted["resize_policy"],
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
    )
    try:
        return preprocessing.to_uint8_CHW(decode_image(path))
    except DecodeError as error:
        raise RequestRefused("file_missing", str(error), "Bring the image in again.") from None


def _data_url(pixels_CHW: np.ndarray[Any, np.dtype[np.uint8]]) -> str:
    image = pixels_CHW[0] if len(pixels_CHW) == 1 else pixels_CHW.transpose(1, 2, 0)
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


HANDLERS = {"preview": preview}
