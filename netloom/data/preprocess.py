"""How an image becomes the network's input: one implementation for training, prediction,
explanation and export.

Legend: B batch, C channels, H height, W width.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from netloom.graph.document import Document
from netloom.layers.input_output import ImageInput, ImageInputParams

if TYPE_CHECKING:
    import torch

ResizePolicy = Literal["stretch", "crop", "pad"]

_VERSION = 1
"""Raised when the same settings would give other pixels, so that old caches are not reused."""


class PreprocessingError(ValueError):
    """The network does not say how an image becomes its input."""


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """Image to tensor, as the input node asks for it.

    Pixels are resized (bilinear, antialiased), converted to `channels` (luma of ITU-R 601 for
    grey), scaled to 0..1, then normalised by `mean` and `std` per channel.

    Attributes:
        resize_policy: `stretch` ignores the aspect ratio, `crop` fills the frame and cuts what
            stands out evenly, `pad` fits the image into the frame on black.
    """

    height: int
    width: int
    channels: int
    resize_policy: ResizePolicy
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def from_document(cls, document: Document) -> Preprocessing:
        """Read the settings of the network's image input.

        Raises:
            PreprocessingError: There is not exactly one valid image input.
        """
        nodes = [n for n in document.graph.nodes.values() if n.type == ImageInput.type_name]
        if len(nodes) != 1:
            raise PreprocessingError(
                f"The network has {len(nodes) or 'no'} image input{'s' * (len(nodes) > 1)}; "
                "images need exactly one."
            )
        try:
            params = ImageInputParams.model_validate(nodes[0].params)
        except ValueError as error:
            raise PreprocessingError(f"The image input is not valid: {error}") from error
        return cls.from_params(params)

    @classmethod
    def from_params(cls, params: ImageInputParams) -> Preprocessing:
        """Build from the parameters of an image input node."""
        if params.channels not in (1, 3):
            raise PreprocessingError(
                f"The image input has {params.channels} channels; images have 1 (grey) or 3 (RGB)."
            )
        return cls(
            height=params.height,
            width=params.width,
            channels=params.channels,
            resize_policy=params.resize_policy,
            mean=_per_channel(params.mean, params.channels, "mean"),
            std=_per_channel(params.std, params.channels, "std"),
        )

    @property
    def key(self) -> str:
        """Hash of everything that decides the uint8 pixels (mean and std do not)."""
        text = f"{_VERSION}|{self.channels}|{self.height}|{self.width}|{self.resize_policy}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def item_bytes(self) -> int:
        """Size of one preprocessed image."""
        return self.channels * self.height * self.width

    def to_uint8_CHW(self, image_HWC: NDArray[np.uint8]) -> NDArray[np.uint8]:  # noqa: N802
        """Resize and convert a decoded image.

        Args:
            image_HWC: uint8 with 1 or 3 channels, as `decode_image` returns it.

        Returns:
            uint8 [channels, height, width], C-contiguous.
        """
        if image_HWC.shape[2] == 1:
            image = Image.fromarray(image_HWC[:, :, 0])
        else:
            image = Image.fromarray(image_HWC)
        image = self._fit(image.convert("L" if self.channels == 1 else "RGB"))
        pixels = np.asarray(image, dtype=np.uint8)
        if self.channels == 1:
            return np.ascontiguousarray(pixels[None])
        return np.ascontiguousarray(pixels.transpose(2, 0, 1))

    def normalise(self, batch_BCHW: torch.Tensor) -> torch.Tensor:
        """Scale pixels to 0..1 and normalise them per channel.

        Args:
            batch_BCHW: uint8, or float on the scale 0..255 (after augmentation).

        Returns:
            float32 of the same shape on the same device: (x / 255 - mean) / std.
        """
        from netloom.data.tensors import constant

        pixels_BCHW = batch_BCHW.float()
        if pixels_BCHW is batch_BCHW:
            pixels_BCHW = pixels_BCHW.clone()
        if self.is_identity_range:
            return pixels_BCHW.div_(255)
        scale = tuple(1 / (255 * s) for s in self.std)
        shift = tuple(-m / s for m, s in zip(self.mean, self.std, strict=True))
        scale_C11 = constant(scale, pixels_BCHW.device)[:, None, None]
        shift_C11 = constant(shift, pixels_BCHW.device)[:, None, None]
        return pixels_BCHW.mul_(scale_C11).add_(shift_C11)

    @property
    def is_identity_range(self) -> bool:
        """Whether pixels stay on 0..1."""
        return all(m == 0 for m in self.mean) and all(s == 1 for s in self.std)

    def source_box(self, height: int, width: int) -> tuple[float, float, float, float]:
        """Return which part of an image of that size the network sees.

        Returns:
            (left, top, right, bottom) in pixels of the image; beyond its edges where padded. A
            heatmap of the network's input lies exactly over this box.
        """
        if self.resize_policy == "stretch":
            return 0.0, 0.0, float(width), float(height)
        pick = max if self.resize_policy == "crop" else min
        scale = pick(self.width / width, self.height / height)
        box_width, box_height = self.width / scale, self.height / scale
        left, top = (width - box_width) / 2, (height - box_height) / 2
        return left, top, left + box_width, top + box_height

    def _fit(self, image: Image.Image) -> Image.Image:
        size = (self.width, self.height)
        if image.size == size:
            return image
        if self.resize_policy == "stretch":
            return image.resize(size, Image.Resampling.BILINEAR)
        if self.resize_policy == "crop":
            box = self.source_box(image.height, image.width)
            return image.resize(size, Image.Resampling.BILINEAR, box=box)
        scale = min(self.width / image.width, self.height / image.height)
        inner_width = min(self.width, max(1, round(image.width * scale)))
        inner_height = min(self.height, max(1, round(image.height * scale)))
        inner = image.resize((inner_width, inner_height), Image.Resampling.BILINEAR)
        canvas = Image.new(image.mode, size)
        canvas.paste(inner, ((self.width - inner_width) // 2, (self.height - inner_height) // 2))
        return canvas


def _per_channel(values: Sequence[float], channels: int, name: str) -> tuple[float, ...]:
    if len(values) == 1:
        return (float(values[0]),) * channels
    if len(values) != channels:
        raise PreprocessingError(
            f"The image input has {channels} channels but {len(values)} values of {name}."
        )
    return tuple(float(value) for value in values)
