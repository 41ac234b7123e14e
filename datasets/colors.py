"""Colours of classes: told apart by people with any colour vision as far as eight can be."""

from __future__ import annotations

import colorsys

# Okabe and Ito (2008), without black, darkened where white text would not stand on it.
FIRST = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#8a7a00",
    "#7a5195",
)
GOLDEN_TURN = 0.618034


def color_of(order: int) -> str:
    """Return the colour of the class at a place; never the same twice in a row."""
    if order < len(FIRST):
        return FIRST[order]
    hue = (order * GOLDEN_TURN) % 1.0
    lightness = (0.38, 0.5, 0.62)[order % 3]
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, 0.55)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
