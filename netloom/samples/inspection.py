"""A visual-inspection set: photographs of surfaces with drawn defects.

The surfaces are crops of scikit-image's bundled textures (brick, grass, gravel: CC0 by their
authors), turned, scaled and lit differently each time. Three classes carry one defect each: a
scratch, a stain or a dent. Where it is, is known, so that an explanation can be judged.

Legend: H height, W width; pixels are float64 on 0..1.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from netloom.data.manifest import Split
from netloom.samples.sample import Box, Sample, SampleImage

SIZE_PX = 96
PER_CLASS = 300
CLASSES = ("good", "scratch", "stain", "dent")
_SEED = 96_300
_VISIBLE = 0.03
"""A pixel belongs to the defect's box when the defect changed it by more than this."""

Pixels = NDArray[np.float64]


def inspection_images(per_class: int = PER_CLASS, seed: int = _SEED) -> Iterator[SampleImage]:
    """Yield the images, class by class: 70 % to train, 15 % to validate, 15 % to test."""
    textures = [_load(name) for name in ("brick", "grass", "gravel")]
    for class_index, class_name in enumerate(CLASSES):
        for index in range(per_class):
            random = np.random.Generator(np.random.PCG64([seed, class_index, index]))
            surface_HW = _surface(textures[index % len(textures)], random)
            defective_HW = _DEFECTS[class_name](surface_HW, random)
            box = _changed_box(surface_HW, defective_HW) if class_name != "good" else None
            yield SampleImage(
                file_name=f"{class_name}/{class_name}-{index:04d}.png",
                png=_photograph(defective_HW, random),
                class_name=class_name,
                split=_split(index, per_class),
                box=box,
            )


def _load(name: str) -> Image.Image:
    from skimage import data  # imported here for the same reason as scikit-learn's digits

    texture = cast(NDArray[np.uint8], getattr(data, name)())
    return Image.fromarray(texture)


def _surface(texture: Image.Image, random: np.random.Generator) -> Pixels:
    """Cut out a square at a random place, angle and scale."""
    side = int(random.uniform(120, 200))
    # A turned square of this side needs a cut-out that is larger by the square root of two.
    reach = int(np.ceil(side * 1.4143))
    left = int(random.integers(0, texture.width - reach + 1))
    top = int(random.integers(0, texture.height - reach + 1))
    cut = texture.crop((left, top, left + reach, top + reach))
    cut = cut.rotate(random.uniform(-180, 180), resample=Image.Resampling.BILINEAR)
    margin = (reach - side) // 2
    cut = cut.crop((margin, margin, margin + side, margin + side))
    pixels_HW = np.asarray(cut.resize((SIZE_PX, SIZE_PX), Image.Resampling.BILINEAR)) / 255.0
    # The three materials get a similar tone, or the surface would stand out more than the defect.
    pixels_HW = (pixels_HW - pixels_HW.mean()) / (pixels_HW.std() + 1e-6)
    contrast = random.uniform(0.05, 0.08)
    return np.clip(random.uniform(0.48, 0.6) + contrast * pixels_HW, 0, 1)


def _photograph(surface_HW: Pixels, random: np.random.Generator) -> bytes:
    """Light the surface from one side, add sensor noise, encode as grey PNG."""
    angle = random.uniform(0, 2 * np.pi)
    y_HW, x_HW = _grid()
    slope_HW = (np.cos(angle) * x_HW + np.sin(angle) * y_HW) / SIZE_PX - 0.5 * (
        np.cos(angle) + np.sin(angle)
    )
    lit_HW = surface_HW * random.uniform(0.85, 1.15) * (1 + random.uniform(0, 0.3) * slope_HW)
    noisy_HW = lit_HW + random.normal(0, 0.012, surface_HW.shape)
    buffer = io.BytesIO()
    Image.fromarray((np.clip(noisy_HW, 0, 1) * 255).round().astype(np.uint8)).save(
        buffer, format="PNG", compress_level=1
    )
    return buffer.getvalue()


def _leave(surface_HW: Pixels, _random: np.random.Generator) -> Pixels:
    return surface_HW


def _scratch(surface_HW: Pixels, random: np.random.Generator) -> Pixels:
    """Draw a thin, slightly bent line: bright where the surface is torn, dark along one edge."""
    angle = random.uniform(0, np.pi)
    length = random.uniform(28, 64)
    centre = random.uniform(26, SIZE_PX - 26, size=2)
    t_N = np.linspace(-0.5, 0.5, 90)
    bend = random.uniform(-7, 7) * (t_N**2 - 0.08)
    direction = np.array([np.cos(angle), np.sin(angle)])
    normal = np.array([-direction[1], direction[0]])
    line_N2 = centre + length * t_N[:, None] * direction + bend[:, None] * normal
    width = random.uniform(0.7, 1.2)
    bright_HW = _stroke(line_N2, width)
    dark_HW = _stroke(line_N2 + 1.6 * normal, width)
    strength = random.uniform(0.22, 0.38)
    return np.clip(surface_HW + strength * bright_HW - 0.6 * strength * dark_HW, 0, 1)


def _stain(surface_HW: Pixels, random: np.random.Generator) -> Pixels:
    """Darken an irregular patch with a soft edge; the texture stays visible through it."""
    radius = random.uniform(7, 14)
    centre = random.uniform(18, SIZE_PX - 18, size=2)
    y_HW, x_HW = _grid()
    dx_HW, dy_HW = x_HW - centre[0], y_HW - centre[1]
    angle_HW = np.arctan2(dy_HW, dx_HW)
    edge_HW = np.full_like(angle_HW, radius)
    for wave in (2, 3, 5):
        amplitude = radius * random.uniform(0.05, 0.16)
        edge_HW += amplitude * np.cos(wave * angle_HW + random.uniform(0, 2 * np.pi))
    distance_HW = np.hypot(dx_HW, dy_HW)
    cover_HW = 1 / (1 + np.exp((distance_HW - edge_HW) / random.uniform(0.8, 1.8)))
    return surface_HW * (1 - random.uniform(0.35, 0.55) * cover_HW)


def _dent(surface_HW: Pixels, random: np.random.Generator) -> Pixels:
    """Shade a hollow: dark on the side towards the light, bright on the other."""
    radius = random.uniform(8, 15)
    centre = random.uniform(20, SIZE_PX - 20, size=2)
    light = random.uniform(0, 2 * np.pi)
    squeeze = random.uniform(0.75, 1.0)
    y_HW, x_HW = _grid()
    dx_HW, dy_HW = (x_HW - centre[0]) / radius, (y_HW - centre[1]) / (radius * squeeze)
    # The slope of a Gaussian hollow, seen from the light.
    bowl_HW = np.exp(-1.6 * (dx_HW**2 + dy_HW**2))
    slope_HW = (np.cos(light) * dx_HW + np.sin(light) * dy_HW) * bowl_HW
    return np.clip(surface_HW + random.uniform(0.65, 1.0) * slope_HW, 0, 1)


_DEFECTS = {"good": _leave, "scratch": _scratch, "stain": _stain, "dent": _dent}


def _stroke(line_N2: Pixels, width: float) -> Pixels:
    """Return coverage 0..1 of a soft line through points (x, y)."""
    y_HW, x_HW = _grid()
    squared_HW = np.full(x_HW.shape, np.inf)
    for x, y in line_N2:
        np.minimum(squared_HW, (x_HW - x) ** 2 + (y_HW - y) ** 2, out=squared_HW)
    return np.exp(-squared_HW / (2 * width**2))


def _grid() -> tuple[Pixels, Pixels]:
    y_HW, x_HW = np.mgrid[0:SIZE_PX, 0:SIZE_PX].astype(np.float64)
    return y_HW, x_HW


def _changed_box(before_HW: Pixels, after_HW: Pixels) -> Box:
    rows, columns = np.nonzero(np.abs(after_HW - before_HW) > _VISIBLE)
    return Box(
        left=int(columns.min()),
        top=int(rows.min()),
        right=int(columns.max()) + 1,
        bottom=int(rows.max()) + 1,
    )


def _split(index: int, per_class: int) -> Split:
    share = index / per_class
    if share < 0.7:
        return "train"
    return "validation" if share < 0.85 else "test"


inspection = Sample(
    id="inspection",
    title="Visual inspection",
    description=(
        "1,200 grey photographs of brick, grass and gravel surfaces, 96 × 96 pixels: good ones, "
        "and ones with a scratch, a stain or a dent. The defects are drawn."
    ),
    licence="CC0: textures by Linolafett and others, as distributed with scikit-image",
    classes=CLASSES,
    image_size_px=SIZE_PX,
    channels=1,
    images=inspection_images,
)
