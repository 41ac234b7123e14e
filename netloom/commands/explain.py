"""`explain`: a heat map over an image, as a picture.

Legend: C channels, H height, W width.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from netloom.commands.bundles import LoadedNetwork, load_network, open_image
from netloom.commands.output import complain, say, say_json
from netloom.commands.problem import CommandError

if TYPE_CHECKING:
    from netloom.explain import Explanation

_OPACITY = 0.6
_HEAT_STOPS = (0.0, 0.25, 0.5, 0.75, 1.0)
_HEAT_COLOURS = ((0, 0, 4), (87, 16, 110), (188, 55, 84), (249, 142, 9), (252, 255, 164))
"""Five colours of the perceptually even map `inferno`."""


def explain_image(options: Namespace) -> int:
    """Write the map of one image and print how it was made."""
    bundle = load_network(options)
    image_HWC = open_image(options.image)
    explanation = _explain(bundle, image_HWC, options)
    meta = explanation.meta
    out: Path = options.out
    _write(out, bundle, image_HWC, explanation)
    if options.json:
        say_json(
            {
                "image": str(options.image),
                "out": str(out),
                "class": bundle.class_name(meta.target_class),
                "highest": float(explanation.heatmap_HW.max()),
                "lowest": float(explanation.heatmap_HW.min()),
                "meta": meta.model_dump(mode="json"),
            }
        )
    else:
        fit = f", R² of the fit {meta.r_squared:.2f}" if meta.r_squared is not None else ""
        say(
            f"{out}: {meta.method} for {bundle.class_name(meta.target_class)} "
            f"(logit {meta.logit:.3g}), {meta.rows_forwarded} images forwarded in "
            f"{meta.seconds:.1f} s{fit}"
        )
    return 0


def _explain(
    bundle: LoadedNetwork, image_HWC: NDArray[np.uint8], options: Namespace
) -> Explanation:
    from netloom.explain import ExplainError, explain

    target = None if options.target is None else bundle.class_index(options.target)

    def show(share: float, _map: object) -> None:
        if not options.json and not options.quiet:
            complain(f"{share:.0%}")

    try:
        return explain(
            bundle.network,
            bundle.to_input(image_HWC),
            options.method,
            target_class=target,
            layer=_layer_path(bundle, options.layer),
            seed=options.seed,
            progress=show,
        )
    except ExplainError as error:
        raise CommandError(str(error)) from error


def _layer_path(bundle: LoadedNetwork, text: str | None) -> str | None:
    """Return the node path of a layer that a person names as in the code, `stage1.0.conv2`."""
    if text is None:
        return None
    origins = bundle.network.netloom_origins
    path = origins.weights.get(text) or origins.nodes.get(text)
    if path is None:
        names = ", ".join(origins.weights)
        raise CommandError(f"The network has no layer {text!r}. Layers: {names}.")
    return path


def _write(
    out: Path, bundle: LoadedNetwork, image_HWC: NDArray[np.uint8], explanation: Explanation
) -> None:
    try:
        if out.suffix.lower() == ".npy":
            np.save(out, explanation.heatmap_HW)
            return
        picture = overlay(
            image_HWC,
            explanation.heatmap_HW,
            bundle.preprocessing.source_box(image_HWC.shape[0], image_HWC.shape[1]),
        )
        picture.save(out)
    except (OSError, ValueError) as error:
        raise CommandError(
            f"{out} cannot be written: {error}. Use a name that ends in .png, .jpg or .npy."
        ) from error


def overlay(
    image_HWC: NDArray[np.uint8],
    heatmap_HW: NDArray[np.float32],
    box: tuple[float, float, float, float],
) -> Image.Image:
    """Draw what speaks for the class over the image; what speaks against it stays plain.

    Args:
        box: Which part of the image the heat map covers: left, top, right, bottom in pixels.
    """
    grey_or_rgb = image_HWC[:, :, 0] if image_HWC.shape[2] == 1 else image_HWC
    picture = np.asarray(Image.fromarray(grey_or_rgb).convert("RGB"), dtype=np.float32)
    height, width = picture.shape[:2]
    positive_HW = heatmap_HW.clip(min=0)
    highest = float(positive_HW.max())
    heat = Image.fromarray(positive_HW / highest if highest > 0 else positive_HW)
    left, top, right, bottom = box
    # Each pixel of the picture looks up where it lies in the heat map; outside there is none.
    scale_x, scale_y = heat.width / (right - left), heat.height / (bottom - top)
    placed = heat.transform(
        (width, height),
        Image.Transform.AFFINE,
        (scale_x, 0, -left * scale_x, 0, scale_y, -top * scale_y),
        Image.Resampling.BILINEAR,
    )
    heat_HW = np.asarray(placed, dtype=np.float32).clip(0, 1)
    colours = np.stack(
        [
            np.interp(heat_HW, _HEAT_STOPS, [c[channel] for c in _HEAT_COLOURS])
            for channel in range(3)
        ],
        axis=2,
    )
    opacity_HW1 = (_OPACITY * np.sqrt(heat_HW))[:, :, None]
    mixed = picture * (1 - opacity_HW1) + colours * opacity_HW1
    return Image.fromarray(mixed.round().astype(np.uint8))
